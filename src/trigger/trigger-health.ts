import type { Observation } from '../source/sample.js';
import { isKnown, isWithheld } from './advance-alert.js';
import type { AlertHealth } from './alert.js';

/** Whether a trigger sees, alerts or not. Instants in milliseconds since the epoch. */
export interface TriggerHealth {
  /** `ok` when the last answer held at least one known value. */
  readonly health: AlertHealth;
  /** The last answer; where it is an error, its message tells people why. */
  readonly lastObservation?: Observation | undefined;
  /** Since when no answer has held a known value; absent while the trigger sees. */
  readonly unknownSince?: number | undefined;
  /** What the source remarked, and what could not be looked up in hindsight; nothing that hinders. */
  readonly warnings: readonly string[];
}

export const healthBeforeFirstAnswer: TriggerHealth = { health: 'unknown', warnings: [] };

export function advanceTriggerHealth(previous: TriggerHealth, observation: Observation): TriggerHealth {
  const warnings = observation.kind === 'vector' ? observation.warnings : [];
  return sees(observation)
    ? { health: 'ok', lastObservation: observation, warnings }
    : { health: 'err', lastObservation: observation, unknownSince: previous.unknownSince ?? observation.at, warnings };
}

/** Whether an answer holds at least one known value. */
export function sees(observation: Observation): boolean {
  return observation.kind === 'vector' && observation.series.some(({ sample }) => isKnown(sample));
}

/** Whether the source has said something of use, even where Belay withholds the value. */
export function answers(observation: Observation): boolean {
  return observation.kind === 'vector' && observation.series.some(({ sample }) => isKnown(sample) || isWithheld(sample));
}
