import { afterEach, describe, expect, it } from 'vitest';
import { rollbackPointValues } from '../../src/decision/change.js';
import type { ChangeMarker } from '../../src/guard/change-marker.js';
import { changeFacts } from '../../src/guard/changes.js';
import type { RollbackPlan } from '../../src/rollback/rollback-plan.js';
import { GuardRig, plan } from '../support/guard-rig.js';
import { aPolicy } from '../support/policy.js';

const second = 1_000;

describe('what the markers of a target come to', () => {
  let at = 0;
  const mark = (kind: ChangeMarker['kind'], version: string, changes: Partial<ChangeMarker> = {}): ChangeMarker => ({ target: 'shop', kind, version, by: 'ci', at: (at += second), ...changes });

  it.each<readonly [string, readonly ChangeMarker[], object]>([
    ['nothing', [], { running: undefined, rollbackPoint: undefined, rolledBack: [] }],
    ['a deployment is not good by being there', [mark('deploy', 'v1')], { running: 'v1', rollbackPoint: undefined }],
    ['the newest good one is the point', [mark('good', 'v1'), mark('deploy', 'v2'), mark('good', 'v2'), mark('deploy', 'v3')], { running: 'v3', rollbackPoint: { version: 'v2' } }],
    ['what a rollback has replaced was rolled back', [mark('good', 'v1'), mark('deploy', 'v2'), mark('rollback', 'v1')], { running: 'v1', rolledBack: ['v2'] }],
    ['until it is seen to be good again', [mark('deploy', 'v2'), mark('rollback', 'v1'), mark('deploy', 'v2'), mark('good', 'v2')], { running: 'v2', rolledBack: [], rollbackPoint: { version: 'v2' } }],
    ['a deployment of it alone is not enough', [mark('good', 'v2'), mark('deploy', 'v2'), mark('rollback', 'v1'), mark('deploy', 'v2')], { running: 'v2', rolledBack: ['v2'] }],
    ['what a good one leaves out, its deployment has told', [mark('deploy', 'v1', { configVersion: 'c1', flags: { a: true } }), mark('good', 'v1', { migration: 'm1' })], { rollbackPoint: { version: 'v1', configVersion: 'c1', migration: 'm1', flags: { a: true } } }],
    ['the deployment of another version tells nothing', [mark('deploy', 'v1', { configVersion: 'c1' }), mark('good', 'v0')], { rollbackPoint: { version: 'v0', configVersion: undefined } }],
  ])('%s', (_title, markers, facts) => {
    expect(changeFacts(markers)).toMatchObject(facts);
  });

  it('gives plans what is known, and nothing else', () => {
    const { rollbackPoint } = changeFacts([mark('good', 'v1', { flags: { a: false }, at: 0 })]);
    expect(rollbackPointValues(rollbackPoint)).toEqual({ version: 'v1', at: '1970-01-01T00:00:00.000Z', flags: { a: false } });
  });
});

describe('a plan that goes back to the last good state', () => {
  let rig: GuardRig;
  const deployTo = (version: string): RollbackPlan => {
    const step = { id: 'deploy', name: 'deploy', description: '', type: 'deployment', parameters: { service: 'shop', version, environment: 'test' }, timeout: 5 };
    return plan('release-back', 3, { steps: [step] });
  };
  const back = deployTo('${rollbackPoint.version}');

  async function rigged(changes: Parameters<typeof GuardRig.start>[0] = {}): Promise<GuardRig> {
    rig = await GuardRig.start({ plans: [back], ...changes }, (rollbacks, _clock, executor) => rollbacks.registerExecutor('deployment', executor));
    return rig;
  }
  const mark = (kind: 'deploy' | 'good', version: string): Promise<unknown> => rig.guard.markChange({ target: 'shop', kind, version, by: 'ci' });
  const reasons = async (): Promise<readonly string[]> => (await rig.incident()).decisions.map(({ reason }) => reason);

  afterEach(async () => {
    await rig.end();
    expect(rig.faults).toEqual([]);
    expect(rig.clock.sleeping).toBe(0);
  });

  it('brings it back, which is what runs then; and what it has replaced was rolled back, over a restart as well', async () => {
    const { source, clock } = await rigged({ policy: aPolicy({ cooldownMs: 0, maxRollbacks: { count: 9, perMs: 60_000 } }) });
    await mark('good', 'v1');
    await clock.advance(second);
    await mark('deploy', 'v2');
    rig.executor.acts.set('deploy', () => void (source.answer = 0));
    source.answer = 0.5;
    await clock.advance(25 * second);
    expect(await rig.incident()).toMatchObject({ status: 'recovered', rungs: [{ outcome: 'success' }] });
    await rig.stop();
    await rig.open();
    source.answer = 0.5;
    await clock.advance(15 * second);
    expect(await reasons()).toEqual(['already-running']);
    expect(await rig.incident()).toMatchObject({ status: 'needs-human', needsHuman: { explanation: 'Plan release-back goes back to version v1, which is what runs already.' } });
    expect(rig.executor.done).toEqual(['deploy']);
    await rig.guard.closeIncident((await rig.incident()).id, 'ana', 'known');
    await mark('good', 'v2');
    await mark('deploy', 'v3');
    source.answer = 0;
    await clock.advance(5 * second);
    expect(rig.guard.changes.map(({ kind, version }) => `${kind} ${version}`)).toEqual(['good v1', 'deploy v2', 'rollback v1', 'good v2', 'deploy v3']);
  });

  it('is refused before step 1 where no state is known to be good, and a person who starts it is told at once', async () => {
    const { source, clock } = await rigged();
    source.answer = 0.5;
    await clock.advance(15 * second);
    expect(await reasons()).toEqual(['no-rollback-point']);
    expect((await rig.incident()).rungs).toEqual([]);
    const byHand = rig.guard.startByHand({ plan: 'release-back', by: 'ana', reason: 'r', dryRun: false });
    await expect(byHand).rejects.toMatchObject({ code: 'template-unresolved', message: expect.stringContaining('belay mark good --target shop') as string });
    expect((await rig.incident()).rungs).toEqual([]);
  });

  it('is refused where the provider says that it runs already, whatever the markers say', async () => {
    const { source, clock, executor } = await rigged({ plans: [deployTo('v1')] });
    await mark('deploy', 'v2');
    executor.stateOf = () => 'applied';
    source.answer = 0.5;
    await clock.advance(15 * second);
    expect(await reasons()).toEqual(['already-running']);
    expect(executor.done).toEqual([]);
  });

  it('is run where the provider cannot tell', async () => {
    const { source, clock, executor } = await rigged({ plans: [deployTo('v1')] });
    executor.stateOf = () => {
      throw new Error('no answer');
    };
    source.answer = 0.5;
    await clock.advance(15 * second);
    expect(executor.done).toEqual(['deploy']);
  });

  it('counts no dry run as a rollback', async () => {
    const { source, clock } = await rigged({ mode: 'dry-run' });
    await mark('good', 'v1');
    await mark('deploy', 'v2');
    source.answer = 0.5;
    await clock.advance(15 * second);
    expect(await rig.incident()).toMatchObject({ rungs: [{ outcome: 'would-have' }] });
    expect(rig.guard.changes.map(({ kind }) => kind)).toEqual(['good', 'deploy']);
  });
});

describe('a required change', () => {
  it('is what a breach must come after', async () => {
    const rig = await GuardRig.start({ policy: aPolicy({ requireChange: { withinMs: 60 * second } }) });
    rig.source.answer = 0.5;
    await rig.clock.advance(5 * second);
    await rig.guard.markChange({ target: 'shop', kind: 'deploy', version: 'v2', by: 'ci' });
    await rig.clock.advance(10 * second);
    expect(await rig.incident()).toMatchObject({ status: 'needs-human', needsHuman: { reason: 'breach-before-change' } });
    await rig.guard.closeIncident((await rig.incident()).id, 'ana', 'looked');
    rig.source.answer = 0;
    await rig.clock.advance(5 * second);
    rig.source.answer = 0.5;
    await rig.clock.advance(15 * second);
    expect(rig.executor.done).toEqual(['flag-off-step']);
    expect((await rig.incident()).decisions[0]?.policy).toContainEqual({ about: 'change', objects: false, says: expect.stringMatching(/^The breach began 1\ds after version v2 was deployed\.$/) as string });
    await rig.end();
  });
});

describe('an alert that flaps', () => {
  it('is left to a person after some times, over a restart as well, until a reset or quieter times', async () => {
    const rig = await GuardRig.start({ policy: aPolicy({ flap: { count: 2, perMs: 3_600_000 } }) });
    const { source, executor, clock } = rig;
    const { id } = await rig.guard.pause({ by: 'ana', reason: 'work' });
    for (let times = 0; times < 2; times += 1) {
      source.answer = 0.5;
      await clock.advance(12 * second);
      source.answer = 0;
      await clock.advance(8 * second);
    }
    await rig.guard.resume(id, 'ana');
    await rig.stop();
    await rig.open();
    source.answer = 0.5;
    await clock.advance(12 * second);
    expect(await rig.incident()).toMatchObject({ status: 'needs-human', needsHuman: { reason: 'flapping' } });
    expect(executor.done).toEqual([]);
    await rig.guard.reset('shop', 'ana');
    await clock.advance(2 * second);
    expect(executor.done).toEqual(['flag-off-step']);
    expect(rig.faults).toEqual([]);
    await rig.end();
  });
});
