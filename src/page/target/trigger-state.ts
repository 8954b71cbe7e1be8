import type { AlertView, TriggerView } from '../../http/guard-api.js';
import type { StateWord } from '../view/tone.js';

const ranks: Readonly<Record<AlertView['state'], number>> = { firing: 2, pending: 1, inactive: 0 };

/** The alert of a trigger that says most: firing before pending, and then the one whose window is fullest. */
export function worstAlert({ alerts }: Pick<TriggerView, 'alerts'>): AlertView | undefined {
  return alerts.reduce<AlertView | undefined>((worst, alert) => (worst === undefined || weight(alert) > weight(worst) ? alert : worst), undefined);
}

function weight({ state, windowProgress }: AlertView): number {
  return 2 * ranks[state] + windowProgress.ratio;
}

/** A trigger at a glance. One that does not see is blind, whatever its last value was. */
export function triggerState(trigger: Pick<TriggerView, 'alerts' | 'health'>): StateWord {
  const { health } = trigger;
  const state = worstAlert(trigger)?.state ?? 'inactive';
  if (state === 'firing') return { tone: 'bad', word: health === 'err' ? 'firing, now blind' : 'firing' };
  if (health === 'err') return { tone: 'blind', word: state === 'pending' ? 'blind, window frozen' : 'blind' };
  if (state === 'pending') return { tone: 'warn', word: 'pending' };
  return health === 'unknown' ? { tone: 'idle', word: 'not seen yet' } : { tone: 'ok', word: 'clear' };
}

const severities = ['critical', 'high', 'medium', 'low'] as const satisfies readonly TriggerView['severity'][];
const tones = ['bad', 'blind', 'warn', 'idle', 'ok'];

/** For sorting: trouble first, and then what is graver. */
export function triggerRank(trigger: Pick<TriggerView, 'alerts' | 'health' | 'severity'>): number {
  return tones.indexOf(triggerState(trigger).tone) * severities.length + severities.indexOf(trigger.severity);
}
