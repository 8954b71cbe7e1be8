import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BelayError } from '../../src/fault/belay-error.js';
import { Changes } from '../../src/guard/changes.js';
import { advanceSeen, readVersions, type SeenVersion } from '../../src/guard/seen-versions.js';
import { VersionWatch } from '../../src/guard/version-watch.js';
import type { SeenChange } from '../../src/guard/watched-version.js';
import { MemoryGuardStore } from '../../src/scenario/memory-store.js';
import { createPrometheusSource } from '../../src/source/prometheus-source.js';
import type { Observation, Sample } from '../../src/source/sample.js';
import { systemClock } from '../../src/time/clock.js';
import { FakeClock } from '../support/fake-clock.js';
import { GuardRig, plan } from '../support/guard-rig.js';
import { aPolicy } from '../support/policy.js';
import { startPrometheus } from '../support/prometheus-server.js';
import { remoteWrite } from '../support/remote-write.js';

const second = 1_000;
const minute = 60 * second;

describe('what an answer tells of versions', () => {
  const vector = (...series: readonly (readonly [Readonly<Record<string, string>>, Partial<Sample> & object])[]): Observation => ({
    kind: 'vector',
    at: 0,
    series: series.map(([labels, sample]) => ({ labels, sample: { kind: 'value', at: 0, value: 1, ...sample } as Sample })),
    warnings: [],
  });

  it.each<readonly [string, Observation, object]>([
    ['each once, in order', vector([{ version: 'v2', pod: 'a' }, {}], [{ version: 'v1', pod: 'b' }, {}], [{ version: 'v2', pod: 'c' }, {}]), { versions: ['v1', 'v2'] }],
    ['not those that are 0, NaN or stale', vector([{ version: 'v1' }, {}], [{ version: 'v2' }, { value: 0 }], [{ version: 'v3' }, { kind: 'no-data', reason: 'nan' }], [{ version: 'v4' }, { kind: 'stale' }]), { versions: ['v1'] }],
    ['nothing is no version', vector(), { kind: 'unknown', why: 'the answer has no series with a value' }],
    ['nor is another label', vector([{ revision: 'v1' }, {}]), { kind: 'unknown', why: 'no series has the label "version"' }],
    ['nor a label of pods', vector(...Array.from({ length: 21 }, (_, index) => [{ version: `pod-${index}` }, {}] as const)), { kind: 'unknown', why: expect.stringContaining('21 values') as string }],
    ['nor what could break out of a line', vector([{ version: 'v1\nreboot' }, {}]), { kind: 'unknown', why: expect.stringContaining('is no version') as string }],
    ['a source that is down', { kind: 'error', at: 0, reason: 'unreachable', message: 'refused' }, { kind: 'unknown', why: 'refused' }],
  ])('%s', (_title, observation, expected) => {
    expect(readVersions(observation, 'version')).toMatchObject(expected);
  });
});

it('a store that cannot be read at first is read at the next look', async () => {
  const clock = new FakeClock();
  const store = new MemoryGuardStore();
  const found: SeenChange[] = [];
  const reported: unknown[] = [];
  let reads = 0;
  const watch = new VersionWatch(
    [{ name: 'shop', owners: [], priority: 'high', hasHealth: false, version: { source: 'app', expr: 'build_info', label: 'version' } }],
    new Map([['app', { name: 'app', intervalMs: second, observe: (_query, at) => Promise.resolve({ kind: 'vector', at, series: [{ labels: { version: 'v1' }, sample: { kind: 'value', at, value: 1 } }], warnings: [] }), close: () => Promise.resolve() }]]),
    {
      clock,
      store: {
        saveValue: (name, value) => store.saveValue(name, value),
        loadValue: (name) => ((reads += 1) === 1 ? Promise.reject(new BelayError('store-unavailable', 'the disk is away')) : store.loadValue(name)),
      },
      factsOf: () => ({ running: undefined, isRollingBack: false }),
      onChanged: async (change) => void found.push(change),
      report: (error) => reported.push(error),
    },
  );
  watch.start();
  await clock.advance(3 * second);
  await watch.stop();
  expect(reported).toMatchObject([{ code: 'store-unavailable' }]);
  expect(found[0]).toMatchObject({ kind: 'seen', version: 'v1' });
});

describe('what the versions that are seen mean', () => {
  const many = (count: number, look: string): readonly string[] => Array.from({ length: count }, () => look);
  /** Looks a minute apart; a version after a space is what the markers tell from then on. Gives what each means. */
  const story = (looks: readonly string[], markedBefore?: string): readonly string[] => {
    let seen: readonly SeenVersion[] | undefined;
    let running = markedBefore;
    return looks.map((look, index) => {
      const [versions = '', ...words] = look.split(' ');
      const step = advanceSeen(seen, versions.split('+'), index * minute, { running, isRollingBack: words.includes('rolling') });
      seen = step.seen;
      const told = [...step.deployed.map((version) => `deployed ${version}`), ...(step.found === undefined ? [] : [`found ${step.found}`])];
      running = words.find((word) => word.startsWith('v')) ?? step.deployed.at(-1) ?? step.found ?? running;
      return told.join(', ');
    });
  };

  it.each<{ readonly title: string; readonly looks: readonly string[]; readonly told: readonly string[]; readonly before?: string }>([
    { title: 'what is there at first is found, and no change', looks: ['v1', 'v1'], told: ['found v1', ''] },
    { title: 'nothing is new where the markers tell the same', looks: ['v1'], told: [''], before: 'v1' },
    { title: 'the markers may be of another time', looks: ['v2'], told: ['found v2'], before: 'v1' },
    { title: 'another version has been deployed', looks: ['v1', 'v2', 'v2'], told: ['found v1', 'deployed v2', ''] },
    { title: 'a rolling deployment begins with its first instance, and is one', looks: ['v1', 'v1+v2', 'v1+v2', 'v2', 'v2', 'v2', 'v2', 'v2', 'v2'], told: ['found v1', 'deployed v2', '', '', '', '', '', '', ''] },
    { title: 'of several at first sight none is found before it is alone', looks: ['v1+v2', 'v1+v2', 'v2'], told: ['', '', 'found v2'] },
    { title: 'a deployment that a pipeline has told of is not told again', looks: ['v1', 'v1 v2', 'v1+v2', 'v2'], told: ['found v1', '', '', ''] },
    { title: 'an instance that is missing for a while is nothing', looks: ['v1', 'v1+v2', 'v1', 'v1+v2', 'v2', 'v1+v2'], told: ['found v1', 'deployed v2', '', '', '', ''] },
    { title: 'a deployment that was given up is gone back from after five minutes', looks: ['v1', 'v1+v2', 'v1', 'v1', 'v1', 'v1', 'v1', 'v1'], told: ['found v1', 'deployed v2', '', '', '', '', '', 'deployed v1'] },
    { title: 'what has been gone can be deployed anew', looks: ['v1', 'v2', 'v2', 'v2', 'v2', 'v2', 'v2', 'v1'], told: ['found v1', 'deployed v2', '', '', '', '', '', 'deployed v1'] },
    { title: 'two at once are two', looks: ['v1', 'v2+v3'], told: ['found v1', 'deployed v2, deployed v3'] },
    { title: 'what a rollback brings back is no deployment', looks: ['v0', 'v2 v2', ...many(6, 'v2'), 'v1+v2 rolling v1', 'v1', ...many(6, 'v1')], told: ['found v0', 'deployed v2', ...many(14, '')] },
    { title: 'nor is it one where the metric lags behind', looks: ['v2', 'v2 v1', 'v1+v2', 'v1', ...many(6, 'v1')], told: ['found v2', ...many(9, '')] },
    { title: 'what else came up meanwhile is one', looks: ['v1', 'v2', 'v2+v3 rolling', 'v3'], told: ['found v1', 'deployed v2', '', 'deployed v3'] },
  ])('$title', ({ looks, told, before }) => {
    expect(story(looks, before)).toEqual(told);
  });
});

describe('a target whose version is read', () => {
  let rig: GuardRig;
  const version = { source: 'app', expr: 'build_info', label: 'version' };
  const targets = [{ name: 'shop', owners: [], priority: 'critical' as const, hasHealth: false, version }];
  const back = plan('release-back', 3, {
    steps: [{ id: 'deploy', name: 'deploy', description: '', type: 'deployment', parameters: { service: 'shop', version: '${rollbackPoint.version}', environment: 'test' }, timeout: 5 }],
  });

  beforeEach(async () => {
    rig = await GuardRig.start({ targets, plans: [back], policy: aPolicy({ goodAfterMs: 5 * minute, requireChange: { withinMs: 30 * minute } }) }, (rollbacks, _clock, executor) => rollbacks.registerExecutor('deployment', executor));
  });
  afterEach(async () => {
    await rig.end();
    expect(rig.faults).toEqual([]);
    expect(rig.clock.sleeping).toBe(0);
  });

  const run = (...versions: readonly string[]): void => void rig.source.found.set('build_info', versions.map((value, index) => ({ version: value, pod: `pod-${index}` })));
  const markers = (): readonly string[] => rig.guard.changes.map(({ kind, version: value, by }) => `${kind} ${value} by ${by.startsWith('rollback') ? 'rollback' : by}`);

  it('needs nobody to say anything: what runs proves good, the next one is a change, and its breach is rolled back', async () => {
    const { clock, source, executor } = rig;
    run('v1');
    await clock.advance(6 * minute);
    expect(markers()).toEqual(['seen v1 by app', 'good v1 by belay']);
    run('v1', 'v2');
    await clock.advance(2 * second);
    run('v2');
    await clock.advance(3 * second);
    executor.acts.set('deploy', () => {
      run('v2', 'v1');
      source.answer = 0;
    });
    source.answer = 0.5;
    await clock.advance(12 * second);
    run('v1');
    await clock.advance(10 * minute);
    expect(executor.done).toEqual(['deploy']);
    expect((await rig.incident()).status).toBe('recovered');
    expect((await rig.incident()).decisions[0]?.policy).toContainEqual({ about: 'change', objects: false, says: expect.stringMatching(/^The breach began \ds after version v2 was deployed\.$/) as string });
    expect(markers()).toEqual(['seen v1 by app', 'good v1 by belay', 'deploy v2 by app', 'rollback v1 by rollback', 'good v1 by belay']);
  });

  it('does not prove good while it is not alone, or nobody can say what runs', async () => {
    const { clock, source } = rig;
    run('v1', 'v2');
    await rig.guard.markChange({ target: 'shop', kind: 'deploy', version: 'v2', by: 'ci' });
    await clock.advance(10 * minute);
    source.found.set('build_info', []);
    await clock.advance(4 * minute);
    expect(rig.guard.versionsOf('shop')).toEqual({ running: 'v2', lastGood: undefined, versionUnknown: 'the answer has no series with a value' });
    expect(markers()).toEqual(['deploy v2 by ci']);
    run('v2');
    await clock.advance(6 * minute);
    expect(markers()).toEqual(['deploy v2 by ci', 'good v2 by belay']);
  });

  it('that changes while Belay is down has changed', async () => {
    run('v1');
    await rig.clock.advance(5 * second);
    await rig.stop();
    run('v2');
    await rig.clock.advance(5 * second);
    await rig.open();
    await rig.clock.advance(3 * second);
    expect(markers()).toEqual(['seen v1 by app', 'deploy v2 by app']);
    await rig.redeclare({ targets: [{ ...targets[0]!, version: { ...version, label: 'pod' } }] });
    await rig.clock.advance(3 * second);
    // Of another label nothing was known before.
    expect(markers().slice(2)).toEqual(['seen pod-0 by app']);
  });
});

it('a real Prometheus: found, rolled out, and known again after it was down, with the time at which it came', async () => {
  const INTERVAL_MS = 200;
  const write = (samples: Readonly<Record<string, number | 'stale'>>): Promise<void> =>
    remoteWrite(server.url, Object.entries(samples).map(([version, value]) => ({ labels: { __name__: 'build_info', job: 'shop', version }, samples: [{ at: systemClock.now(), value }] })));
  const directory = await mkdtemp(join(tmpdir(), 'belay-versions-'));
  let server = await startPrometheus({ remoteWrite: true, directory });
  const port = Number(new URL(server.url).port);
  const store = new MemoryGuardStore();
  const changes = new Changes();
  const told: SeenChange[] = [];
  const faults: unknown[] = [];
  const source = createPrometheusSource({ type: 'prometheus', name: 'prometheus', url: server.url, intervalMs: INTERVAL_MS, timeoutMs: 2_000, headers: {} });
  const start = (): VersionWatch => {
    const made = new VersionWatch([{ name: 'shop', owners: [], priority: 'high', hasHealth: false, version: { source: 'prometheus', expr: 'max by (version) (build_info{job="shop"})', label: 'version' } }], new Map([['prometheus', source]]), {
      clock: systemClock,
      store,
      factsOf: (target) => ({ running: changes.factsOf(target).running, isRollingBack: false }),
      onChanged: (change) => {
        told.push(change);
        changes.note({ type: 'change-marked', ...change });
        return Promise.resolve();
      },
      report: (error) => void faults.push(error),
    });
    made.start();
    return made;
  };
  let watch = start();
  const until = (expected: object): Promise<unknown> => vi.waitFor(() => expect(watch.lookOf('shop')).toMatchObject(expected), { timeout: 10_000, interval: 50 });
  try {
    await until({ kind: 'unknown', why: 'the answer has no series with a value' });
    await write({ v1: 1 });
    await until({ versions: ['v1'] });
    await write({ v2: 1 });
    await until({ versions: ['v1', 'v2'] });
    await write({ v1: 'stale', v2: 1 });
    await until({ versions: ['v2'] });
    await watch.stop();
    const cameAfterAt = systemClock.now();
    await write({ v2: 'stale', v3: 1 });
    const cameBeforeAt = systemClock.now();
    await server.stop();
    watch = start();
    await until({ kind: 'unknown', why: expect.stringContaining('refused') as string });
    expect(told.map(({ kind, version }) => `${kind} ${version}`)).toEqual(['seen v1', 'deploy v2']);
    server = await startPrometheus({ remoteWrite: true, directory, port });
    await write({ v3: 1 });
    const all = (): unknown => told.map(({ kind, version, by }) => `${kind} ${version} by ${by}`);
    await vi.waitFor(() => expect(all()).toEqual(['seen v1 by prometheus', 'deploy v2 by prometheus', 'deploy v3 by prometheus']), { timeout: 10_000, interval: 50 });
    expect(told[2]?.at).toBeGreaterThan(cameAfterAt - 2 * INTERVAL_MS);
    expect(told[2]?.at).toBeLessThan(cameBeforeAt + 2 * INTERVAL_MS);
    expect(faults).toEqual([]);
  } finally {
    await watch.stop();
    await source.close();
    await server.stop();
    await rm(directory, { recursive: true });
  }
}, 60_000);
