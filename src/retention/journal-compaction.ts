import { setImmediate as otherWork } from 'node:timers/promises';
import { changeEventTypes } from '../guard/changes.js';
import type { GuardStore } from '../guard/guard-store.js';
import type { JournalEntry, JournalEvent } from '../incident/incident-event.js';
import { allButNewest, incidentsThatTrip, linesOfEndedPauses, markerLinesInForce, spentDrills } from './lines-in-force.js';
import { typesUnder } from './retention-rules.js';
import type { EndedIncident, RetentionStore } from './retention-store.js';

export interface CompactionPorts {
  readonly store: RetentionStore;
  readonly journal: Pick<GuardStore, 'incidents' | 'openIncidents' | 'entriesOfIncident' | 'entriesOfExecution'>;
  /** Makes sure that what must outlive the incident's lines is written; rejects when it is not, and the lines stay. */
  readonly beforeRemoval: (incidentId: string) => Promise<void>;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
}

export interface Compaction {
  readonly lines: number;
  readonly incidents: readonly string[];
}

/** Lines that one transaction removes, and that one look reads. */
const LINES_AT_ONCE = 500;
const INCIDENTS_AT_ONCE = 50;

/**
 * Removes from the journal what ended before an instant and says nothing about now. It works in small transactions,
 * between which the guard does its own work, and may be stopped or die after any of them: an incident loses the line that
 * ended it last, and a rollback its beginning before its end, so that nothing half removed looks unfinished. The lines that
 * make change markers go all at once: each speaks of the one before it, so that some of them without the others would say
 * something else.
 */
export class JournalCompaction {
  readonly #ports: CompactionPorts;
  readonly #signal: AbortSignal;
  readonly #now: number;
  /** Incidents that ended before it go. */
  readonly #before: number;
  #composedUpTo = 0;
  #lines = 0;
  readonly #incidents: string[] = [];

  constructor(ports: CompactionPorts, times: { readonly now: number; readonly before: number }, signal: AbortSignal) {
    this.#ports = ports;
    this.#now = times.now;
    this.#before = times.before;
    this.#signal = signal;
  }

  async run(): Promise<Compaction> {
    this.#composedUpTo = await this.#ports.store.composedUpTo();
    await this.#removeIncidents();
    await this.#removeMarkers();
    await this.#remove(await allButNewest(this.#old(typesUnder('newest-of-source'))));
    await this.#remove(await allButNewest(this.#old(typesUnder('newest-reset'))));
    await this.#remove(await linesOfEndedPauses(this.#old(typesUnder('while-paused'), this.#now), await this.#lastsSince()));
    await this.#removeDrills();
    for await (const page of this.#pages(typesUnder('by-age'), this.#before)) await this.#remove(page.map(({ seq }) => seq));
    return { lines: this.#lines, incidents: this.#incidents };
  }

  async #removeIncidents(): Promise<void> {
    const { store, beforeRemoval, report } = this.#ports;
    const trips = await incidentsThatTrip(this.#old(['incident-opened', 'rung-started', 'needs-human', 'budget-reset']));
    for (let afterSeq = 0; ; ) {
      const page = await store.endedIncidents(this.#before, afterSeq, INCIDENTS_AT_ONCE);
      for (const incident of page) {
        if (trips.has(incident.id) || (await this.#isNewest(incident))) continue;
        try {
          await beforeRemoval(incident.id);
          await this.#removeIncident(incident);
        } catch (error) {
          this.#signal.throwIfAborted();
          report(error, { incident: incident.id });
        }
      }
      const last = page.at(-1);
      if (last === undefined || page.length < INCIDENTS_AT_ONCE) return;
      afterSeq = last.endSeq;
    }
  }

  /** The alerts that its newest incident knows may fire still. */
  async #isNewest({ id, target }: EndedIncident): Promise<boolean> {
    const [newest] = await this.#ports.journal.incidents({ target, limit: 1 });
    return newest === id;
  }

  /** Its rollbacks' beginnings and ends stay: they may make change markers. */
  async #removeIncident({ id, endSeq }: EndedIncident): Promise<void> {
    const { store } = this.#ports;
    const lines = await store.linesOfIncident(id);
    if (lines.some(({ seq }) => seq > this.#composedUpTo)) return;
    const gone = lines.filter(({ seq, type }) => seq !== endSeq && type !== 'rollback-started' && type !== 'rollback-ended').map(({ seq }) => seq);
    await store.removeThreads(id);
    await this.#remove([...gone, endSeq]);
    this.#incidents.push(id);
  }

  /** Change markers that say nothing any more, and rollbacks whose incident is gone and that make none which says something. */
  async #removeMarkers(): Promise<void> {
    const staying = new Set<string>();
    const orphans: { readonly seq: number; readonly executionId: string }[] = [];
    for await (const { seq, event } of this.#old(['rollback-started', 'rollback-ended'])) {
      if (!('executionId' in event)) continue;
      const { executionId } = event;
      if (!('incidentId' in event) || event.incidentId === undefined || (await this.#ports.store.hasIncident(event.incidentId))) staying.add(executionId);
      else orphans.push({ seq, executionId });
    }
    const { spent, executions } = await markerLinesInForce(this.#old(changeEventTypes, Number.MAX_SAFE_INTEGER), this.#before, staying);
    const gone = [...spent, ...orphans.flatMap(({ seq, executionId }) => (executions.has(executionId) ? [] : [seq]))];
    await this.#remove(gone, gone.length);
  }

  /** A run's own line goes last, so that what is left of it is found again. */
  async #removeDrills(): Promise<void> {
    const { lines, runs } = await spentDrills(this.#old(typesUnder('newest-of-drill'), Number.MAX_SAFE_INTEGER), this.#before);
    await this.#remove(lines);
    for (const run of runs) {
      const entries = await this.#ports.journal.entriesOfExecution(run);
      if (entries.some(({ seq }) => seq > this.#composedUpTo)) continue;
      const own = entries.filter(({ event }) => event.type === 'drill-started' || event.type === 'drill-ended').at(-1)?.seq;
      await this.#remove([...entries.flatMap(({ seq }) => (seq === own ? [] : [seq])), ...(own === undefined ? [] : [own])]);
    }
  }

  /** What is open may ask which pauses there have been since it opened. */
  async #lastsSince(): Promise<number> {
    const { journal } = this.#ports;
    let since = this.#before;
    for (const id of await journal.openIncidents()) {
      const [opened] = await journal.entriesOfIncident(id);
      since = Math.min(since, opened?.event.at ?? since);
    }
    return since;
  }

  async *#old(types: readonly JournalEvent['type'][], before = this.#before): AsyncGenerator<JournalEntry> {
    for await (const page of this.#pages(types, before)) yield* page;
  }

  async *#pages(types: readonly JournalEvent['type'][], before: number): AsyncGenerator<readonly JournalEntry[]> {
    for (let afterSeq = 0; ; ) {
      const page = await this.#ports.store.oldLines(types, before, afterSeq, LINES_AT_ONCE);
      const last = page.at(-1);
      if (last === undefined) return;
      afterSeq = last.seq;
      yield page;
      await this.#giveWay();
    }
  }

  async #remove(seqs: readonly number[], atOnce = LINES_AT_ONCE): Promise<void> {
    const removable = seqs.filter((seq) => seq <= this.#composedUpTo);
    for (let start = 0; start < removable.length; start += atOnce) {
      const chunk = removable.slice(start, start + atOnce);
      await this.#ports.store.removeLines(chunk, this.#before, this.#now);
      this.#lines += chunk.length;
      await this.#giveWay();
    }
  }

  async #giveWay(): Promise<void> {
    await otherWork();
    this.#signal.throwIfAborted();
  }
}
