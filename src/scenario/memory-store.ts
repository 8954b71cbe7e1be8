import { BelayError } from '../fault/belay-error.js';
import type { GuardStore } from '../guard/guard-store.js';
import type { JournalEntry, JournalEvent } from '../incident/incident-event.js';
import type { Alert } from '../trigger/alert.js';

/** Everything that the guard must not forget, for as long as one scenario lasts. */
export class MemoryGuardStore implements GuardStore {
  readonly #entries: JournalEntry[] = [];
  readonly #alerts = new Map<string, Alert>();
  readonly #values = new Map<string, string>();

  get entries(): readonly JournalEntry[] {
    return this.#entries;
  }

  // Async for what it throws; it has no await, so that appends keep the order in which they are called.
  // eslint-disable-next-line @typescript-eslint/require-await
  async append(events: readonly JournalEvent[]): Promise<readonly JournalEntry[]> {
    // Nothing that a caller does to its event afterwards may change the past; and what cannot be written is refused.
    const copies = events.map((event) => frozenCopy(event, new Set()) as JournalEvent);
    const appended = copies.map((event, index): JournalEntry => ({ seq: this.#entries.length + index + 1, event }));
    for (const entry of appended) this.#entries.push(entry);
    return appended;
  }

  entriesAfter(seq: number, limit: number): Promise<readonly JournalEntry[]> {
    return Promise.resolve(this.#entries.slice(seq, seq + limit));
  }

  lastSeq(): Promise<number> {
    return Promise.resolve(this.#entries.length);
  }

  entriesOfIncident(incidentId: string): Promise<readonly JournalEntry[]> {
    return Promise.resolve(this.#entries.filter(({ event }) => 'incidentId' in event && event.incidentId === incidentId));
  }

  entriesOfExecution(executionId: string): Promise<readonly JournalEntry[]> {
    return Promise.resolve(this.#entries.filter(({ event }) => 'executionId' in event && event.executionId === executionId));
  }

  entriesOfTypes(types: readonly JournalEvent['type'][], sinceAt: number): Promise<readonly JournalEntry[]> {
    return Promise.resolve(this.#entries.filter(({ event }) => types.includes(event.type) && event.at >= sinceAt));
  }

  unfinishedExecutions(): Promise<readonly string[]> {
    const unfinished = new Set<string>();
    for (const { event } of this.#entries) {
      if (event.type === 'rollback-started') unfinished.add(event.executionId);
      if (event.type === 'rollback-ended') unfinished.delete(event.executionId);
    }
    return Promise.resolve([...unfinished]);
  }

  openIncidents(): Promise<readonly string[]> {
    const open = new Set<string>();
    for (const { event } of this.#entries) {
      if (event.type === 'incident-opened') open.add(event.incidentId);
      if (event.type === 'incident-recovered' || event.type === 'incident-closed') open.delete(event.incidentId);
    }
    return Promise.resolve([...open]);
  }

  incidents({ target, limit, beforeId }: Parameters<GuardStore['incidents']>[0]): Promise<readonly string[]> {
    const opened = this.#entries.flatMap(({ event }) => (event.type === 'incident-opened' ? [event] : []));
    const end = beforeId === undefined ? opened.length : opened.findIndex(({ incidentId }) => incidentId === beforeId);
    if (end === -1) return Promise.reject(new BelayError('not-found', `There is no incident ${beforeId ?? ''}.`, { context: { beforeId } }));
    const wanted = opened.slice(0, end).filter((event) => target === undefined || event.target === target);
    return Promise.resolve(wanted.reverse().slice(0, limit).map(({ incidentId }) => incidentId));
  }

  saveAlerts(alerts: readonly Alert[]): Promise<void> {
    for (const alert of alerts) {
      if (alert.state === 'inactive') this.#alerts.delete(alert.fingerprint);
      // Alerts are made anew with every move and never changed, so the object itself is kept.
      else this.#alerts.set(alert.fingerprint, alert);
    }
    return Promise.resolve();
  }

  loadAlerts(): Promise<readonly Alert[]> {
    return Promise.resolve([...this.#alerts.values()].sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)));
  }

  saveValue(name: string, value: string): Promise<void> {
    this.#values.set(name, value);
    return Promise.resolve();
  }

  loadValue(name: string): Promise<string | undefined> {
    return Promise.resolve(this.#values.get(name));
  }
}

/** Dates and the numbers that JSON lacks stay what they are, as in the store on disk. */
function frozenCopy(value: unknown, above: Set<object>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return new Date(value);
  if (above.has(value)) throw new TypeError('a value that contains itself cannot be written to a journal');
  above.add(value);
  const copy = Array.isArray(value)
    ? value.map((item) => frozenCopy(item, above))
    : Object.fromEntries(Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, frozenCopy(item, above)]])));
  above.delete(value);
  return Object.freeze(copy);
}
