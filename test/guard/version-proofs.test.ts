import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { advanceProof, unprovenVersion, type HealthLook, type VersionProof } from '../../src/guard/version-proof.js';
import type { ChangeMarker } from '../../src/guard/change-marker.js';
import { GuardRig, plan, trigger } from '../support/guard-rig.js';
import { aPolicy } from '../support/policy.js';

const second = 1_000;
const minute = 60 * second;

describe('how far a proof has come', () => {
  const rule = { goodAfterMs: 60 * second, everyMs: 10 * second };
  /** `h` healthy, `b` bad, `?` unknown, `.` not looked: one for every ten seconds. */
  const after = (looks: string): VersionProof =>
    looks.split('').reduce<VersionProof>(
      (proof, letter, index) => (letter === '.' ? proof : advanceProof(proof, ({ h: 'healthy', b: 'unhealthy', '?': 'unknown' } as Record<string, HealthLook>)[letter]!, index * rule.everyMs, rule)),
      { version: 'v1', since: 0, healthyForMs: 0 },
    );

  it.each([
    ['the time between healthy looks counts', 'hhhh', 30],
    ['one look alone is nothing', 'h', 0],
    ['what is unknown counts for nothing, and takes nothing away', 'hhh???hh', 30],
    ['what is bad begins anew', 'hhhhbhh', 10],
    ['looks that did not come are no health', 'hhh...h', 20],
    ['blindness longer than the proof begins anew', `hhhh${'?'.repeat(8)}hh`, 10],
    ['blindness as long as the proof does not', `hhhh${'?'.repeat(6)}hh`, 40],
  ])('%s', (_title, looks, seconds) => {
    expect(after(looks).healthyForMs).toBe(seconds * second);
  });

  it('a clock that is set back counts for nothing', () => {
    const before: VersionProof = { version: 'v1', since: 0, healthyForMs: 5, healthyAt: 100 * second };
    expect(advanceProof(before, 'healthy', 95 * second, rule).healthyForMs).toBe(5);
  });
});

describe('what is to be proved', () => {
  const mark = (kind: ChangeMarker['kind'], version: string, at: number): ChangeMarker => ({ target: 'shop', kind, version, by: 'ci', at });

  it.each<readonly [string, readonly ChangeMarker[], object | undefined]>([
    ['nothing before the first marker', [], undefined],
    ['what was deployed last', [mark('deploy', 'v1', 1), mark('deploy', 'v2', 2)], { version: 'v2', since: 2 }],
    ['what a rollback has brought back', [mark('deploy', 'v2', 2), mark('rollback', 'v1', 3)], { version: 'v1', since: 3 }],
    ['nothing where it was called good since', [mark('deploy', 'v1', 1), mark('good', 'v1', 2)], undefined],
    ['that another version is good says nothing', [mark('deploy', 'v2', 1), mark('good', 'v1', 2)], { version: 'v2', since: 1 }],
    ['nor that it was good at an earlier time', [mark('good', 'v1', 1), mark('deploy', 'v1', 2)], { version: 'v1', since: 2 }],
    ['nor what is true of another target', [{ ...mark('deploy', 'v1', 1), target: 'other' }], undefined],
  ])('%s', (_title, markers, expected) => {
    expect(unprovenVersion(markers, 'shop')).toEqual(expected);
  });
});

describe('a version that runs', () => {
  let rig: GuardRig;
  const policy = aPolicy({ goodAfterMs: 10 * minute, cooldownMs: 0 });
  const back = plan('release-back', 3, {
    steps: [{ id: 'deploy', name: 'deploy', description: '', type: 'deployment', parameters: { service: 'shop', version: '${rollbackPoint.version}', environment: 'test' }, timeout: 5 }],
  });

  beforeEach(async () => {
    rig = await GuardRig.start({ policy, plans: [back] }, (rollbacks, _clock, executor) => rollbacks.registerExecutor('deployment', executor));
  });
  afterEach(async () => {
    await rig.end();
    expect(rig.faults).toEqual([]);
    expect(rig.clock.sleeping).toBe(0);
  });

  const deploy = (version: string): Promise<unknown> => rig.guard.markChange({ target: 'shop', kind: 'deploy', version, by: 'ci', configVersion: 'c1' });
  const markers = (): readonly string[] => rig.guard.changes.map(({ kind, version, by }) => `${kind} ${version} by ${by}`);

  it('is called good once it has been healthy for long enough, with what its deployment told, and a plan goes back to it', async () => {
    const { clock, source, executor } = rig;
    await deploy('v1');
    await clock.advance(9 * minute + 50 * second);
    expect(markers()).toEqual(['deploy v1 by ci']);
    await clock.advance(40 * second);
    expect(markers()).toEqual(['deploy v1 by ci', 'good v1 by belay']);
    expect(rig.guard.rollbackPoint('shop')).toMatchObject({ version: 'v1', configVersion: 'c1' });
    await deploy('v2');
    source.answer = 0.5;
    await clock.advance(15 * second);
    expect(executor.done).toEqual(['deploy']);
    expect((await rig.incident()).decisions[0]).toMatchObject({ kind: 'execute', planId: 'release-back' });
  });

  it('begins anew after a breach, also one that was over before it was sustained', async () => {
    const { clock, source, executor } = rig;
    await deploy('v1');
    // Looked at every 15 seconds: the breach lasts over one look.
    await clock.advance(8 * minute + 12 * second);
    source.answer = 0.5;
    await clock.advance(6 * second);
    source.answer = 0;
    await clock.advance(9 * minute);
    expect(markers()).toEqual(['deploy v1 by ci']);
    expect([executor.done, rig.guard.openIncidents]).toEqual([[], []]);
    await clock.advance(2 * minute);
    expect(markers()).toEqual(['deploy v1 by ci', 'good v1 by belay']);
  });

  it('is not called good by blindness, which counts for nothing', async () => {
    const { clock, source } = rig;
    await deploy('v1');
    await clock.advance(5 * minute);
    source.answer = 'unreachable';
    await clock.advance(8 * minute);
    source.answer = 0;
    await clock.advance(4 * minute);
    expect(markers()).toEqual(['deploy v1 by ci']);
    await clock.advance(2 * minute);
    expect(markers()).toEqual(['deploy v1 by ci', 'good v1 by belay']);
  });

  it('goes on where it was after a restart, and the time in between counts for nothing', async () => {
    const { clock } = rig;
    await deploy('v1');
    await clock.advance(6 * minute);
    await rig.stop();
    await clock.advance(5 * minute);
    await rig.open();
    await clock.advance(3 * minute);
    expect(markers()).toEqual(['deploy v1 by ci']);
    await clock.advance(1 * minute + 30 * second);
    expect(markers()).toEqual(['deploy v1 by ci', 'good v1 by belay']);
  });

  it('is kept on the way, so that a kill loses a tenth at most, and never brings back what a breach has ended', async () => {
    const { clock, source } = rig;
    const kept = async (): Promise<unknown> => (JSON.parse((await rig.store.guard.loadValue('proof of shop')) ?? '{}') as { healthyForMs?: number }).healthyForMs;
    await deploy('v1');
    await clock.advance(6 * minute);
    expect(await kept()).toBeGreaterThanOrEqual(4.75 * minute);
    expect(await kept()).toBeLessThanOrEqual(6 * minute);
    await clock.advance(12 * second);
    source.answer = 0.5;
    await clock.advance(4 * second);
    expect(await kept()).toBe(0);
    source.answer = 0;
  });

  it('is not taken for the one before it', async () => {
    const { clock } = rig;
    await deploy('v1');
    await clock.advance(8 * minute);
    await deploy('v2');
    await clock.advance(8 * minute);
    expect(markers()).toEqual(['deploy v1 by ci', 'deploy v2 by ci']);
    await clock.advance(3 * minute);
    expect(markers().slice(2)).toEqual(['good v2 by belay']);
  });

  it('is called good in a dry run as well, since that is a belief of Belay and no effect', async () => {
    await rig.redeclare({ mode: 'dry-run' });
    await deploy('v1');
    await rig.clock.advance(11 * minute);
    expect(markers()).toEqual(['deploy v1 by ci', 'good v1 by belay']);
  });

  it('is called good by people only where the policy says so, until it says otherwise', async () => {
    await rig.redeclare({ policy: aPolicy() });
    await deploy('v1');
    await rig.clock.advance(30 * minute);
    expect(markers()).toEqual(['deploy v1 by ci']);
    await rig.redeclare({ policy });
    await rig.clock.advance(11 * minute);
    expect(markers()).toEqual(['deploy v1 by ci', 'good v1 by belay']);
  });

  it('takes its health endpoint as well', async () => {
    await rig.redeclare({ targets: [{ name: 'shop', owners: [], priority: 'critical', hasHealth: true }] });
    rig.checkResult = 'unknown';
    await deploy('v1');
    await rig.clock.advance(11 * minute);
    expect(markers()).toEqual(['deploy v1 by ci']);
    rig.checkResult = 'ok';
    await rig.clock.advance(11 * minute);
    expect(markers()).toEqual(['deploy v1 by ci', 'good v1 by belay']);
  });

  it('is never called good where nobody looks at its target', async () => {
    await rig.redeclare({ triggers: [trigger({ name: 'Both', query: { kind: 'triggers', of: [], atLeast: 1 }, source: 'triggers' })] });
    await deploy('v1');
    await rig.clock.advance(30 * minute);
    expect(markers()).toEqual(['deploy v1 by ci']);
  });
});
