import type { TargetView } from '../../http/guard-api.js';
import { incidentWords } from '../incident/incident-words.js';
import type { StateWord, Tone } from '../view/tone.js';
import type { Sight } from './sight.js';

const order: readonly Tone[] = ['bad', 'ask', 'act', 'blind', 'warn', 'paused', 'idle', 'ok'];

/** Trouble first. */
export function byTrouble(a: StateWord, b: StateWord): number {
  return order.indexOf(a.tone) - order.indexOf(b.tone);
}

/** A target at a glance. An incident says more than the alerts that it is made of; blindness is never "well". */
export function targetState({ openIncident, alerts, paused }: Pick<TargetView, 'openIncident' | 'alerts' | 'paused'>, { total, blind, unknown }: Sight): StateWord {
  if (openIncident !== undefined) return incidentWords[openIncident.status];
  if (alerts.firing > 0) return { tone: 'bad', word: 'firing' };
  if (blind > 0) return { tone: 'blind', word: blind === total ? 'blind' : 'partly blind' };
  if (alerts.pending > 0) return { tone: 'warn', word: 'pending' };
  if (total === 0) return { tone: 'idle', word: 'not watched' };
  if (unknown > 0) return { tone: 'idle', word: 'not seen yet' };
  return paused ? { tone: 'paused', word: 'well, paused' } : { tone: 'ok', word: 'well' };
}
