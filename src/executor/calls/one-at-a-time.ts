import PQueue from 'p-queue';

const queues = new Map<string, PQueue>();

/**
 * Runs work on one thing (a file, a repository) after all earlier work on it: rollbacks of several targets run at the
 * same time and may share it. Work whose signal has aborted while it waited is not begun.
 */
export async function oneAtATime<T>(thing: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const queue = queues.get(thing) ?? new PQueue({ concurrency: 1 });
  queues.set(thing, queue);
  try {
    // The queue is not given the signal: it would abandon work that has begun instead of waiting for its end.
    return await queue.add(async () => {
      signal.throwIfAborted();
      return await work();
    });
  } finally {
    if (queue.size === 0 && queue.pending === 0) queues.delete(thing);
  }
}
