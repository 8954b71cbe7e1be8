import { existsSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import type { Policy } from '../../src/decision/policy.js';
import type { Target } from '../../src/decision/target.js';
import { Retention } from '../../src/retention/retention.js';
import { GuardRig, plan, trigger, verification } from '../support/guard-rig.js';
import { aPolicy } from '../support/policy.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const isLong = process.env['BELAY_LONG'] !== undefined;
const COUNT = isLong ? 500 : 120;
/** The store is asked to be on the disk at every write; memory is a disk that is fast. */
if (existsSync('/dev/shm')) process.env['TMPDIR'] = '/dev/shm';

let rig: GuardRig | undefined;
afterEach(() => rig?.end());

it('a service that flaps for weeks: incidents, rows, file and sleepers level off', { timeout: isLong ? 3_600_000 : 120_000 }, async () => {
  const days = isLong ? 180 : 7;
  const flapping = trigger({ window: { kind: 'for', forMs: 4 * MINUTE_MS }, intervalMs: MINUTE_MS });
  const generous: Policy = { ...aPolicy(), cooldownMs: 0, maxRollbacks: { count: 1_000, perMs: HOUR_MS }, flap: { count: 100, perMs: HOUR_MS } };
  rig = await GuardRig.start({ triggers: [flapping], policy: generous });
  const { clock, source, executor, store, guard, faults } = rig;
  executor.acts.set('flag-off-step', () => {
    source.answer = 0;
  });
  const retention = new Retention({
    clock,
    store: store.retention,
    journal: store.guard,
    settings: () => ({ incidentsMs: 2 * DAY_MS, samplesMs: 2 * DAY_MS }),
    beforeRemoval: () => Promise.resolve(),
    compacted: ({ incidents }, before) => guard.forget(incidents, before),
    report: (error) => faults.push(error),
  });
  const seen: { readonly journal: number; readonly bytes: number; readonly sleeping: number; readonly incidents: number }[] = [];
  for (let day = 0; day < days; day += 1) {
    for (let flap = 0; flap < 12; flap += 1) {
      source.answer = 1;
      await clock.advance(HOUR_MS);
      source.answer = 0;
      await clock.advance(HOUR_MS);
    }
    await store.outbox.enqueueUpTo(await store.guard.lastSeq(), []);
    await retention.runOnce();
    const { bytes, rows } = await store.size();
    seen.push({ journal: rows.journal, bytes, sleeping: clock.sleeping, incidents: (await store.guard.incidents({ limit: 10_000 })).length });
  }
  expect(faults).toEqual([]);
  expect(executor.done.length).toBe(12 * days);
  const [early, late] = [seen.slice(2, 5), seen.slice(-2)];
  // A line a day says what was removed; pages are taken in lots.
  const slack = { journal: 5, bytes: 64 * 1024, sleeping: 0, incidents: 0 };
  for (const key of ['journal', 'bytes', 'sleeping', 'incidents'] as const) {
    expect(Math.max(...late.map((each) => each[key])), key).toBeLessThanOrEqual(Math.max(...early.map((each) => each[key])) + slack[key]);
  }
});

it(`${COUNT} incidents at once end well: each target is rolled back once, and recovers`, { timeout: 240_000 }, async () => {
  const names = Array.from({ length: COUNT }, (_, index) => `shop-${index}`);
  const targets = names.map((name): Target => ({ name, owners: [], priority: 'high', hasHealth: false }));
  const plans = names.map((name) => plan(`${name}-off`, 1, { target: name }));
  const generous: Policy = { ...aPolicy(), fleet: { maxTargets: COUNT, perMs: HOUR_MS, maxConcurrent: 20 } };
  rig = await GuardRig.start({
    targets,
    plans,
    policy: generous,
    triggers: names.map((target) => trigger({ name: `${target}-errors`, target, query: { kind: 'promql', expr: target }, levels: { from: 1, to: 1 }, window: { kind: 'for', forMs: MINUTE_MS }, intervalMs: MINUTE_MS })),
    verifications: new Map(plans.map(({ id }) => [id, { ...verification, holdMs: MINUTE_MS, timeoutMs: 2 * HOUR_MS, intervalMs: MINUTE_MS }])),
  });
  const { clock, source, executor, store, faults } = rig;
  source.answer = 1;
  for (const name of names) executor.acts.set(`${name}-off-step`, () => void source.answers.set(name, 0));
  const open = async (): Promise<number> => (await store.guard.openIncidents()).length;
  await clock.advance(2 * MINUTE_MS);
  expect(await open()).toBe(COUNT);
  // The fleet lets twenty be worked on at a time.
  for (let waited = 0; waited < 60 && (await open()) > 0; waited += 1) {
    await clock.advance(MINUTE_MS);
  }
  expect(faults).toEqual([]);
  expect(await open()).toBe(0);
  const entries = await store.guard.entriesOfTypes(['incident-opened', 'incident-recovered', 'needs-human'], 0);
  const count = (type: string): number => entries.filter(({ event }) => event.type === type).length;
  expect([count('incident-opened'), count('incident-recovered'), count('needs-human')]).toEqual([COUNT, COUNT, 0]);
  expect(executor.done.toSorted()).toEqual(plans.map(({ id }) => `${id}-step`).toSorted());
});
