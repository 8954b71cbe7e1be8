import { setMaxListeners } from 'node:events';

/** The reason of an abort by `withDeadline`, as opposed to one by the caller. */
export class DeadlineError extends Error {
  constructor(readonly timeoutMs: number) {
    super(`not done within ${String(timeoutMs / 1000)}s`);
    this.name = 'DeadlineError';
  }
}

/**
 * Runs work under a deadline: its signal aborts when the time is over or the caller aborts, and the work has to listen
 * to it. Rejects with a DeadlineError or with the caller's reason, once the work has stopped.
 */
export async function withDeadline<T>(timeoutMs: number, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  // Not AbortSignal.any: the caller's signal may live as long as the daemon and must keep nothing of this.
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(signal.reason);
  // As many questions at once as there are triggers listen to one signal, each until it is answered: that is no leak.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => controller.abort(new DeadlineError(timeoutMs)), timeoutMs);
  try {
    return await work(controller.signal);
  } catch (error) {
    controller.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** Waits for something that goes on for others too: rejects with the signal's reason without ending it. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}
