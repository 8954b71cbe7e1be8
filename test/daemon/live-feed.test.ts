import { afterEach, beforeEach, expect, test } from 'vitest';
import { GuardViews } from '../../src/daemon/guard-views.js';
import { LiveFeed } from '../../src/daemon/live-feed.js';
import { StepOutputs } from '../../src/daemon/step-outputs.js';
import type { LiveEvent } from '../../src/http/live-api.js';
import { liveView } from '../../src/http/view-schemas.js';
import { foldIncident } from '../../src/incident/incident.js';
import { GuardRig } from '../support/guard-rig.js';

let rig: GuardRig;
let feed: LiveFeed;
let told: LiveEvent[];
let notReady: string[];
let outputs: StepOutputs;

beforeEach(async () => {
  notReady = [];
  outputs = new StepOutputs();
  told = [];
  rig = await GuardRig.start({}, undefined, undefined, ({ name }) => feed.noteJudged(name));
  const views = new GuardViews({ guard: rig.guard, clock: rig.clock, version: '1', startedAt: 0, notReady: () => notReady, channels: () => [], storeState: () => ({ state: 'ok' }), drills: () => [], configurationRefused: () => undefined });
  feed = new LiveFeed({
    clock: rig.clock,
    lastSeq: await rig.store.guard.lastSeq(),
    status: () => views.status(),
    triggers: () => views.triggers(),
    trigger: (name) => views.trigger(name),
    openIncidents: () => rig.guard.openIncidents,
    incident: async (id) => {
      const incident = foldIncident(await rig.store.guard.entriesOfIncident(id));
      if (incident === undefined) throw new Error(`there is no incident ${id}`);
      return incident;
    },
    output: (executionId, stepKey) => outputs.of(executionId, stepKey),
    report: (error) => rig.faults.push(error),
  });
  rig.store.onAppended((entries) => feed.noteJournaled(entries));
});
afterEach(() => rig.end());

function names(): readonly string[] {
  return told.map(({ name }) => name);
}

function statusesOf(id: string): readonly string[] {
  return told.flatMap((event) => (event.name === 'incident' && event.data.id === id ? [event.data.status] : []));
}

test('each second those triggers that were judged, with their newest points and how far their windows are', async () => {
  feed.listen((events) => told.push(...events));
  rig.source.answer = 0.2;
  await rig.clock.advance(3_500);
  const points = told.flatMap((event) => (event.name === 'triggers' ? event.data.flatMap(({ alerts }) => alerts.map(({ point, windowProgress }) => [point, windowProgress.ratio])) : []));
  const startAt = Date.UTC(2026, 0, 1);
  expect(points).toEqual([
    [{ at: startAt + 1_000, value: 0.2 }, 0],
    [{ at: startAt + 2_000, value: 0.2 }, 0.1],
    [{ at: startAt + 3_000, value: 0.2 }, 0.2],
  ]);
});

test('the status comes when it has changed, and not for the time alone', async () => {
  await rig.clock.advance(2_000);
  feed.listen((events) => told.push(...events));
  await rig.clock.advance(5_000);
  expect(names()).not.toContain('status');
  await rig.guard.pause({ by: 'ana', reason: 'work', until: rig.clock.now() + 30_000 });
  await rig.clock.advance(2_000);
  expect(told.filter(({ name }) => name === 'status')).toMatchObject([{ data: { pauses: [{ by: 'ana' }], targets: [{ paused: true }] } }]);
  notReady = ['the disk is full'];
  feed.noteState();
  await rig.clock.advance(2_000);
  expect(told.filter(({ name }) => name === 'status').at(-1)).toMatchObject({ data: { notReady: ['the disk is full'] } });
  // A pause ends by the clock alone.
  await rig.clock.advance(40_000);
  expect(told.filter(({ name }) => name === 'status').at(-1)).toMatchObject({ data: { pauses: [] } });
});

test('an incident comes whole each time that it has changed, to its end', async () => {
  feed.listen((events) => told.push(...events));
  rig.source.answer = 0.2;
  rig.executor.acts.set('flag-off-step', () => {
    rig.source.answer = 0;
  });
  await rig.clock.advance(60_000);
  const { id, status } = await rig.incident();
  expect(status).toBe('recovered');
  expect(statusesOf(id).at(-1)).toBe('recovered');
  expect(statusesOf(id)).toContain('verifying');
  const last = told.findLast((event) => event.name === 'incident');
  expect(last?.data).toEqual(await rig.incident());
  expect(last?.seq).toBe(await rig.store.guard.lastSeq());
  outputs.note({ executionId: 'e1', stepKey: 'p/s', number: 1 }, 'text');
  feed.notePrinted({ executionId: 'e1', stepKey: 'p/s', number: 1 });
  await rig.clock.advance(2_000);
  const read = JSON.parse(JSON.stringify(Object.fromEntries([...told, feed.snapshot()].map(({ name, data }) => [name, data])))) as unknown;
  expect(liveView.safeParse(read).error).toBeUndefined();
});

test('what happened before somebody listens is in the state that they begin with', async () => {
  rig.source.answer = 0.2;
  await rig.clock.advance(15_000);
  const stop = feed.listen((events) => told.push(...events));
  const { seq, data } = feed.snapshot();
  expect(seq).toBe(await rig.store.guard.lastSeq());
  expect(data).toMatchObject({ lastSeq: seq, incidents: [{ target: 'shop' }], triggers: [{ alerts: [{ state: 'firing', windowProgress: { ratio: 1 } }] }], status: { targets: [{ alerts: { firing: 1 } }] } });
  stop();
  await rig.clock.advance(15_000);
  expect(told).toEqual([]);
});

test('after a reload all is told anew, without the triggers that are gone', async () => {
  feed.listen((events) => told.push(...events));
  await rig.clock.advance(2_000);
  await rig.redeclare({ triggers: [] });
  told.length = 0;
  await rig.store.guard.append([{ type: 'configuration-reloaded', at: rig.clock.now(), by: 'ana' }]);
  await rig.clock.advance(2_000);
  expect(told[0]).toMatchObject({ name: 'snapshot', data: { triggers: [] } });
  expect(names()).not.toContain('triggers');
});

test('what a step prints comes while it runs, its end once a second', async () => {
  feed.listen((events) => told.push(...events));
  const of = { executionId: 'e1', stepKey: 'p/s', number: 1 };
  for (const text of ['one\n', 'two\n']) {
    outputs.note(of, text);
    feed.notePrinted(of);
  }
  await rig.clock.advance(900);
  expect(told).toEqual([{ name: 'output', seq: 0, data: { executionId: 'e1', stepKey: 'p/s', output: 'one\ntwo\n' } }]);
});

test('a ping comes every ten seconds', async () => {
  feed.listen((events) => told.push(...events));
  await rig.clock.advance(25_000);
  expect(names().filter((name) => name === 'ping')).toHaveLength(2);
});
