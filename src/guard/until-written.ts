import { BelayError } from '../fault/belay-error.js';
import type { Clock } from '../time/clock.js';
import type { GuardStore } from './guard-store.js';

const RETRY_EVERY_MS = 1_000;

export interface Patience {
  readonly clock: Clock;
  /** Hears of the first failure; that it lasts is no news. */
  readonly report: (error: unknown) => void;
  /** Once aborted, a write that fails is not tried again. */
  readonly giveUp: AbortSignal;
}

/**
 * Writes again and again while the store is unavailable: a full disk or a foreign lock passes, and a rollback that has
 * begun must not be left half done for it. Rejects with what `write` rejects with for any other reason, and once `giveUp`
 * has aborted.
 */
export async function untilWritten<T>(write: () => Promise<T>, { clock, report, giveUp }: Patience): Promise<T> {
  for (let isNews = true; ; isNews = false) {
    try {
      return await write();
    } catch (error) {
      const passes = error instanceof BelayError && error.code === 'store-unavailable';
      if (!passes || giveUp.aborted) throw error;
      if (isNews) report(error);
      await clock.sleepUntil(clock.now() + RETRY_EVERY_MS, giveUp).catch(() => {
        throw error;
      });
    }
  }
}

/** What of the store a rollback in hand goes by. */
export type ExecutionStore = Pick<GuardStore, 'append' | 'entriesOfExecution' | 'entriesOfTypes' | 'unfinishedExecutions'>;

/** The same store, whose `append` waits until it is available again. */
export function patientStore(store: ExecutionStore, patience: Patience): ExecutionStore {
  return {
    append: (events) => untilWritten(() => store.append(events), patience),
    entriesOfExecution: (executionId) => store.entriesOfExecution(executionId),
    entriesOfTypes: (types, sinceAt) => store.entriesOfTypes(types, sinceAt),
    unfinishedExecutions: () => store.unfinishedExecutions(),
  };
}
