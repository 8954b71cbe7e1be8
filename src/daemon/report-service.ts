import { isDrillEvent } from '../drill/drill-history.js';
import { BelayError } from '../fault/belay-error.js';
import type { Guard } from '../guard/guard.js';
import type { GuardStore } from '../guard/guard-store.js';
import { lastDeployAt } from '../guard/changes.js';
import type { ReportFormat } from '../http/request-schemas.js';
import type { ReportApi } from '../http/report-routes.js';
import { drillEventTypes } from '../incident/drill-event.js';
import { foldIncident, type Incident } from '../incident/incident.js';
import type { JournalEntry } from '../incident/incident-event.js';
import type { ReportSettings } from '../config/config.js';
import { isForCustomers } from '../notify/message.js';
import type { Outbox } from '../notify/outbox.js';
import { type CustomersTold, customersTold } from '../report/customers-told.js';
import type { RememberedSeries } from '../report/incident-plots.js';
import type { IncidentReport } from '../report/incident-report.js';
import { periodMarkdown } from '../report/period-text.js';
import { periodReport } from '../report/period-report.js';
import type { ReportFields } from '../report/report-fields.js';
import { ReportFolder } from '../report/report-folder.js';
import { reportHtml } from '../report/report-html.js';
import { makeIncidentReport } from '../report/report-maker.js';
import { reportMarkdown } from '../report/report-markdown.js';
import { REMOVED_BEFORE } from '../retention/retention-store.js';
import type { Redactor } from '../secret/redactor.js';
import type { Source } from '../source/source.js';
import type { Clock } from '../time/clock.js';

export interface ReportServicePorts {
  readonly guard: Guard;
  readonly store: GuardStore;
  readonly outbox: Pick<Outbox, 'cursor' | 'ofIncident'>;
  /** Whether there are channels to customers. */
  readonly hasCustomers: () => boolean;
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly settings: () => ReportSettings;
  readonly sources: () => ReadonlyMap<string, Source>;
  readonly remembered: RememberedSeries;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
}

/** Incidents that ended while no daemon lived to write their report are looked for among the newest ones. */
const LOOKED_BACK = 50;
const MOST_INCIDENTS = 500;
/** What customers are told of the end goes out at the same moment: a written report waits for it so long, and looks so often. */
const WAIT_FOR_CUSTOMERS_MS = 60_000;
const LOOK_EVERY_MS = 250;

/** Makes reports when they are asked for, and writes them into their folder when an incident ends. */
export class ReportService implements ReportApi {
  readonly #ports: ReportServicePorts;
  readonly #stopping = new AbortController();
  /** Reports are written one after another. */
  #writing: Promise<void> = Promise.resolve();

  constructor(ports: ReportServicePorts) {
    this.#ports = ports;
  }

  async incidentReport(id: string, format: ReportFormat): Promise<string> {
    const entries = await this.#ports.store.entriesOfIncident(id);
    const incident = foldIncident(entries);
    if (incident === undefined) throw new BelayError('not-found', `there is no incident ${id}`);
    const report = await this.#make(incident, await this.#customersTold(id, entries));
    const fields = await this.#fieldsOf(incident);
    switch (format) {
      case 'json':
        return JSON.stringify({ ...report, fields });
      case 'markdown':
        return reportMarkdown(report, fields);
      case 'html':
        return reportHtml(report, fields);
      default:
        return format satisfies never;
    }
  }

  async periodReport(periodMs: number, format: 'json' | 'markdown'): Promise<string> {
    const { store, guard, clock } = this.#ports;
    const toAt = clock.now();
    const incidents = await this.#incidentsSince(store, toAt - periodMs);
    const deploys = guard.changes.filter(({ kind }) => kind === 'deploy');
    const removedBefore = Number((await store.loadValue(REMOVED_BEFORE)) ?? -Infinity);
    const drills = (await store.entriesOfTypes(drillEventTypes, toAt - periodMs)).flatMap(({ event }) => (isDrillEvent(event) ? [event] : []));
    const report = periodReport(incidents, deploys, toAt - periodMs, toAt, drills, removedBefore);
    return format === 'json' ? JSON.stringify(report) : periodMarkdown(report);
  }

  /** Writes what ended while nobody was there to write it. */
  async start(): Promise<void> {
    const { store, settings } = this.#ports;
    if (settings().directory === undefined) return;
    for (const id of await store.incidents({ limit: LOOKED_BACK })) {
      const entries = await store.entriesOfIncident(id);
      const isOver = entries.some(({ event }) => ends(event.type));
      if (isOver && !entries.some(({ event }) => event.type === 'report-written')) this.#enqueue(id);
    }
  }

  /** Resolves once the report of an ended incident is in its folder, where there is one; rejects when it could not be written. */
  async writeIfMissing(incidentId: string): Promise<void> {
    if (this.#ports.settings().directory === undefined) return;
    const entries = await this.#ports.store.entriesOfIncident(incidentId);
    if (entries.some(({ event }) => event.type === 'report-written')) return;
    const written = this.#writing.then(() => this.#write(incidentId));
    this.#writing = written.catch(() => undefined);
    await written;
  }

  /** Hears of journal lines once they are durable. */
  noteJournaled({ event }: JournalEntry): void {
    if ((event.type === 'incident-recovered' || event.type === 'incident-closed') && this.#ports.settings().directory !== undefined) this.#enqueue(event.incidentId);
  }

  /** Resolves once nothing more is being written. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#writing;
  }

  #enqueue(incidentId: string): void {
    this.#writing = this.#writing.then(() => this.#write(incidentId)).catch((error: unknown) => this.#ports.report(error, { incident: incidentId }));
  }

  async #write(incidentId: string): Promise<void> {
    const { store, settings, clock } = this.#ports;
    const { directory } = settings();
    const entries = await store.entriesOfIncident(incidentId);
    const incident = foldIncident(entries);
    if (directory === undefined || incident === undefined) return;
    const folder = new ReportFolder(directory);
    const path = await folder.write(await this.#make(incident, await this.#customersToldAtLast(incidentId, entries)), folder.pathOf(incident));
    await store.append([{ type: 'report-written', incidentId, target: incident.target, at: clock.now(), path }]);
  }

  async #make(incident: Incident, customers: CustomersTold): Promise<IncidentReport> {
    const { guard, clock, redactor, settings, sources } = this.#ports;
    const { targets, triggers } = guard.declaration;
    const report = await makeIncidentReport(
      incident,
      {
        targets,
        triggers,
        sources: sources(),
        measures: settings().impact,
        deploys: guard.changes.filter(({ kind }) => kind === 'deploy'),
        changes: { lastDeployAt: (target, at) => lastDeployAt(guard.changes, target, at) },
        remembered: this.#ports.remembered,
        customers,
      },
      clock,
    );
    return redactor.data(report);
  }

  /** Waits a little for messages that are on their way. */
  async #customersToldAtLast(incidentId: string, entries: readonly JournalEntry[]): Promise<CustomersTold> {
    const { clock } = this.#ports;
    const { signal } = this.#stopping;
    const untilMs = clock.elapsedMs() + WAIT_FOR_CUSTOMERS_MS;
    for (;;) {
      const customers = await this.#customersTold(incidentId, entries);
      const isSettled = customers.areAllWritten && customers.messages.every(({ state }) => state !== 'waiting');
      if (isSettled || signal.aborted || clock.elapsedMs() >= untilMs) return customers;
      await clock.sleepUntil(clock.now() + LOOK_EVERY_MS, signal).catch(() => undefined);
    }
  }

  async #customersTold(incidentId: string, entries: readonly JournalEntry[]): Promise<CustomersTold> {
    const { outbox, hasCustomers } = this.#ports;
    // First how far the messages are written: what is written meanwhile is found below.
    const areAllWritten = !hasCustomers() || (await outbox.cursor()) >= (entries.at(-1)?.seq ?? 0);
    const records = await outbox.ofIncident(incidentId);
    const messages = records.flatMap(({ channel, message, state, createdAt, settledAt, lastError }) => (isForCustomers(channel) ? [{ channel, title: message.title, state, at: settledAt ?? createdAt, error: lastError }] : []));
    return customersTold(messages, areAllWritten);
  }

  async #fieldsOf(incident: Incident): Promise<ReportFields> {
    const { directory } = this.#ports.settings();
    if (directory === undefined) return {};
    const folder = new ReportFolder(directory);
    return folder.fieldsIn(folder.pathOf(incident));
  }

  async #incidentsSince(store: GuardStore, fromAt: number): Promise<readonly Incident[]> {
    const found: Incident[] = [];
    for (let beforeId: string | undefined; ; ) {
      const ids = await store.incidents({ limit: MOST_INCIDENTS, beforeId });
      for (const id of ids) {
        const incident = foldIncident(await store.entriesOfIncident(id));
        if (incident === undefined) continue;
        if (incident.openedAt < fromAt) return found;
        found.push(incident);
      }
      beforeId = ids.at(-1);
      if (beforeId === undefined || ids.length < MOST_INCIDENTS) return found;
    }
  }
}

function ends(type: JournalEntry['event']['type']): boolean {
  return type === 'incident-recovered' || type === 'incident-closed';
}
