import type { TriggerView } from '../http/guard-api.js';

/** The state of an alert in words that also say whether it can be seen. */
export function alertStateText({ health, state, value }: Pick<TriggerView['alerts'][number], 'health' | 'state' | 'value'>): string {
  if (health !== 'err') return state;
  // A rate needs two readings: what was never seen is no news.
  return state === 'inactive' && value === undefined ? 'no data yet' : `blind, was ${state}`;
}
