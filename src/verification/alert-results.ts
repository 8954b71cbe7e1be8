import { formatDuration } from '../time/duration.js';
import type { CheckResult } from '../source/check.js';
import type { Alert } from '../trigger/alert.js';

/** The alerts of an incident as results of a verification round. `alert` is absent when nothing is known of it any more. */
export interface WatchedAlert {
  readonly fingerprint: string;
  readonly trigger: string;
  readonly alert?: Alert | undefined;
}

/**
 * An alert is OK only by a known sample taken after `sinceAt` (the end of the rollback), so that neither an old answer
 * nor silence ever looks like recovery.
 */
export function alertResults(watched: readonly WatchedAlert[], sinceAt: number, now: number): readonly CheckResult[] {
  return watched.map(({ trigger, alert }) => {
    const name = `alert ${trigger}`;
    if (alert === undefined) return { name, status: 'unknown', at: now, detail: 'its series is gone and nothing is known of it' };
    // Nobody knows whether it will stay clear; that it is bad now is not known either.
    if (alert.state === 'firing' && alert.health === 'ok' && alert.window.clearMs !== undefined) return { name, status: 'unknown', at: now, detail: `clear for ${formatDuration(alert.window.clearMs)}, and kept firing by keepFiringFor` };
    if (alert.state !== 'inactive') {
      return alert.health === 'err'
        ? { name, status: 'unknown', at: now, detail: 'it was breaching when the source stopped answering' }
        : { name, status: 'failed', at: now, detail: `still ${alert.state}` };
    }
    const sample = alert.lastSample;
    if (sample?.kind !== 'value' || alert.health !== 'ok') return { name, status: 'unknown', at: now, detail: 'no known sample' };
    if (sample.at < sinceAt) return { name, status: 'unknown', at: now, detail: 'no sample since the rollback yet' };
    return { name, status: 'ok', at: sample.at, detail: 'clear' };
  });
}
