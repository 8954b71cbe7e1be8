import { relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { plainText, ScenarioFolder } from '../support/scenario-file.js';

let folder: ScenarioFolder;
beforeAll(async () => {
  folder = await ScenarioFolder.create();
});
afterAll(() => folder.remove());

/**
 * 60s pending, 180s firing and flag-off, 360s not recovered, release-back, 435s recovered.
 */
const story = {
  values: { ErrorRateHigh: { '{zone="a"}': '0.01x3 0.25' } },
  health: { checkout: 'up' },
  steps: { 'release-back/deploy': { sets: { 'ErrorRateHigh{zone="a"}': 0.01 } } },
  lasts: '10m',
};

/** Each expectation that holds, beside one that does not, and what the failure says happened instead. */
const pairs: readonly [holds: object, fails: object, happened: string][] = [
  [{ at: '1m', alert: 'ErrorRateHigh', state: 'pending' }, { at: '45s', alert: 'ErrorRateHigh', state: 'pending' }, 'at 45s: alert ErrorRateHigh{zone="a"} inactive, value 1%'],
  [{ at: '3m', alert: 'ErrorRateHigh', state: 'firing' }, { at: '2m45s', alert: 'ErrorRateHigh', state: 'firing' }, 'at 2m45s: alert ErrorRateHigh{zone="a"} pending, value 25%'],
  [{ at: '45s', alert: 'ErrorRateHigh', state: 'inactive' }, { at: '1m', alert: 'ErrorRateHigh', state: 'inactive' }, 'at 1m: alert ErrorRateHigh{zone="a"} pending, value 25%'],
  [{ at: '1m', alert: 'ErrorRateHigh', value: '25%' }, { at: '1m', alert: 'ErrorRateHigh', value: '26%' }, 'at 1m: alert ErrorRateHigh{zone="a"} pending, value 25%'],
  [{ at: '1m', alert: 'ErrorRateHigh', value: '> 20%' }, { at: '1m', alert: 'ErrorRateHigh', value: '> 25%' }, 'at 1m: alert ErrorRateHigh{zone="a"} pending, value 25%'],
  [{ at: '1m', alert: 'ErrorRateHigh', labels: { zone: 'a' }, state: 'pending' }, { at: '1m', alert: 'ErrorRateHigh', labels: { zone: 'b' }, state: 'pending' }, 'at 1m: alert ErrorRateHigh is not known (inactive)'],
  [{ at: '1m', not: { alert: 'ErrorRateHigh', state: 'firing' } }, { at: '1m', not: { alert: 'ErrorRateHigh', state: 'pending' } }, 'at 1m: alert ErrorRateHigh{zone="a"} pending, value 25%'],
  [{ by: '3m', alert: 'ErrorRateHigh', state: 'firing' }, { by: '2m59s', alert: 'ErrorRateHigh', state: 'firing' }, 'since 1m: alert ErrorRateHigh{zone="a"} pending, value 25%'],
  [{ by: '2m59s', not: { alert: 'ErrorRateHigh', state: 'firing' } }, { not: { alert: 'ErrorRateHigh', state: 'firing' } }, 'since 3m: alert ErrorRateHigh{zone="a"} firing, value 25%'],

  [{ at: '3m', decision: { kind: 'execute', reason: 'sustained-breach', level: 1, plan: 'flag-off', mode: 'enforce' } }, { at: '3m', decision: { kind: 'execute', level: 3 } }, 'at 6m: decision kind=execute reason=not-recovered level=3 plan=release-back mode=enforce'],
  [{ by: '6m', decision: { level: 3 } }, { by: '5m59s', decision: { level: 3 } }, 'at 6m: decision kind=execute reason=not-recovered level=3 plan=release-back mode=enforce'],
  [{ decision: { kind: 'execute' }, times: 2 }, { decision: { kind: 'execute' }, times: 3 }, '2 times:'],
  [{ not: { decision: { kind: 'suppress' } } }, { not: { decision: { level: 3 } } }, 'at 6m: decision kind=execute reason=not-recovered level=3 plan=release-back mode=enforce'],
  [{ by: '5m', not: { decision: { level: 3 } } }, { by: '6m', not: { decision: { level: 3 } } }, 'at 6m: decision kind=execute reason=not-recovered level=3 plan=release-back mode=enforce'],
  [{ at: '4m', not: { decision: {} } }, { at: '3m', not: { decision: {} } }, 'at 3m: decision kind=execute reason=sustained-breach level=1 plan=flag-off mode=enforce'],
  [{ decision: {}, target: 'checkout' }, { decision: {}, target: 'cart' }, 'no decision at all'],

  [{ at: '6m', rollback: { level: 3, plan: 'release-back', outcome: 'success', mode: 'enforce' } }, { at: '6m', rollback: { level: 3, outcome: 'failed' } }, 'at 6m: rollback level=3 plan=release-back outcome=success mode=enforce'],
  [{ not: { rollback: { level: 2 } } }, { not: { rollback: {} } }, 'at 3m: rollback level=1 plan=flag-off outcome=success mode=enforce'],
  [{ at: '6m', verification: 'not-recovered' }, { at: '6m', verification: 'recovered' }, 'at 7m15s: verification outcome=recovered'],

  [{ at: '2m59s', incident: 'none' }, { at: '3m', incident: 'none' }, 'since 3m: incident verifying'],
  [{ at: '5m', incident: 'verifying' }, { at: '5m', incident: 'open' }, 'since 3m: incident verifying'],
  [{ by: '7m15s', incident: 'recovered' }, { by: '7m', incident: 'recovered' }, 'since 7m15s: incident recovered'],
  [{ not: { incident: 'needs-human' } }, { not: { incident: 'recovered' } }, 'since 7m15s: incident recovered'],
  [{ at: '5m', incident: 'verifying', target: 'checkout' }, { at: '5m', incident: 'verifying', target: 'cart' }, 'no incident'],

  [{ not: { needsHuman: 'ladder-exhausted' } }, { needsHuman: 'ladder-exhausted' }, 'no needsHuman at all'],
  [{ at: '3m', message: 'rollback-started' }, { at: '4m', message: 'rollback-started' }, 'at 3m: message kind=rollback-started'],
  [{ not: { message: 'blind' } }, { not: { message: 'recovered' } }, 'at 7m15s: message kind=recovered'],
];

describe('an expectation', () => {
  test.each(pairs)('%j holds', async (holds) => {
    const result = await folder.run({ ...story, expect: [holds] });
    expect(result.failures).toEqual([]);
    expect(result.ok).toBe(true);
  });

  test.each(pairs)('beside %j, %j fails', async (_holds, fails, happened) => {
    const result = await folder.run({ ...story, expect: [fails] });
    expect(result.ok).toBe(false);
    expect(result.failures).toHaveLength(1);
    expect(result.failures[0]?.happened[0]).toBe(happened);
  });

  test('needs a person: the reason that was given, and no other', async () => {
    const unhelpful = { ...story, steps: {}, lasts: '15m' };
    expect((await folder.run({ ...unhelpful, expect: [{ needsHuman: 'ladder-exhausted' }, { by: '15m', incident: 'needs-human' }] })).failures).toEqual([]);
    const other = await folder.run({ ...unhelpful, expect: [{ needsHuman: 'no-plan' }] });
    expect(other.failures[0]?.happened).toEqual(['at 9m: needsHuman reason=ladder-exhausted']);
  });
});

test('a failure is told with its place, both sides, and the timeline around it', async () => {
  const result = await folder.run({ ...story, expect: [{ at: '3m', decision: { kind: 'execute', level: 3 } }] });
  const place = relative(process.cwd(), `${folder.path}/scenarios.yaml`);
  expect(plainText(result, process.cwd())).toBe(`✗ a scenario
    ${place}:4:9
    - expected  at 3m: decision kind=execute level=3
    + happened  at 6m: decision kind=execute reason=not-recovered level=3 plan=release-back mode=enforce
                at 3m: decision kind=execute reason=sustained-breach level=1 plan=flag-off mode=enforce
      … 5 earlier
    >       3m  step flag-off/off: attempt 1
    >       3m  step flag-off/off: done
    >       3m  rollback ended: success
    >       3m  verification started
            6m  verification ended: not-recovered. Not recovered within 3m: alert ErrorRateHigh: still firing.
            6m  decision execute: not-recovered, level 3, plan release-back
            6m  rollback on level 3: plan release-back (enforce, automatic)
            6m  step release-back/deploy: attempt 1
      … 8 later`);
});
