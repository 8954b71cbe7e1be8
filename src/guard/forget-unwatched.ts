import type { Trigger } from '../trigger/trigger.js';
import type { AlertBook } from './alert-book.js';
import type { GuardStore } from './guard-store.js';

export interface ForgettingPorts {
  readonly store: Pick<GuardStore, 'saveAlerts'>;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
}

/** How an alert stood when its trigger was taken away says nothing about now: it must neither prove nor disprove a recovery. */
export async function forgetUnwatched(alerts: AlertBook, triggers: readonly Trigger[], { store, report }: ForgettingPorts): Promise<void> {
  const forgotten = alerts.keepOnly(new Set(triggers.map(({ name }) => name)));
  if (forgotten.length === 0) return;
  try {
    await store.saveAlerts(forgotten.map((alert) => ({ ...alert, state: 'inactive' })));
  } catch (error) {
    // The next start forgets them; the new declarations must be watched all the same.
    report(error, {});
  }
}
