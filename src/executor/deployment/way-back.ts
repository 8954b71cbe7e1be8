import { BelayError, errorText } from '../../fault/belay-error.js';
import type { Effort } from '../state-executor.js';

/** Of the time that a step has to stop once it is over, what is left when its command has been ended. */
const WAY_BACK_MS = 2_500;

/**
 * Goes forward; when that fails or is aborted, goes back before the error is thrown on, and says so in it. `isHurried`:
 * the step's time is over, so what was there before is only told to run, and not waited for. `before` names it for
 * people; without it there was nothing.
 */
export async function withWayBack(before: string | undefined, effort: Effort, forward: () => Promise<void>, back: (effort: Effort, isHurried: boolean) => Promise<void>): Promise<void> {
  const { signal } = effort;
  try {
    await forward();
  } catch (error) {
    try {
      await back({ ...effort, signal: signal.aborted ? AbortSignal.timeout(WAY_BACK_MS) : signal }, signal.aborted);
    } catch (problem) {
      throw new BelayError('state-not-as-wanted', `${errorText(error)}; ${before ?? 'nothing'} was put back in its place, but could not be brought up again: ${errorText(problem)}`, { cause: error });
    }
    signal.throwIfAborted();
    const code = error instanceof BelayError ? error.code : 'state-not-as-wanted';
    throw new BelayError(code, `${errorText(error)}; ${before === undefined ? 'there was nothing before it' : `${before} was switched back`}`, { cause: error });
  }
}
