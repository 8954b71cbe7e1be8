import { BelayError } from '../fault/belay-error.js';
import type { GuardStore } from '../guard/guard-store.js';
import { untilWritten } from '../guard/until-written.js';
import { type DrillEvent, drillEventTypes, type DrillKind, type DrillStep, type DrillSubject } from '../incident/drill-event.js';
import type { JournalEvent } from '../incident/incident-event.js';
import type { Clock } from '../time/clock.js';
import { instantText } from '../time/instant-text.js';
import { type Drill, drillKey, drillText } from './drill.js';
import { applyToDrills, type DrillHistory, type PastDrill } from './drill-history.js';
import type { DrillPerformer } from './drill-performer.js';
import { DrillRun } from './drill-run.js';
import { type DueDrill, dueDrill, LATEST_START_MS, nextLookAt } from './due-drills.js';

/** What holds a drill back that is due by its schedule; `undefined` where nothing does. */
export type DrillObstacle = { readonly reason: 'paused' | 'frozen' | 'incident'; readonly explanation: string };

export interface DrillsPorts {
  readonly clock: Clock;
  readonly store: Pick<GuardStore, 'append' | 'entriesOfTypes'>;
  /** As the files declare them now. */
  readonly declared: () => readonly Drill[];
  readonly performers: Readonly<Record<DrillKind, DrillPerformer>>;
  /** Whose incidents end the drill; none: anybody's. */
  readonly targetsOf: (drill: Drill) => readonly string[];
  readonly documentedMsOf: (drill: Drill) => number | undefined;
  readonly obstacleTo: (targets: readonly string[], now: number) => DrillObstacle | undefined;
  /** Ends what a drill left behind in which Belay died. */
  readonly settle: (drill: Pick<Drill, 'kind' | 'name' | 'against' | 'settings'>, executionId: string) => Promise<void>;
  readonly newId: () => string;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
}

/** How often the schedules are looked at even where nothing is due: clocks are set, and files change. */
const LOOK_EVERY_MS = 60_000;

/**
 * Holds the drills, one after another: by their schedules, and when somebody asks. They never stand in the way of a real
 * rollback: they hold no lock of a target, count for no budget, and end at once when something real comes.
 */
export class Drills {
  readonly #ports: DrillsPorts;
  readonly #stopping = new AbortController();
  /** From when on each schedule counts, by subject and schedule. */
  #countsSince: ReadonlyMap<string, number> = new Map();
  #history: DrillHistory = new Map();
  #current: DrillRun | undefined;
  #loop: Promise<void> | undefined;

  constructor(ports: DrillsPorts) {
    this.#ports = ports;
  }

  get history(): DrillHistory {
    return this.#history;
  }

  /** The run that is under way: how far it is, where its kind tells. */
  get current(): { readonly executionId: string; readonly subject: DrillSubject; readonly shown: readonly DrillStep[] } | undefined {
    return this.#current;
  }

  /** `aliveAt`: when a daemon was last on guard, from which on schedules may have been missed. */
  async start(aliveAt: number): Promise<void> {
    const { store, settle, report } = this.#ports;
    for (const { event } of await store.entriesOfTypes(drillEventTypes, 0)) this.#history = applyToDrills(this.#history, event);
    this.#count(aliveAt);
    for (const { subject, last } of this.#history.values()) {
      if (last === undefined || last.endedAt !== undefined) continue;
      const settings = this.#ports.declared().find((drill) => drillKey(drill) === drillKey(subject) && drill.against === last.against)?.settings;
      await settle({ ...subject, against: last.against, settings }, last.executionId).catch((error: unknown) => report(error, { drill: drillText(subject) }));
      await this.#end(subject, last, { outcome: 'interrupted', steps: [], gaps: [], explanation: `Belay was stopped in the middle of it.${last.against === undefined ? '' : ' The systems that it was held on are as it left them.'}` });
    }
    this.#loop = this.#run();
  }

  /** The files have been read again: what is new counts from now on. */
  declare(): void {
    this.#count(this.#ports.clock.now());
  }

  /**
   * Begins a drill by hand; resolves with its id once that is durable. Freezes and pauses are for what happens by itself.
   * Rejects with BelayError `conflict` while another drill runs, or something real is going on.
   */
  async startByHand(drill: Drill, by: string): Promise<string> {
    const { clock, targetsOf, obstacleTo } = this.#ports;
    const running = this.#current;
    if (running !== undefined) throw new BelayError('conflict', `the ${drillText(running.subject)} is under way: wait for it, or cancel it`, { context: { executionId: running.executionId } });
    const obstacle = obstacleTo(targetsOf(drill), clock.now());
    if (obstacle?.reason === 'incident') throw new BelayError('conflict', `${obstacle.explanation}: no time for a drill`);
    return (await this.#begin(drill, { trigger: 'manual', by })).executionId;
  }

  /** Throws BelayError `not-found` where it does not run. Resolves once it has ended. */
  async cancel(executionId: string, by: string): Promise<void> {
    const run = this.#current;
    if (run?.executionId !== executionId) throw new BelayError('not-found', `no drill ${executionId} is under way`);
    run.cancel(`cancelled by ${by}`);
    await run.done;
  }

  /** Hears of journal lines once they are durable: something real ends a drill at once. */
  note(event: JournalEvent): void {
    const run = this.#current;
    if (run === undefined) return;
    if (event.type === 'incident-opened' || event.type === 'rung-started') {
      if (concerns(run, event.target)) run.cancel(`${event.target} has a real incident`);
    } else if (event.type === 'paused' && concerns(run, event.target)) {
      run.cancel(`${event.target ?? 'everything'} was paused by ${event.by}: ${event.reason}`);
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#current?.cancel('Belay is being stopped');
    await Promise.all([this.#loop, this.#current?.done]);
  }

  #count(sinceAt: number): void {
    const known = this.#countsSince;
    this.#countsSince = new Map(this.#ports.declared().map((drill) => [scheduleKey(drill), known.get(scheduleKey(drill)) ?? sinceAt]));
  }

  async #run(): Promise<void> {
    const { clock, declared, report } = this.#ports;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      for (const drill of declared()) await this.#look(drill).catch((error: unknown) => report(error, { drill: drillText(drill) }));
      const now = clock.now();
      const looks = declared().flatMap((drill) => nextLookAt(drill, now) ?? []);
      await clock.sleepUntil(Math.min(now + LOOK_EVERY_MS, ...looks), signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  async #look(drill: Drill): Promise<void> {
    const { clock, targetsOf, obstacleTo } = this.#ports;
    if (this.#isStopping()) return;
    const now = clock.now();
    const targets = targetsOf(drill);
    const due = dueDrill(drill, this.#history.get(drillKey(drill)), this.#countsSince.get(scheduleKey(drill)) ?? now, now);
    if (due === undefined) return;
    if (due.kind === 'announce') return this.#append({ type: 'drill-announced', at: now, drill: subjectOf(drill), dueAt: due.dueAt, targets, against: drill.against });
    const obstacle = due.kind === 'missed' ? missed(due) : obstacleTo(targets, now);
    if (obstacle !== undefined) return this.#append({ type: 'drill-skipped', at: now, drill: subjectOf(drill), dueAt: due.dueAt, ...obstacle });
    // One that somebody has begun by hand is waited for.
    await this.#current?.done;
    if (clock.now() - due.dueAt > LATEST_START_MS || this.#isStopping()) return this.#look(drill);
    const run = await this.#begin(drill, { trigger: 'schedule', by: 'schedule', dueAt: due.dueAt });
    await run.done;
  }

  async #begin(drill: Drill, how: { readonly trigger: 'schedule' | 'manual'; readonly by: string; readonly dueAt?: number }): Promise<DrillRun> {
    const { clock, performers, targetsOf, documentedMsOf, newId } = this.#ports;
    const subject = subjectOf(drill);
    const documentedMs = drill.withinMs ?? documentedMsOf(drill);
    const run = new DrillRun({ drill, subject, executionId: newId(), by: how.by, targets: targetsOf(drill), documentedMs }, performers[drill.kind], clock);
    this.#current = run;
    try {
      await this.#append({ type: 'drill-started', at: clock.now(), executionId: run.executionId, drill: subject, ...how, targets: run.targets, against: drill.against, documentedMs });
    } catch (error) {
      this.#current = undefined;
      throw error;
    }
    run.start(async (last, result) => {
      await this.#end(subject, last, result);
      this.#current = undefined;
    });
    return run;
  }

  /** A journal that refuses the end is asked again: otherwise the drill would seem to run for ever. */
  async #end(subject: DrillSubject, { executionId, startedAt }: Pick<PastDrill, 'executionId' | 'startedAt'>, result: Pick<Extract<DrillEvent, { type: 'drill-ended' }>, 'outcome' | 'steps' | 'gaps' | 'explanation'>): Promise<void> {
    const { clock, report } = this.#ports;
    const at = clock.now();
    const event = { type: 'drill-ended', at, executionId, drill: subject, tookMs: Math.max(0, at - startedAt), ...result } as const;
    const tell = (error: unknown): void => report(error, { drill: drillText(subject) });
    await untilWritten(() => this.#append(event), { clock, report: tell, giveUp: this.#stopping.signal }).catch(tell);
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #append(event: DrillEvent): Promise<void> {
    await this.#ports.store.append([event]);
    this.#history = applyToDrills(this.#history, event);
  }
}

function missed({ dueAt }: DueDrill): { readonly reason: 'missed'; readonly explanation: string } {
  return { reason: 'missed', explanation: `it was due at ${instantText(dueAt)}, when Belay was down or busy with another drill` };
}

function concerns({ targets }: DrillRun, target: string | undefined): boolean {
  return target === undefined || targets.length === 0 || targets.includes(target);
}

function subjectOf({ kind, name }: Drill): DrillSubject {
  return { kind, name };
}

function scheduleKey(drill: Drill): string {
  return `${drillKey(drill)} ${drill.schedule?.cron ?? ''} ${drill.schedule?.timezone ?? ''}`;
}
