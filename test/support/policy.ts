import type { Policy } from '../../src/decision/policy.js';

const minuteMs = 60_000;

/** The policy as it is when belay.yaml says nothing, unless told otherwise. */
export function aPolicy(changes: Partial<Policy> = {}): Policy {
  return {
    cooldownMs: 30 * minuteMs,
    maxRollbacks: { count: 2, perMs: 60 * minuteMs },
    fleet: { maxTargets: 2, perMs: 10 * minuteMs, maxConcurrent: 1 },
    maxAutoLevel: 3,
    matrix: [],
    flap: { count: 5, perMs: 60 * minuteMs },
    freeze: [],
    ...changes,
  };
}
