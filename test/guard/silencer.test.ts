import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Silencer, type SilencerPorts } from '../../src/guard/silencer.js';
import type { JournalEvent } from '../../src/incident/incident-event.js';
import type { Mode } from '../../src/trigger/trigger.js';
import { MemoryGuardStore } from '../../src/scenario/memory-store.js';
import { parseAlertMatch } from '../../src/source/alert-match.js';
import { createSilences } from '../../src/source/silences.js';
import { systemClock, type Clock } from '../../src/time/clock.js';
import { startAlertmanager, type AlertmanagerServer } from '../support/alertmanager-server.js';
import { incidentOpened } from '../support/guard-store-contract.js';

interface WrittenSilence {
  readonly id: string;
  readonly comment: string;
  readonly createdBy: string;
  readonly endsAt: string;
  readonly status: { readonly state: string };
  readonly matchers: readonly unknown[];
}

let server: AlertmanagerServer;
let store: MemoryGuardStore;
let silencers: Silencer[] = [];
let incident = 0;
beforeAll(async () => {
  server = await startAlertmanager({ route: { receiver: 'nobody' }, receivers: [{ name: 'nobody' }] });
});
afterAll(() => server.stop());
beforeEach(() => {
  store = new MemoryGuardStore();
  incident += 1;
});
afterEach(async () => {
  for (const silencer of silencers) await silencer.stop();
  silencers = [];
});

const id = (): string => `incident-${incident}`;
/** Waits for nothing, since only the tries of a fault are waited for. */
const impatient: Clock = { now: () => systemClock.now(), elapsedMs: () => systemClock.elapsedMs(), sleepUntil: () => Promise.resolve() };

async function silencer(changes: Partial<SilencerPorts> & { readonly url?: string } = {}): Promise<Silencer> {
  const { url = server.url, ...ports } = changes;
  const made = new Silencer({
    clock: impatient,
    store,
    settingsOf: (target) => (target === 'shop' ? { source: 'am', match: parseAlertMatch({ service: 'shop', severity: '!~P1|P2' }), forMs: 3_600_000 } : undefined),
    silencesOf: () => createSilences({ type: 'alertmanager', name: 'am', url, intervalMs: 1_000, timeoutMs: 2_000, headers: {}, settleMs: 0 }),
    report: (error) => {
      throw error;
    },
    ...ports,
  });
  await made.restore();
  silencers.push(made);
  return made;
}

const rung = (changes: { readonly target?: string; readonly mode?: Mode } = {}): JournalEvent => ({ type: 'rung-started', incidentId: id(), target: 'shop', at: 1, level: 1, planId: 'p', executionId: 'e', mode: 'enforce', trigger: 'automatic', by: 'x', reason: 'y', ...changes });
const recovered = (): JournalEvent => ({ type: 'incident-recovered', incidentId: id(), target: 'shop', at: 2, how: 'rolled-back', explanation: 'well' });

async function told(own: Silencer, ...events: readonly JournalEvent[]): Promise<void> {
  for (const event of events) {
    await store.append([event]);
    own.note({ event });
  }
  await own.idle();
}

async function silences(state: string): Promise<readonly WrittenSilence[]> {
  const all = (await (await fetch(`${server.url}/api/v2/silences`)).json()) as readonly WrittenSilence[];
  return all.filter(({ comment, status }) => comment.includes(`(${id()})`) && status.state === state);
}

const journal = (): readonly string[] => store.entries.map(({ event }) => event.type).filter((type) => type.startsWith('silence'));

describe('a real Alertmanager', () => {
  test('is quietened once from the first rung to the end of the incident', async () => {
    const own = await silencer();
    await told(own, incidentOpened(id(), 'shop', 0), rung(), rung());
    const [silence, ...more] = await silences('active');
    expect(more).toEqual([]);
    expect(silence).toMatchObject({
      createdBy: 'belay',
      matchers: [{ name: 'service', value: 'shop', isRegex: false, isEqual: true }, { name: 'severity', value: 'P1|P2', isRegex: true, isEqual: false }],
    });
    expect(Date.parse(silence!.endsAt) - systemClock.now()).toBeGreaterThan(3_500_000);
    await told(own, recovered());
    expect([await silences('active'), (await silences('expired')).length]).toEqual([[], 1]);
    expect(journal()).toEqual(['silence-created', 'silence-removed']);
  });

  test('is not quietened for a dry run, or a target that does not ask for it', async () => {
    const own = await silencer();
    await told(own, rung({ mode: 'dry-run' }), rung({ target: 'other' }), recovered());
    expect([await silences('active'), journal()]).toEqual([[], []]);
  });

  test('a restart ends what is left of an incident that is over, and keeps what is not', async () => {
    await told(await silencer(), incidentOpened(id(), 'shop', 0), rung());
    const again = await silencer();
    await told(again, rung());
    expect(await silences('active')).toHaveLength(1);
    // The end of the incident becomes durable, and then Belay dies.
    await store.append([recovered()]);
    const last = await silencer();
    await last.idle();
    expect(await silences('active')).toEqual([]);
    expect(journal()).toEqual(['silence-created', 'silence-removed']);
  });

  test('a silence that was made just before a crash is taken up, not made twice', async () => {
    await told(await silencer({ store: { append: () => Promise.reject(new Error('it dies here')), entriesOfTypes: () => Promise.resolve([]), openIncidents: () => Promise.resolve([]) }, report: () => undefined }), rung());
    await told(await silencer(), rung());
    expect(await silences('active')).toHaveLength(1);
  });

  test('one that somebody else has ended is no fault', async () => {
    const own = await silencer();
    await told(own, rung());
    const [silence] = await silences('active');
    await fetch(`${server.url}/api/v2/silence/${silence!.id}`, { method: 'DELETE' });
    await told(own, recovered());
    expect(journal()).toEqual(['silence-created', 'silence-removed']);
  });
});

test('one that cannot be reached is told, and nothing else', async () => {
  const own = await silencer({ url: 'http://127.0.0.1:9' });
  await told(own, rung(), recovered());
  expect(store.entries.flatMap(({ event }) => (event.type === 'silence-failed' ? [[event.doing, event.message]] : []))).toEqual([['create', expect.stringContaining('refused the connection')]]);
});

test('a source that is gone after a reload is told', async () => {
  const own = await silencer({ silencesOf: () => undefined });
  await told(own, rung());
  expect(journal()).toEqual(['silence-failed']);
});

test('one that cannot be ended, since its source is gone after a reload, is told', async () => {
  let gone = false;
  const own = await silencer({
    silencesOf: () => (gone ? undefined : createSilences({ type: 'alertmanager', name: 'am', url: server.url, intervalMs: 1_000, timeoutMs: 2_000, headers: {}, settleMs: 0 })),
  });
  await told(own, rung());
  gone = true;
  await told(own, recovered());
  expect(journal()).toEqual(['silence-created', 'silence-failed']);
  expect(await silences('active')).toHaveLength(1);
});
