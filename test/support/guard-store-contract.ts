import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GuardStore } from '../../src/guard/guard-store.js';
import type { IncidentEvent, JournalEvent } from '../../src/incident/incident-event.js';
import type { Alert } from '../../src/trigger/alert.js';

export interface OpenGuardStore {
  readonly guard: GuardStore;
  close(): Promise<void>;
}

export function incidentOpened(incidentId: string, target: string, at: number): IncidentEvent {
  return { type: 'incident-opened', incidentId, target, at, environment: 'production', mode: 'enforce' };
}

export function alert(fingerprint: string, changes: Partial<Alert> = {}): Alert {
  return {
    trigger: 'CheckoutErrorRateHigh',
    target: 'checkout',
    labels: { job: 'checkout' },
    fingerprint,
    state: 'pending',
    health: 'ok',
    window: { countedMs: 15_000, streak: 2, lastBreachAt: 1_000 },
    activeAt: 1_000,
    lastSample: { kind: 'value', at: 1_000, value: 0.5 },
    ...changes,
  };
}

function rollbackStarted(executionId: string, at: number, incidentId?: string): JournalEvent {
  return {
    type: 'rollback-started',
    executionId,
    at,
    planId: 'checkout-flag-off',
    planName: 'Checkout flag off',
    dryRun: false,
    context: { environment: 'production', trigger: 'automatic', metadata: { since: new Date(at), ratio: Infinity } },
    steps: [],
    ...(incidentId === undefined ? {} : { incidentId }),
  };
}

const rollbackEnded = (executionId: string, at: number): JournalEvent => ({ type: 'rollback-ended', executionId, at, outcome: 'success' });

/** What every GuardStore must keep to. `open` gives an empty one. */
export function guardStoreContract(open: () => Promise<OpenGuardStore>): void {
  describe('keeps to the contract of a guard store', () => {
    let store: OpenGuardStore;
    let guard: GuardStore;
    beforeEach(async () => {
      store = await open();
      guard = store.guard;
    });
    afterEach(() => store.close());

    test('numbers events from 1 without a gap and gives them back as they were', async () => {
      expect(await guard.lastSeq()).toBe(0);
      const events = [incidentOpened('i1', 'checkout', 1_000), rollbackStarted('e1', 1_001, 'i1')];
      const appended = await guard.append(events);
      expect(appended).toEqual(events.map((event, index) => ({ seq: index + 1, event })));
      await guard.append([rollbackEnded('e1', 1_002)]);
      expect(await guard.entriesAfter(0, 10)).toEqual([...appended, { seq: 3, event: rollbackEnded('e1', 1_002) }]);
      expect((await guard.entriesAfter(1, 1)).map(({ seq }) => seq)).toEqual([2]);
      expect(await guard.lastSeq()).toBe(3);
    });

    test('keeps the order of appends that were asked for at the same time', async () => {
      const asked = Array.from({ length: 50 }, (_, index) => incidentOpened(`i${index}`, 'checkout', index));
      await Promise.all([...asked.map((event) => guard.append([event])), guard.lastSeq(), guard.saveValue('x', 'y')]);
      expect((await guard.entriesAfter(0, 100)).map(({ event }) => event)).toEqual(asked);
    });

    test('appends all or nothing', async () => {
      const circular: Record<string, unknown> = {};
      circular['self'] = circular;
      const bad = { ...rollbackStarted('e2', 2), context: { environment: 'x', trigger: 'manual', metadata: circular } } as JournalEvent;
      await expect(guard.append([incidentOpened('i1', 'checkout', 1), bad])).rejects.toThrow();
      expect(await guard.lastSeq()).toBe(0);
      expect((await guard.append([incidentOpened('i2', 'checkout', 2)]))[0]?.seq).toBe(1);
      expect(await guard.append([])).toEqual([]);
    });

    test('finds the entries of an incident, of an execution and of types since an instant', async () => {
      await guard.append([
        incidentOpened('i1', 'checkout', 1_000),
        incidentOpened('i2', 'cart', 1_001),
        rollbackStarted('e1', 1_002, 'i1'),
        { type: 'verification-started', incidentId: 'i1', target: 'checkout', executionId: 'e1', at: 1_003, holdMs: 1, timeoutMs: 2 },
        rollbackEnded('e1', 1_004),
      ]);
      const types = (entries: Awaited<ReturnType<GuardStore['entriesAfter']>>): string[] => entries.map(({ event }) => event.type);
      expect(types(await guard.entriesOfIncident('i1'))).toEqual(['incident-opened', 'rollback-started', 'verification-started']);
      expect(types(await guard.entriesOfExecution('e1'))).toEqual(['rollback-started', 'verification-started', 'rollback-ended']);
      expect((await guard.entriesOfTypes(['incident-opened', 'rollback-ended'], 1_001)).map(({ seq }) => seq)).toEqual([2, 5]);
      expect(await guard.entriesOfIncident('nobody')).toEqual([]);
    });

    test('tells what is unfinished, oldest first', async () => {
      await guard.append([
        incidentOpened('i1', 'a', 1),
        incidentOpened('i2', 'b', 2),
        incidentOpened('i3', 'c', 3),
        rollbackStarted('e1', 4),
        rollbackStarted('e2', 5),
        rollbackStarted('e3', 6),
        rollbackEnded('e2', 7),
        { type: 'incident-recovered', incidentId: 'i1', target: 'a', at: 8, how: 'rolled-back', explanation: 'well again' },
        { type: 'incident-closed', incidentId: 'i3', target: 'c', at: 9, by: 'ana', reason: 'done' },
      ]);
      expect(await guard.unfinishedExecutions()).toEqual(['e1', 'e3']);
      expect(await guard.openIncidents()).toEqual(['i2']);
    });

    test('pages through incidents, newest first', async () => {
      await guard.append(['i1', 'i2', 'i3', 'i4'].map((id, index) => incidentOpened(id, index === 1 ? 'cart' : 'checkout', 10 - index)));
      expect(await guard.incidents({ limit: 2 })).toEqual(['i4', 'i3']);
      expect(await guard.incidents({ limit: 2, beforeId: 'i3' })).toEqual(['i2', 'i1']);
      expect(await guard.incidents({ limit: 5, target: 'checkout', beforeId: 'i4' })).toEqual(['i3', 'i1']);
      await expect(guard.incidents({ limit: 5, beforeId: 'nobody' })).rejects.toMatchObject({ code: 'not-found' });
    });

    test('replaces alerts by fingerprint and forgets inactive ones', async () => {
      await guard.saveAlerts([alert('a'), alert('b', { lastValue: { at: 1, value: Infinity }, clearedAt: undefined })]);
      await guard.saveAlerts([alert('a', { state: 'firing', firedAt: 9 }), alert('c')]);
      expect(await guard.loadAlerts()).toEqual([alert('a', { state: 'firing', firedAt: 9 }), alert('b', { lastValue: { at: 1, value: Infinity } }), alert('c')]);
      await guard.saveAlerts([alert('a', { state: 'inactive' }), alert('never-seen', { state: 'inactive' })]);
      expect((await guard.loadAlerts()).map(({ fingerprint }) => fingerprint)).toEqual(['b', 'c']);
    });

    test('takes ten thousand alerts at once', async () => {
      const many = Array.from({ length: 10_000 }, (_, index) => alert(`f${String(index).padStart(5, '0')}`));
      await guard.saveAlerts(many);
      expect(await guard.loadAlerts()).toEqual(many);
    });

    test('keeps small values', async () => {
      expect(await guard.loadValue('alive-at')).toBeUndefined();
      await guard.saveValue('alive-at', '1');
      await guard.saveValue('alive-at', '2');
      expect(await guard.loadValue('alive-at')).toBe('2');
    });
  });
}
