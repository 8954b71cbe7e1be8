import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testScenario } from '../../src/scenario/scenario-result.js';
import { ScenarioFolder, storyOf } from '../support/scenario-file.js';

let folder: ScenarioFolder;
beforeAll(async () => {
  folder = await ScenarioFolder.create();
});
afterAll(() => folder.remove());

const breach = { values: { ErrorRateHigh: '0.01x3 0.25' }, health: { checkout: 'up' } };
/** Only what was decided and done, without the single steps. */
const decided = (story: readonly string[]): readonly string[] => story.filter((line) => /(decision|rollback|verification ended|recovered|needs a person)/.test(line)).map((line) => line.replace(/\. .*/, ''));

describe('a scenario', () => {
  test('runs the whole way: window, ladder, verification, recovery', async () => {
    const result = await folder.run({ ...breach, steps: { 'release-back/deploy': { takes: '10s', sets: { ErrorRateHigh: 0.01 } } }, lasts: '10m' });
    expect(decided(storyOf(result))).toEqual([
      '180s decision execute: sustained-breach, level 1, plan flag-off',
      '180s rollback on level 1: plan flag-off (enforce, automatic)',
      '180s rollback ended: success',
      '360s verification ended: not-recovered',
      '360s decision execute: not-recovered, level 3, plan release-back',
      '360s rollback on level 3: plan release-back (enforce, automatic)',
      '370s rollback ended: success',
      '445s verification ended: recovered',
      '445s incident of checkout recovered (rolled-back)',
    ]);
    expect(result.ok).toBe(true);
  });

  test('in dry-run mode takes the same first decision and ends with what it would have done', async () => {
    const result = await folder.run({ ...breach, mode: 'dry-run', lasts: '10m' });
    expect(decided(storyOf(result)).slice(0, 3)).toEqual([
      '180s decision execute: sustained-breach, level 1, plan flag-off (dry-run)',
      '180s rollback on level 1: plan flag-off (dry-run, automatic)',
      '180s rollback ended: would-have',
    ]);
    expect(storyOf(result).filter((line) => line.includes('attempt'))).toEqual([]);
  });

  test('is the same every time', async () => {
    const scenario = { ...breach, restart: ['at 2m', 'at 4m for 1m'], errors: { prometheus: 'timeout from 5m to 6m' }, lasts: '20m' };
    const [first, second] = [await folder.run(scenario), await folder.run(scenario)];
    expect(storyOf(second)).toEqual(storyOf(first));
    expect(first.faults).toEqual([]);
  });

  test('leaves triggers alone to which it gives no data', async () => {
    const result = await folder.run({ ...breach, lasts: '2m' });
    expect(storyOf(result)).toEqual(['60s alert ErrorRateHigh pending, value 25% (was inactive)']);
  });

  test('one series each makes an alert each', async () => {
    const result = await folder.run({ values: { QueueDeep: { '{pod="a"}': '2000', '{pod="b"}': '10x11 3000' } }, health: { checkout: 'up' }, lasts: '5m' });
    expect(storyOf(result).filter((line) => line.includes('firing'))).toEqual([
      '120s alert QueueDeep{pod="a"} firing, value 2000 (was pending)',
      '300s alert QueueDeep{pod="b"} firing, value 3000 (was pending)',
    ]);
  });
});

describe('what a step does', () => {
  test('it fails as often as is written, and is tried again as its plan says', async () => {
    const result = await folder.run({ ...breach, health: { checkout: 'down' }, steps: { deploy: { fails: 2 } }, lasts: '4m' });
    expect(storyOf(result).filter((line) => line.includes('release-back/deploy'))).toEqual([
      '45s step release-back/deploy: attempt 1',
      '45s step release-back/deploy: attempt 1 failed: Error: the scenario lets this step fail',
      '46s step release-back/deploy: attempt 2',
      '46s step release-back/deploy: attempt 2 failed: Error: the scenario lets this step fail',
      '48s step release-back/deploy: attempt 3',
      '48s step release-back/deploy: done',
    ]);
  });

  test('it hangs until its timeout', async () => {
    const result = await folder.run({ ...breach, steps: { off: 'hangs' }, lasts: '4m' });
    const story = storyOf(result);
    expect(story).toContain('180s step flag-off/off: attempt 1');
    expect(story.find((line) => line.startsWith('210s step flag-off/off: attempt 1 failed'))).toContain('timed out after 30 seconds');
    expect(story).toContain('210s rollback ended: failed');
  });

  test('what it sets may be the health of a target', async () => {
    const result = await folder.run({ health: { checkout: 'up x4 down' }, steps: { deploy: { sets: { checkout: 'up' } } }, lasts: '6m' });
    expect(decided(storyOf(result)).at(-1)).toBe('180s incident of checkout recovered (rolled-back)');
  });

  test('a series of metrics goes on after a step as it says', async () => {
    const result = await folder.run({
      series: { 'http_requests_total{status="200"}': '0+90x60', 'http_requests_total{status="500"}': '0x4 10+30x60' },
      health: { checkout: 'up' },
      steps: { off: { sets: { 'http_requests_total{status="500"}': 0 } } },
      lasts: '10m',
    });
    const lines = decided(storyOf(result));
    expect(lines[0]).toBe('225s decision execute: sustained-breach, level 1, plan flag-off');
    expect(lines.at(-1)).toMatch(/recovered \(rolled-back\)/);
  });
});

describe('a restart', () => {
  test('in the middle of a window changes nothing', async () => {
    const steady = storyOf(await folder.run({ ...breach, lasts: '4m' }));
    const restarted = storyOf(await folder.run({ ...breach, restart: 'at 2m', lasts: '4m' }));
    expect(restarted.filter((line) => !line.includes('Belay'))).toEqual(steady);
    expect(restarted).toContain('120s Belay is killed');
  });

  test('whose gap the history fills changes nothing either; without history the window waits', async () => {
    const onPrometheus = await folder.run({ ...breach, restart: 'at 90s for 1m', lasts: '6m' });
    expect(decided(storyOf(onPrometheus))[0]).toBe('180s decision execute: sustained-breach, level 1, plan flag-off');
    const onScrape = await folder.run({ values: { RequestsFail: '0.01x3 0.25' }, health: { checkout: 'up' }, restart: 'at 90s for 1m', lasts: '6m' });
    expect(decided(storyOf(onScrape))[0]).toBe('255s decision execute: sustained-breach, level 1, plan flag-off');
  });

  test('in the middle of a step looks at what is there: run again when it is not done', async () => {
    const result = await folder.run({ ...breach, steps: { off: { takes: '20s' } }, restart: 'at 190s', lasts: '5m' });
    expect(storyOf(result).filter((line) => /step|Belay|goes on/.test(line))).toEqual([
      '180s step flag-off/off: attempt 1',
      '190s Belay is killed',
      '190s Belay starts again',
      '190s rollback goes on',
      '190s step flag-off/off: attempt 1 failed: Error: Belay stopped in the middle of this attempt',
      '190s step flag-off/off: attempt 2',
      '210s step flag-off/off: done',
    ]);
  });
});

describe('blindness', () => {
  test('never rolls back, is told of, and ends', async () => {
    const result = await folder.run({ values: { ErrorRateHigh: '0.01x3 0.25 _' }, health: { checkout: 'up' }, lasts: '20m' });
    expect(decided(storyOf(result))).toEqual([]);
    expect(storyOf(result).find((line) => line.includes('blind'))).toContain('prometheus');
  });

  test('a source that times out keeps its asker waiting in virtual time', async () => {
    const result = await folder.run({ ...breach, errors: { prometheus: 'timeout from 2m' }, lasts: '6m' });
    expect(decided(storyOf(result))).toEqual([]);
  });

  test('health that nobody speaks of is unknown, never well', async () => {
    const result = await folder.run({ values: { ErrorRateHigh: '0.25' }, steps: { off: { sets: { ErrorRateHigh: 0 } } }, lasts: '10m' });
    expect(decided(storyOf(result)).slice(-2)).toEqual(['300s verification ended: error', '300s needs a person: verification-error']);
  });
});

describe('people', () => {
  test('pause, resume and reset', async () => {
    const result = await folder.run({ ...breach, actions: [{ at: '3m', pause: 'checkout' }, { at: '5m', resume: 'checkout' }], lasts: '6m' });
    expect(storyOf(result).filter((line) => /person|decision/.test(line))).toEqual([
      '180s a person pauses checkout',
      '180s decision suppress: paused, level 1, plan flag-off',
      '300s a person resumes checkout',
      '300s decision execute: sustained-breach, level 1, plan flag-off',
    ]);
  });

  test('start a plan by hand, mark a change, close an incident', async () => {
    const result = await folder.run({
      health: { checkout: 'up' },
      actions: [{ at: '1m', mark: 'deploy', target: 'checkout', version: 'v2' }, { at: '2m', rollback: 'release-back' }],
      lasts: '6m',
    });
    expect(decided(storyOf(result))).toEqual([
      '120s rollback on level 3: plan release-back (enforce, manual)',
      '120s rollback ended: success',
      '180s verification ended: recovered',
      '180s incident of checkout recovered (rolled-back)',
    ]);
  });

  test('mark what belongs to a state, which plans go back to; the checks of steps go as the scenario says, at addresses of its own', async () => {
    const back = { id: 'flag-off', name: 'off', target: 'checkout', level: 1, steps: [
      { id: 'data', name: 'data', type: 'command', parameters: { command: ['restore', '${rollbackPoint.snapshotId}', '${rollbackPoint.flags.shiny}'] }, timeout: 30 },
      { id: 'ping', name: 'ping', type: 'check', parameters: { type: 'http', name: 'a ping', url: '${env:SHOP_URL}/ping' }, timeout: 30 },
    ] };
    const made = await ScenarioFolder.create({ 'plans/flag-off.yaml': back });
    const mark = { at: '0s', mark: 'good', target: 'checkout', version: 'v1' };
    const ended = async (state: object, check: string): Promise<readonly string[]> => {
      const read = await made.read({ env: { SHOP_URL: 'http://shop.test' }, scenarios: [{ name: 'one', ...breach, lasts: '5m', checks: { 'a ping': check }, actions: [{ ...mark, ...state }], expect: [{ not: { rollback: { level: 5 } } }] }] });
      const [scenario] = read.ok ? read.scenarios : [];
      if (!read.ok || scenario === undefined) throw new Error(JSON.stringify(read.problems));
      return storyOf(await testScenario(scenario, read.config)).filter((line) => /rollback ended|no-rollback-point/.test(line)).map((line) => line.replace(/^\S+ /, ''));
    };
    expect(await ended({ snapshotId: 'nightly', flags: { shiny: false } }, 'ok')).toContain('rollback ended: success');
    expect(await ended({ snapshotId: 'nightly', flags: { shiny: false } }, 'failed')).toContain('rollback ended: failed');
    expect((await ended({}, 'ok')).join()).toMatch(/no-rollback-point/);
    await made.remove();
  });

  test('what is refused to them fails the scenario', async () => {
    const result = await folder.run({ ...breach, actions: [{ at: '1m', close: 'checkout' }], lasts: '2m' });
    expect(result.ok).toBe(false);
    expect(result.faults).toEqual(['refused: a person closes the incident of checkout: checkout has no open incident']);
    const down = await folder.run({ ...breach, restart: 'at 30s for 1m', actions: [{ at: '1m', pause: 'all' }], lasts: '2m' });
    expect(down.faults).toEqual(['refused: a person pauses all targets: Belay is down']);
  });
});

test('a day of one trigger at 15 s takes far less than a day', async () => {
  const startedMs = process.cpuUsage().user;
  const result = await folder.run({ values: { ErrorRateHigh: '0.01x2879 0.25x40 0.01x2840' }, health: { checkout: 'up' }, lasts: '24h' });
  expect(result.faults).toEqual([]);
  expect(decided(storyOf(result))[0]).toBe('43320s decision execute: sustained-breach, level 1, plan flag-off');
  // Measured at 0.3 s; the limit is for a machine that is busy with other tests.
  expect((process.cpuUsage().user - startedMs) / 1e6).toBeLessThan(5);
});
