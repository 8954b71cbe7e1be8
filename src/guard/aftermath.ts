import { wasRefused, type Rung } from '../incident/incident.js';
import type { NeedsHumanReason } from '../incident/incident-event.js';

/** What the end of a run means for its incident. */
export type Aftermath =
  | { readonly kind: 'recovered'; readonly explanation: string }
  | { readonly kind: 'needs-human'; readonly reason: NeedsHumanReason; readonly explanation: string }
  | { readonly kind: 'close'; readonly explanation: string }
  /** Nothing is settled: the next decision reads it (climb, or stay as it is after a dry run). */
  | { readonly kind: 'decide' };

export interface RunEnd {
  readonly alertsFire: boolean;
  readonly hasAlerts: boolean;
  readonly failure?: string | undefined;
  readonly stopped?: string | undefined;
}

/**
 * `rung` as its run left it; `alertsFire` and `hasAlerts` tell of the incident,
 * `failure` why the run could not be carried to its end, `stopped` who ended it and why. A run by hand climbs nothing, so when it
 * did not help and nothing fires, only a person can tell what is next.
 */
export function aftermathOf(rung: Rung, { alertsFire, hasAlerts, failure, stopped }: RunEnd): Aftermath {
  switch (rung.outcome) {
    case undefined:
      return { kind: 'needs-human', reason: 'step-parked', explanation: `${rung.undoes === undefined ? 'Plan' : 'The undo of plan'} ${rung.planId} could not be ${rung.begun ? 'carried on' : 'begun'}: ${failure ?? "the daemon's log says why"}.` };
    case 'parked':
      return { kind: 'needs-human', reason: 'step-parked', explanation: rung.error ?? 'A step waits for a person.' };
    case 'cancelled':
      // A rung whose first step never ran was called off because the breach had cleared: nothing was done.
      return rung.begun || stopped !== undefined ? { kind: 'needs-human', reason: 'cancelled', explanation: stoppedText('rollback', stopped) } : { kind: 'decide' };
    case 'would-have':
      return hasAlerts ? { kind: 'decide' } : { kind: 'close', explanation: 'A dry run by hand: nothing was changed, and there is nothing to verify.' };
    case 'success':
    case 'failed':
      // What a plan lacks, such as a backup, is no proof that its level does not help.
      if (wasRefused(rung)) return { kind: 'needs-human', reason: 'step-parked', explanation: `Plan ${rung.planId} could not be begun: ${rung.error ?? ''}.` };
      return stopped !== undefined && rung.verification?.result === undefined
        ? { kind: 'needs-human', reason: 'cancelled', explanation: stoppedText('verification', stopped) }
        : afterVerification(rung, alertsFire, hasAlerts);
    default:
      throw new TypeError(`unknown outcome ${String(rung.outcome satisfies never)}`);
  }
}

function afterVerification(rung: Rung, alertsFire: boolean, hasAlerts: boolean): Aftermath {
  const result = rung.verification?.result;
  if (result === undefined) {
    if (rung.verification !== undefined) return { kind: 'needs-human', reason: 'cancelled', explanation: stoppedText('verification', undefined) };
    const text = `Plan ${rung.planId} ${rung.outcome === 'success' ? 'ran to its end' : 'failed'}; there is nothing declared to verify it by.`;
    return hasAlerts || rung.outcome === 'failed' ? { kind: 'needs-human', reason: 'inconclusive', explanation: text } : { kind: 'close', explanation: text };
  }
  switch (result.outcome) {
    case 'recovered':
      return { kind: 'recovered', explanation: result.explanation };
    case 'inconclusive':
      return { kind: 'needs-human', reason: 'inconclusive', explanation: result.explanation };
    case 'error':
      return { kind: 'needs-human', reason: 'verification-error', explanation: result.explanation };
    case 'not-recovered':
      return rung.trigger === 'manual' && !alertsFire ? { kind: 'needs-human', reason: 'not-recovered', explanation: result.explanation } : { kind: 'decide' };
    case 'skipped':
      return { kind: 'decide' };
    default:
      throw new TypeError(`unknown verification outcome ${String(result.outcome satisfies never)}`);
  }
}

function stoppedText(what: string, why = 'cancelled by a person'): string {
  return why.startsWith('cancelled') ? `The ${what} was ${why}.` : `The ${what} was cancelled: ${why}.`;
}
