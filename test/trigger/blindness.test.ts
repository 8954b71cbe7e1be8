import { describe, expect, it } from 'vitest';
import { advanceSight, blindAfterMs, clearSight, type Sight, type SightFact } from '../../src/trigger/blindness.js';

const MINUTE_MS = 60_000;

/** `[second, sees]` of each answer; gives the facts with the second at which each was told. */
function watch(answers: readonly (readonly [second: number, sees: boolean])[], thresholdMs = MINUTE_MS): (SightFact & { toldAtS: number })[] {
  let sight: Sight = clearSight;
  return answers.flatMap(([second, sees]) => {
    const step = advanceSight(sight, { at: second * 1_000, sees, message: 'connect ECONNREFUSED' }, thresholdMs);
    sight = step.sight;
    return step.fact === undefined ? [] : [{ ...step.fact, toldAtS: second }];
  });
}

describe('advanceSight', () => {
  it('tells once that a source is blind, and once how long it was', () => {
    expect(watch([[0, true], [15, false], [60, false], [74, false], [75, false], [90, false], [300, false], [315, true], [330, true]])).toEqual([
      { kind: 'blind', since: 15_000, message: 'connect ECONNREFUSED', toldAtS: 75 },
      { kind: 'seeing', blindForMs: 300_000, toldAtS: 315 },
    ]);
  });

  it('does not speak of shorter blindness, nor add several up', () => {
    expect(watch([[0, false], [45, false], [50, true], [60, false], [110, false], [115, true]])).toEqual([]);
  });

  it('counts from the first answer of the new time when the clock was set back', () => {
    expect(watch([[7_200, false], [0, false], [15, false], [60, false]])).toMatchObject([{ kind: 'blind', since: 0, toldAtS: 60 }]);
  });
});

it('waits for four intervals and at least a minute', () => {
  expect(blindAfterMs(5_000)).toBe(60_000);
  expect(blindAfterMs(60_000)).toBe(240_000);
});
