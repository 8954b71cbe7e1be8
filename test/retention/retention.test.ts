import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applyToDrills, type DrillHistory } from '../../src/drill/drill-history.js';
import { SharedBooks } from '../../src/guard/shared-books.js';
import { noteSight, type SourceSight } from '../../src/guard/source-sight.js';
import { foldIncident } from '../../src/incident/incident.js';
import { type DrillEvent, drillEventTypes, type DrillOutcome } from '../../src/incident/drill-event.js';
import type { JournalEvent } from '../../src/incident/incident-event.js';
import type { Message } from '../../src/notify/message.js';
import { Retention } from '../../src/retention/retention.js';
import type { RetentionStore } from '../../src/retention/retention-store.js';
import { Redactor } from '../../src/secret/redactor.js';
import { openSqliteStore, type SqliteStore } from '../../src/store/sqlite-store.js';
import { FakeClock } from '../support/fake-clock.js';
import { historyOf, historyTargets, type Move, randomHistory, steadyHistory } from '../support/random-history.js';

const DAY_MS = 86_400_000;
const KEPT_MS = 20 * DAY_MS;

let folder: string;
let store: SqliteStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'belay-retention-'));
  store = await openSqliteStore({ path: join(folder, 'belay.db'), clock: new FakeClock(), redactor: new Redactor() });
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

/** Everything that is in the store as if messages of it had been composed. */
async function write(events: readonly JournalEvent[], to = store): Promise<void> {
  await to.guard.append(events);
  if (events.length > 0) await to.outbox.enqueueUpTo(await to.guard.lastSeq(), []);
}

/** One run of the retention at an instant; what it could not do is thrown. */
async function compactAt(now: number, { retentionStore = store.retention, of = store, books, beforeRemoval = () => Promise.resolve() }: { retentionStore?: RetentionStore; of?: SqliteStore; books?: SharedBooks; beforeRemoval?: (id: string) => Promise<void> } = {}): Promise<void> {
  const faults: unknown[] = [];
  const retention = new Retention({
    clock: new FakeClock(now),
    store: retentionStore,
    journal: of.guard,
    settings: () => ({ incidentsMs: KEPT_MS, samplesMs: KEPT_MS }),
    beforeRemoval,
    compacted: ({ incidents }, before) => books?.forget(incidents, before),
    report: (error) => faults.push(error),
  });
  await retention.runOnce();
  if (faults.length > 0) throw faults[0];
}

/** All that the journal comes to and that is still in force at `now`, in an order of its own. */
async function inForce(now: number, books: SharedBooks, of = store): Promise<unknown> {
  const since = now - KEPT_MS;
  const sights = new Map<string, SourceSight>();
  for (const { event } of await of.guard.entriesOfTypes(['source-blind', 'source-seeing'], 0)) noteSight(sights, event);
  const { entries, tripped } = books.fleet.ledger;
  const open = await of.guard.openIncidents();
  return {
    ledger: entries.filter(({ lastActivityAt }) => lastActivityAt >= since).map((entry) => JSON.stringify(entry)).sort(),
    tripped: tripped.map((trip) => JSON.stringify(trip)).sort(),
    pauses: books.pauses.filter(({ until }) => until === undefined || until > now),
    sights: [...sights].sort(),
    drills: await drillsThatStand(of),
    open: await Promise.all(open.map(async (id) => foldIncident(await of.guard.entriesOfIncident(id)))),
    unfinished: await of.guard.unfinishedExecutions(),
    targets: await Promise.all(
      historyTargets.map(async (target) => {
        const { deploys, running, rollbackPoint, rolledBack } = books.changes.factsOf(target);
        const [newest] = await of.guard.incidents({ target, limit: 1 });
        return {
          deploys: deploys.filter(({ at }, index) => at >= since || index === deploys.length - 1),
          running,
          rollbackPoint,
          rolledBack: rolledBack.toSorted(),
          flaps: books.fleet.flapsOf(target, since),
          newest: newest === undefined ? undefined : foldIncident(await of.guard.entriesOfIncident(newest)),
        };
      }),
    ),
  };
}

/** How every drill stands, and all that the runs wrote which that is known from. */
async function drillsThatStand(of = store): Promise<unknown> {
  const entries = await of.guard.entriesOfTypes(drillEventTypes, 0);
  const history = entries.reduce<DrillHistory>((known, { event }) => applyToDrills(known, event), new Map());
  return Promise.all([...history].toSorted(([a], [b]) => a.localeCompare(b)).map(async ([key, record]) => [key, record, await Promise.all([record.last, record.verdict].flatMap((run) => (run === undefined ? [] : [of.guard.entriesOfExecution(run.executionId)])))]));
}

async function readBack(of = store): Promise<{ readonly books: SharedBooks; readonly everPaused: unknown }> {
  const books = new SharedBooks(() => undefined);
  return { books, everPaused: await books.restore(of.guard) };
}

/** Dies before one of its writes, or reads, for good. */
function dyingStore(of: RetentionStore, callsLeft: number): RetentionStore {
  let left = callsLeft;
  const call = <A extends unknown[], R>(method: (...args: A) => Promise<R>) => (...args: A): Promise<R> => (left-- > 0 ? method(...args) : Promise.reject(new Error('killed')));
  return {
    composedUpTo: call(() => of.composedUpTo()),
    oldLines: call((...args) => of.oldLines(...args)),
    endedIncidents: call((...args) => of.endedIncidents(...args)),
    hasIncident: call((...args) => of.hasIncident(...args)),
    linesOfIncident: call((...args) => of.linesOfIncident(...args)),
    removeLines: call((...args) => of.removeLines(...args)),
    removeThreads: call((...args) => of.removeThreads(...args)),
    removeSettledMessages: call((...args) => of.removeSettledMessages(...args)),
    removeReceivedMessages: call((...args) => of.removeReceivedMessages(...args)),
  };
}

let round = 0;

/** Retention of a history, `daysLater` than its newest event, that dies after some calls of the store; then once more, undisturbed. */
async function keepsWhatIsInForce(events: readonly JournalEvent[], callsLeft: number, daysLater: number): Promise<void> {
  const one = await openSqliteStore({ path: join(folder, `${round++}.db`), clock: new FakeClock(), redactor: new Redactor() });
  try {
    await write(events, one);
    const now = (events.at(-1)?.at ?? 0) + daysLater * DAY_MS;
    const { books, everPaused } = await readBack(one);
    const before = await inForce(now, books, one);
    await compactAt(now, { retentionStore: dyingStore(one.retention, callsLeft), of: one }).catch(() => undefined);
    expect(await inForce(now, (await readBack(one)).books, one), 'half done').toEqual(before);
    await compactAt(now, { of: one, books });
    const after = await readBack(one);
    expect(await inForce(now, after.books, one), 'done').toEqual(before);
    expect(await inForce(now, books, one), 'in memory').toEqual(before);
    expect(everPaused).toEqual(expect.arrayContaining(after.everPaused as unknown[]));
    const lines = (await one.guard.entriesAfter(0, 10_000)).length;
    await compactAt(now, { of: one });
    expect((await one.guard.entriesAfter(0, 10_000)).length, 'a second run finds nothing').toBe(lines);
    const [oldest] = await one.guard.openIncidents();
    // A version that was rolled back counts as such for as long as nobody says otherwise, with the lines that say so.
    const markers = events.filter(({ type }) => type === 'change-marked' || type === 'rollback-ended').length;
    if (oldest === undefined) expect(lines, 'and little of what is old is left').toBeLessThan(events.filter(({ at }) => at >= now - KEPT_MS).length + 70 + 4 * markers);
  } finally {
    await one.close();
  }
}

describe('what is removed changes nothing that is in force', () => {
  it('for any history, killed at any write on the way, in the journal and in memory', async () => {
    await fc.assert(fc.asyncProperty(randomHistory, fc.nat(40), fc.integer({ min: 0, max: 40 }), keepsWhatIsInForce), { numRuns: Number(process.env['BELAY_RUNS'] ?? 25) });
  });

  const rollback = (version: string): Move => ({ kind: 'incident', hours: 0, target: 'cart', version, flavour: 1 });
  const withoutRollback = (target: string): Move => ({ kind: 'incident', hours: 0, target, version: 'v1', flavour: 0 });
  const mark = (kind: 'deploy' | 'good', version: string, flavour = 1): Move => ({ kind, hours: 0, target: 'cart', version, flavour });

  it.each<[string, readonly Move[]]>([
    ['of two rollbacks one is removed before the other', [mark('deploy', 'v1'), rollback('v2'), mark('good', 'v1'), rollback('v2'), withoutRollback('cart'), mark('deploy', 'v1')]],
    ['a rollback says nothing any more and stays with the newest incident', [mark('deploy', 'v1', 3), mark('deploy', 'v4'), rollback('v4'), mark('deploy', 'v1'), withoutRollback('checkout')]],
  ])('where %s', async (_case, moves) => {
    for (let callsLeft = 0; callsLeft <= 40; callsLeft += 1) await keepsWhatIsInForce(historyOf(moves), callsLeft, 21);
  });
});

it('keeps the numbers of lines, and books every gap in them', async () => {
  const events = steadyHistory(40, 24);
  await write(events);
  await compactAt((events.at(-1)?.at ?? 0) + DAY_MS);
  const kept = await store.guard.entriesAfter(0, 10_000);
  expect(kept.length).toBeLessThan(events.length);
  for (const { seq, event } of kept) if (event.type !== 'journal-compacted') expect(event).toEqual(events[seq - 1]);
  const reader = new Database(join(folder, 'belay.db'), { readonly: true });
  const gaps = reader.prepare('select first_seq, last_seq from journal_gap order by first_seq').all() as { first_seq: number; last_seq: number }[];
  reader.close();
  const gone = gaps.flatMap(({ first_seq, last_seq }) => Array.from({ length: last_seq - first_seq + 1 }, (_, index) => first_seq + index));
  expect([...gone, ...kept.map(({ seq }) => seq)].sort((a, b) => a - b)).toEqual(Array.from({ length: events.length + 1 }, (_, index) => index + 1));
  expect(gaps.every(({ first_seq }, index) => first_seq > (gaps[index - 1]?.last_seq ?? -1) + 1), 'gaps that touch are one').toBe(true);
});

it('writes down what it removed, and from when on there is data', async () => {
  const events = steadyHistory(30, 24);
  await write(events);
  const now = (events.at(-1)?.at ?? 0) + DAY_MS;
  await compactAt(now);
  expect((await store.guard.entriesOfTypes(['journal-compacted'], 0)).map(({ event }) => event)).toEqual([{ type: 'journal-compacted', at: now, before: now - KEPT_MS, incidents: expect.any(Number) as number, lines: expect.any(Number) as number }]);
  expect(await store.guard.loadValue('incidents-removed-before')).toBe(String(now - KEPT_MS));
});

it('keeps an incident whose report could not be written, and goes on with the others', async () => {
  const events = steadyHistory(30, 24);
  await write(events);
  const now = (events.at(-1)?.at ?? 0) + DAY_MS;
  const [stuck] = events.flatMap((event) => (event.type === 'incident-opened' ? [event.incidentId] : []));
  await expect(compactAt(now, { beforeRemoval: (id) => (id === stuck ? Promise.reject(new Error('no room')) : Promise.resolve()) })).rejects.toThrow('no room');
  const left = await store.guard.incidents({ limit: 100 });
  expect(left).toContain(stuck);
  expect(left.length).toBeLessThan(25);
});

it('leaves lines alone whose messages are still to be composed', async () => {
  const events = steadyHistory(30, 24);
  await store.guard.append(events);
  await compactAt((events.at(-1)?.at ?? 0) + DAY_MS);
  expect(await store.guard.entriesAfter(0, 10_000)).toHaveLength(events.length);
});

it('removes messages that went out and alerts that came in long ago, and nothing that waits', async () => {
  const message = { kind: 'guard', tone: 'good', dryRun: false, title: 'x', text: '', facts: [] } as unknown as Message;
  await store.outbox.enqueue(Array.from({ length: 620 }, (_, index) => ({ id: `m${index}`, channel: 'slack' as const, message, recipients: [], createdAt: 1 })));
  for (let index = 0; index < 560; index += 1) await store.outbox.markSent(`m${index}`, index < 540 ? 10 : 100 * DAY_MS);
  await store.received.saveReceived([{ message: { groupKey: 'g', truncatedAlerts: 0, alerts: [] } as never, sender: 's', receivedAt: 1 }], [], []);
  await compactAt(100 * DAY_MS);
  expect((await store.size()).rows).toMatchObject({ outbox: 80, received_message: 0 });
});

it('keeps what customers were told for as long as the incident, because its report says it', async () => {
  const events = steadyHistory(30, 24);
  await write(events);
  const incidents = events.flatMap((event) => (event.type === 'incident-opened' ? [event.incidentId] : []));
  const messageOf = (incidentId: string): Message => ({ kind: 'guard', tone: 'good', incidentId, dryRun: false, title: 'x', text: '', facts: [] });
  await store.outbox.enqueue(incidents.flatMap((id) => (['customers-email', 'email'] as const).map((channel) => ({ id: `${id}.${channel}`, channel, message: messageOf(id), recipients: [], createdAt: 1 }))));
  for (const id of incidents) for (const channel of ['customers-email', 'email']) await store.outbox.markSent(`${id}.${channel}`, 10);
  await compactAt((events.at(-1)?.at ?? 0) + DAY_MS);
  const kept = await store.guard.incidents({ limit: 100 });
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.length).toBeLessThan(incidents.length);
  const told = await Promise.all(incidents.map(async (id) => (await store.outbox.ofIncident(id)).map(({ channel }) => channel)));
  expect(told).toEqual(incidents.map((id) => (kept.includes(id) ? ['customers-email'] : [])));
});

it('keeps the newest run, verdict and success of each drill with all that they wrote, however old, and lets the others go with incidents of their age', async () => {
  const run = (executionId: string, name: string, day: number, outcome: DrillOutcome): readonly JournalEvent[] => {
    const [at, drill] = [day * DAY_MS, { kind: 'plan', name }] as const;
    return [
      { type: 'drill-announced', at: at - 1, drill, dueAt: at, targets: [] },
      { type: 'drill-started', at, executionId, drill, trigger: 'schedule', by: 'schedule', dueAt: at, targets: [] },
      { type: 'rollback-started', at, executionId, planId: name, planName: name, dryRun: true, context: { environment: 'production', trigger: 'automatic', metadata: {} }, steps: [] },
      { type: 'rollback-ended', at, executionId, outcome: 'success' },
      { type: 'drill-ended', at: at + 5, executionId, drill, tookMs: 5, outcome, steps: [], gaps: [], explanation: 'x' },
    ];
  };
  const skipped: DrillEvent = { type: 'drill-skipped', at: 50 * DAY_MS, drill: { kind: 'plan', name: 'flag' }, dueAt: 50 * DAY_MS, reason: 'missed', explanation: 'x' };
  await write([...run('oldest', 'flag', 1, 'passed'), ...run('success', 'flag', 10, 'passed'), ...run('between', 'flag', 20, 'failed'), ...run('verdict', 'flag', 30, 'failed'), ...run('last', 'flag', 40, 'cancelled'), { ...skipped, at: 45 * DAY_MS, dueAt: 45 * DAY_MS }, skipped, ...run('only', 'code', 5, 'passed')]);
  const before = await drillsThatStand();
  await compactAt(35 * DAY_MS);
  expect(await store.guard.entriesOfExecution('between'), 'not old enough').toHaveLength(4);
  expect(await store.guard.entriesOfExecution('oldest')).toEqual([]);
  await compactAt(2_000 * DAY_MS);
  expect(await drillsThatStand()).toEqual(before);
  const left = (await store.guard.entriesAfter(0, 1_000)).flatMap(({ event }) => ('executionId' in event ? [event.executionId] : 'drill' in event ? [`${event.drill.name} ${event.type} ${event.dueAt / DAY_MS}`] : []));
  expect(left).toEqual([...['success', 'verdict', 'last'].flatMap((id) => (id === 'last' ? ['flag drill-announced 40', id, id, id, id] : [id, id, id, id])), 'flag drill-skipped 50', 'code drill-announced 5', 'only', 'only', 'only', 'only']);
});

it('levels off: the file does not grow with the years', async () => {
  const sizes: number[] = [];
  const lines: number[] = [];
  const year = steadyHistory(300, 24);
  for (let start = 0; start < year.length; start += 150) {
    const batch = year.slice(start, start + 150);
    await write(batch);
    await compactAt(batch.at(-1)?.at ?? 0);
    sizes.push((await store.size()).bytes);
    lines.push((await store.size()).rows.journal);
  }
  const half = Math.floor(sizes.length / 2);
  expect(Math.max(...lines.slice(half))).toBeLessThanOrEqual(Math.max(...lines.slice(0, half)) + 20);
  // The write-ahead log reaches a page more or less from one checkpoint to the next.
  expect(Math.max(...sizes.slice(half))).toBeLessThanOrEqual(Math.max(...sizes.slice(0, half)) * 1.05);
});
