import { afterEach, describe, expect, it } from 'vitest';
import { impactIn } from '../../src/guard/impact-answer.js';
import type { Observation, Sample } from '../../src/source/sample.js';
import { GuardRig, plan, trigger } from '../support/guard-rig.js';
import { aPolicy } from '../support/policy.js';
import { condition } from '../support/triggers.js';

const second = 1_000;
const matrix = [
  { number: 1, severities: ['critical'], impact: condition('> 50%'), timeToFix: condition('> 1h'), outcome: { kind: 'levels', levels: { from: 3, to: 3 } } },
  { number: 2, severities: ['critical'], impact: condition('< 10%'), outcome: { kind: 'fix-forward' } },
  { number: 3, issueType: 'performance', outcome: { kind: 'plan', planId: 'flag-off', level: 1, target: 'shop' } },
] as const;
const asking = { levels: undefined, timeToFixMs: 7_200_000, impact: { kind: 'asked', query: { kind: 'promql', expr: 'affected' } } } as const;

describe('a trigger that leaves it to the matrix', () => {
  let rig: GuardRig;

  const rigged = async (changes: Parameters<typeof trigger>[0]): Promise<GuardRig> => (rig = await GuardRig.start({ triggers: [trigger(changes)], policy: aPolicy({ matrix }) }));
  const decisions = async (): Promise<readonly string[]> => (await rig.story()).filter((line) => line.startsWith('decision'));

  afterEach(async () => {
    await rig.end();
    expect(rig.faults).toEqual([]);
    expect(rig.clock.sleeping).toBe(0);
  });

  it('has its source asked for the impact when it decides', async () => {
    const { source, executor, clock } = await rigged(asking);
    source.answers.set('affected', 0.8);
    source.answer = 0.5;
    await clock.advance(12 * second);
    expect(executor.done).toEqual(['release-back-step']);
    expect((await rig.incident()).decisions[0]).toMatchObject({
      reason: 'sustained-breach',
      rules: [{ trigger: 'ErrorRateHigh', by: 'matrix', row: 1, text: 'ErrorRateHigh (critical, impact 80%, time to fix 2h) meets row 1 of the matrix (critical, impact > 50%, time to fix > 1h): level 3' }],
    });
  });

  it('is told of, and not acted upon, while its impact cannot be seen; and acted upon once it is', async () => {
    const { source, executor, clock } = await rigged(asking);
    source.answers.set('affected', 'unreachable');
    source.answer = 0.5;
    await clock.advance(20 * second);
    expect(executor.done).toEqual([]);
    expect(await decisions()).toEqual(['decision notify-only no-matrix-row']);
    expect((await rig.incident()).decisions[0]?.explanation).toContain('impact unknown because connection refused');
    source.answers.set('affected', 'silent');
    await clock.advance(5 * second);
    source.answers.set('affected', 1);
    await clock.advance(2 * second);
    expect(executor.done).toEqual(['release-back-step']);
  });

  it('is fixed forward where few are concerned', async () => {
    const { source, executor, clock } = await rigged(asking);
    source.answers.set('affected', 0.02);
    source.answer = 0.5;
    await clock.advance(60 * second);
    expect(executor.done).toEqual([]);
    expect(await decisions()).toEqual(['decision notify-only fix-forward']);
    source.answer = 0;
    await clock.advance(10 * second);
    expect(await rig.incident()).toMatchObject({ status: 'recovered', resolution: { how: 'by-itself' } });
  });

  it('climbs the ladder that the matrix gave, whatever the impact is by then', async () => {
    rig = await GuardRig.start({
      plans: [plan('flag-off', 1), plan('other', 3), plan('release-back', 3)],
      triggers: [trigger(asking)],
      policy: aPolicy({ matrix: [{ number: 1, impact: condition('> 50%'), outcome: { kind: 'levels', levels: { from: 1, to: 3 } } }] }),
    });
    const { source, executor, clock } = rig;
    source.answers.set('affected', 0.8);
    source.answer = 0.5;
    await clock.advance(12 * second);
    source.answers.set('affected', 'unreachable');
    await clock.advance(25 * second);
    expect(executor.done).toEqual(['flag-off-step', 'other-step']);
  });

  it('does not meet the row that names the plan of another target', async () => {
    const foreign = [{ number: 1, outcome: { kind: 'plan', planId: 'elsewhere', level: 3, target: 'depot' } }, { number: 2, outcome: { kind: 'plan', planId: 'flag-off', level: 1, target: 'shop' } }] as const;
    rig = await GuardRig.start({ triggers: [trigger({ levels: undefined })], policy: aPolicy({ matrix: foreign }) });
    rig.source.answer = 0.5;
    await rig.clock.advance(12 * second);
    expect(rig.executor.done).toEqual(['flag-off-step']);
  });
});

describe('what an answer says of the impact', () => {
  const labels = { job: 'shop', zone: 'a' };
  const at = 1;
  const value = (share: number): Sample => ({ kind: 'value', at, value: share });
  const answer = (...series: readonly (readonly [Record<string, string>, Sample])[]): Observation => ({ kind: 'vector', at, warnings: [], series: series.map(([own, sample]) => ({ labels: own, sample })) });

  it.each<readonly [string, Observation, object]>([
    ['the whole', answer([{}, value(0.3)]), { kind: 'known', share: 0.3 }],
    ['the series of the alert before the whole', answer([{}, value(0.3)], [{ zone: 'a' }, value(0.7)], [{ zone: 'b' }, value(1)]), { kind: 'known', share: 0.7 }],
    ['a division that is not quite round', answer([{}, value(1 + 1e-9)]), { kind: 'known', share: 1 }],
    ['nothing', answer(), { kind: 'unknown', why: 'nothing matches its query' }],
    ['others only', answer([{ zone: 'b' }, value(1)]), { kind: 'unknown', why: 'its query says nothing about this alert' }],
    ['two for one', answer([{ zone: 'a' }, value(1)], [{ job: 'shop' }, value(0.1)]), { kind: 'unknown', why: 'its query gives several values for this alert' }],
    ['a percentage', answer([{}, value(45)]), { kind: 'unknown', why: 'its query gives 45, which is no share from 0 to 1' }],
    ['NaN', answer([{}, { kind: 'no-data', at, reason: 'nan' }]), { kind: 'unknown', why: 'there is no data (nan)' }],
    ['an error', { kind: 'error', at, reason: 'timeout', message: 'no answer within 10s' }, { kind: 'unknown', why: 'no answer within 10s' }],
  ])('%s', (_title, observation, impact) => {
    expect(impactIn(observation, { labels })).toEqual(impact);
  });
});
