import type { Config } from '../../src/config/config.js';
import { BelayError, errorText } from '../../src/fault/belay-error.js';
import type { JournalEntry, JournalEvent } from '../../src/incident/incident-event.js';
import type { AlertNotice } from '../../src/source/received-alert.js';
import { VirtualClock } from '../../src/time/virtual-clock.js';
import { Chance } from './chance.js';
import { Disk } from './disk.js';
import { Edge } from './edge.js';
import { type Answer, FrontDoor, type Question } from './front-door.js';
import { type ConfigurationName, type GuardedConfigurations, tokens } from './guarded-configurations.js';
import { DAY_MS, type Happening, happeningsOf, type When } from './happening.js';
import { historyLine } from './history-line.js';
import { Life, type Outside } from './life.js';
import { memoryText, Oracle, type Violation } from './oracle.js';
import { channelTo, outboxOn, type OutsideParts, receivedOn, sourceOf, storeOn, Worker } from './outside.js';
import { World } from './world.js';

/** 2026-01-01T00:00:00Z. */
const START_AT = 1_767_225_600_000;
const CHANNELS = ['slack', 'email'] as const;
/** A step that has not ended by then is left to the next life. */
const STOP_GRACE_MS = 20_000;
/** Whoever watches over the daemon starts it again so long after it could not start. */
const START_AGAIN_MS = 10_000;

/** One of so many seeds has a daemon that keeps everything in the product's own store: a day takes seven times as long with it. */
const IN_FILE_EVERY = 16;

/** What happened in one history, and where a promise was broken. */
export interface History {
  readonly seed: number;
  readonly happenings: readonly Happening[];
  readonly violations: readonly Violation[];
  /** Everything that happened, a line each: the same seed gives the same lines. */
  readonly lines: readonly string[];
}

/** A bug planted on purpose, to see it found. */
export interface Sabotage {
  readonly config?: (config: Config) => Config;
  readonly outside?: (outside: Outside) => Outside;
}

export interface SimulateOptions {
  readonly happenings?: readonly Happening[] | undefined;
  readonly sabotage?: Sabotage | undefined;
  readonly store?: 'in-memory' | 'in-file' | undefined;
}

/** Lives through one simulated day. The same seed, happenings and sabotage give the same history. */
export async function simulate(seed: number, configurations: GuardedConfigurations, { happenings = happeningsOf(seed), sabotage = {}, store = seed % IN_FILE_EVERY === 0 ? 'in-file' : 'in-memory' }: SimulateOptions = {}): Promise<History> {
  const clock = new VirtualClock(START_AT);
  const disk = store === 'in-file' ? await Disk.inFile(clock) : Disk.inMemory();
  return new Simulation(seed, happenings, configurations, sabotage, clock, disk).run();
}

class Simulation {
  readonly #seed: number;
  readonly #happenings: readonly Happening[];
  readonly #configurations: GuardedConfigurations;
  readonly #sabotage: Sabotage;
  readonly #clock: VirtualClock;
  readonly #world: World;
  readonly #oracle: Oracle;
  readonly #chance: Chance;
  readonly #disk: Disk;
  readonly #lines: string[] = [];
  readonly #ids = new Map<string, number>();
  /** Work of the killed that goes on in the world, by attempt. */
  readonly #leftBehind = new Map<string, () => void>();
  /** What waits for an event, and how often that has come so far. */
  readonly #awaited: { readonly on: JournalEvent['type']; left: number; readonly act: () => void }[] = [];
  #offsetMs = 0;
  /** What the files say now, and how many readings of them have not come to their end. */
  #files: ConfigurationName = 'first';
  #reloading = 0;
  #life: Life | undefined;
  #openDoor: FrontDoor | undefined;
  #edge = new Edge();
  #memoryAtStop: string | undefined;

  constructor(seed: number, happenings: readonly Happening[], configurations: GuardedConfigurations, sabotage: Sabotage, clock: VirtualClock, disk: Disk) {
    this.#seed = seed;
    this.#clock = clock;
    this.#disk = disk;
    this.#happenings = happenings;
    this.#configurations = configurations;
    this.#sabotage = sabotage;
    this.#world = new World(seed, START_AT, happenings);
    this.#oracle = new Oracle(configurations.first.policy, () => this.#clock.now());
    this.#chance = new Chance(`history ${seed}`);
  }

  async run(): Promise<History> {
    for (const happening of this.#happenings) this.#prepare(happening);
    void this.#begin();
    await this.#clock.advanceTo(START_AT + DAY_MS);
    this.#edge.die();
    const { entries, waiting } = await this.#disk.end(CHANNELS);
    this.#oracle.atEnd(entries, waiting, CHANNELS);
    return { seed: this.#seed, happenings: this.#happenings, violations: this.#oracle.violations, lines: this.#lines };
  }

  #prepare(happening: Happening): void {
    switch (happening.kind) {
      case 'breach':
        this.#at(happening, () => {
          this.#note(`${happening.service} breaks: ${happening.what}, for ${happening.forMs} ms, cured by ${happening.curedBy ?? 'nothing'}`);
          this.#world.break(happening.service);
        });
        break;
      case 'source-fault':
      case 'step-fault':
      case 'store-fault':
      case 'channel-fault':
        this.#at(happening, () => {
          const { kind, how, forMs } = happening;
          this.#note(`${kind}: ${'source' in happening ? `${happening.source} ` : ''}${'channel' in happening ? `${happening.channel} ` : ''}${how}, for ${forMs} ms`);
        });
        break;
      case 'page':
        this.#at(happening, () => void this.#page(happening));
        break;
      case 'kill':
        this.#when(happening.when, () => {
          this.#edge.arm(happening.calls, happening.side, () => {
            this.#kill(happening.downForMs);
          });
        });
        break;
      case 'stop':
        this.#at(happening, () => void this.#stop(happening.downForMs));
        break;
      case 'clock-step':
        this.#at(happening, () => {
          this.#note(`Belay's clock is set ${happening.byMs < 0 ? 'back' : 'forward'} by ${Math.abs(happening.byMs)} ms`);
          this.#offsetMs += happening.byMs;
          this.#oracle.clockStepped();
        });
        break;
      case 'reload':
        this.#when(happening.when, () => {
          this.#reload(happening.to);
        });
        break;
      case 'failed-commit':
        this.#when(happening.when, () => {
          this.#disk.nextCommit = {
            isApplied: happening.isApplied,
            failed: () => {
              this.#failedToCommit(happening);
            },
          };
        });
        break;
      case 'act':
        this.#when(happening.when, () => {
          this.#act(happening);
        });
        break;
      default:
        happening satisfies never;
    }
  }

  #at({ atMs }: { readonly atMs: number }, act: () => void): void {
    void this.#clock.sleepUntil(START_AT + atMs).then(act);
  }

  #when(when: When, act: () => void): void {
    if ('atMs' in when) this.#at(when, act);
    else this.#awaited.push({ on: when.on, left: when.nth, act });
  }

  #note(text: string): void {
    this.#lines.push(historyLine(this.#clock.now() - START_AT, text));
  }

  /** A life begins. */
  async #begin(): Promise<void> {
    const kept = await this.#disk.open();
    const edge = new Edge();
    this.#edge = edge;
    const { clock, world, oracle, chance } = { clock: this.#clock, world: this.#world, oracle: this.#oracle, chance: this.#chance };
    const disk = this.#disk;
    disk.isGone = false;
    const parts: OutsideParts = { clock, world, oracle, edge, chance, disk, kept, offsetMs: () => this.#offsetMs };
    oracle.goesBy([this.#files]);
    const outside: Outside = {
      clock: edge.clock(clock, () => this.#offsetMs),
      store: storeOn(parts, (entries) => {
        this.#appended(entries);
      }),
      received: receivedOn(parts),
      outbox: outboxOn(parts),
      channels: CHANNELS.map((name) => channelTo(name, parts)),
      sources: new Map([sourceOf('prometheus', parts), sourceOf('health', parts)].map((source) => [source.name, source])),
      worker: new Worker(parts, this.#leftBehind),
      files: () => this.#config(),
      newId: (kind) => this.#newId(kind),
      random: () => chance.next(),
      report: (error) => {
        if (edge.isAlive()) this.#reported(error);
      },
    };
    const life = new Life(this.#sabotage.outside?.(outside) ?? outside);
    this.#life = life;
    const memory = this.#memoryAtStop;
    this.#memoryAtStop = undefined;
    this.#note('Belay starts');
    void life.start().then(
      () => {
        if (memory !== undefined) this.#oracle.restored(memory, this.#memoryOf(life));
      },
      (error: unknown) => {
        this.#reported(error);
        if (edge.isAlive()) this.#kill(START_AGAIN_MS);
      },
    );
  }

  /** As by `kill -9`. */
  #kill(downForMs: number): void {
    if (!this.#edge.isAlive()) return;
    this.#note(`Belay dies, for ${downForMs} ms`);
    this.#edge.die();
    this.#life = undefined;
    this.#openDoor = undefined;
    this.#disk.close();
    void this.#clock.sleepUntil(this.#clock.now() + downForMs).then(() => this.#begin());
  }

  async #stop(downForMs: number): Promise<void> {
    const { life, edge } = { life: this.#life, edge: this.#edge };
    if (life === undefined) return;
    this.#note('Belay is told to stop');
    const left = this.#clock.sleepUntil(this.#clock.now() + STOP_GRACE_MS).then(() => 'left' as const);
    const ended = await Promise.race([life.stop().then(() => 'clean' as const), left]);
    if (!edge.isAlive()) return;
    if (ended === 'clean' && !this.#disk.isGone && life.config === this.#config()) this.#memoryAtStop = this.#memoryOf(life);
    this.#kill(downForMs);
  }

  #config(): Config {
    const config = this.#configurations[this.#files];
    return this.#sabotage.config?.(config) ?? config;
  }

  #memoryOf({ guard, config }: Life): string {
    return memoryText(guard.openIncidents, config.triggers.flatMap(({ name }) => guard.alertsOf(name)), guard.pauses);
  }

  #reload(to: ConfigurationName | undefined): void {
    const { life, edge } = { life: this.#life, edge: this.#edge };
    this.#note(`the configuration is read again${to === undefined ? '' : `; it is ${to} now`}`);
    if (to !== undefined && to !== this.#files) {
      this.#oracle.goesBy([this.#files, to]);
      this.#files = to;
      // What is watched from now on is not what the life before has had in its memory.
      this.#memoryAtStop = undefined;
    }
    if (life === undefined) return;
    this.#reloading += 1;
    const reading = life.reload().finally(() => {
      this.#reloading -= 1;
      if (this.#reloading === 0 && edge.isAlive()) this.#oracle.goesBy([this.#files]);
    });
    this.#attempt('a reload', reading);
  }

  #failedToCommit({ isApplied, diesAfterMs, downForMs }: Extract<Happening, { readonly kind: 'failed-commit' }>): void {
    this.#note(`a write is reported to have failed, and has ${isApplied ? '' : 'not '}reached the disk`);
    const edge = this.#edge;
    if (!isApplied) return;
    void this.#clock.sleepUntil(this.#clock.now() + diesAfterMs).then(() => {
      if (edge.isAlive()) this.#kill(downForMs);
    });
  }

  #appended(entries: readonly JournalEntry[]): void {
    for (const { event } of entries) {
      this.#note(eventText(event));
      this.#oracle.journaled(event);
      for (const awaited of this.#awaited) {
        if (awaited.on !== event.type) continue;
        awaited.left -= 1;
        if (awaited.left === 0) awaited.act();
      }
    }
    const life = this.#life;
    queueMicrotask(() => life?.journalGrew(entries));
  }

  /** An Alertmanager repeats itself, tries again what was not taken, and now and then says a thing twice, or late. */
  async #page({ service, forMs, everyMs, resolves }: Extract<Happening, { readonly kind: 'page' }>): Promise<void> {
    const startsAt = this.#clock.now();
    const endsAt = startsAt + forMs;
    const labels = { alertname: 'Paged', service };
    for (let at = startsAt; at < endsAt; at += everyMs) {
      await this.#clock.sleepUntil(at);
      void this.#deliver({ status: 'firing', labels, annotations: {}, startsAt });
    }
    await this.#clock.sleepUntil(endsAt);
    if (resolves) void this.#deliver({ status: 'resolved', labels, annotations: {}, startsAt, endsAt });
  }

  async #deliver(notice: AlertNotice): Promise<void> {
    if (this.#chance.happens(0.1)) await this.#clock.sleepUntil(this.#clock.now() + this.#chance.whole(1_000, 120_000));
    const copies = this.#chance.happens(0.1) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      for (let tries = 0; tries < 30; tries += 1) {
        if (await this.#offered(notice)) break;
        await this.#clock.sleepUntil(this.#clock.now() + 10_000);
      }
    }
  }

  /** Whether it was answered well within an Alertmanager's patience. */
  async #offered({ status, labels, annotations, startsAt, endsAt }: AlertNotice): Promise<boolean> {
    const door = this.#door();
    if (door === undefined) return false;
    const instants = { startsAt: new Date(startsAt).toISOString(), ...(endsAt === undefined ? {} : { endsAt: new Date(endsAt).toISOString() }) };
    const body = { version: '4', groupKey: '{}', receiver: 'belay', truncatedAlerts: 0, alerts: [{ status, labels, annotations, ...instants }] };
    const taken = this.#asked(door, { method: 'POST', path: '/api/v1/alertmanager', token: tokens.alertmanager, body }).then(({ status: answer }) => answer === 204);
    const patience = this.#clock.sleepUntil(this.#clock.now() + 10_000).then(() => false);
    return Promise.race([taken, patience]);
  }

  /** How the life that is there is asked over HTTP. */
  #door(): FrontDoor | undefined {
    const life = this.#life;
    if (life === undefined) return undefined;
    this.#openDoor ??= new FrontDoor(this.#clock, life.service, () => life.config.http);
    return this.#openDoor;
  }

  async #asked(door: FrontDoor, question: Question): Promise<Answer> {
    const answer = await door.ask(question);
    if (answer.status === 500) this.#oracle.violate('no-fault-inside', `${question.method} ${question.path} is answered ${answer.status} ${answer.refusal}`);
    return answer;
  }

  #act({ act, service, by }: Extract<Happening, { readonly kind: 'act' }>): void {
    const guard = this.#life?.guard;
    if (guard === undefined) return;
    const incident = guard.openIncidents.find(({ target }) => target === service) ?? guard.openIncidents[0];
    const rung = incident?.rungs.at(-1);
    this.#note(`${by} does: ${act} ${service}`);
    const ask = (path: string, body?: unknown, then?: () => void): void => {
      this.#ask(act, { method: 'POST', path: `/api/v1/${path}`, token: tokens[by], body }, then);
    };
    const reason = 'by hand';
    switch (act) {
      case 'approve':
      case 'reject': {
        const approval = incident?.approvals.findLast(({ status }) => status === 'requested');
        if (approval !== undefined) ask(`approvals/${approval.id}`, { decision: act });
        break;
      }
      case 'cancel':
        if (rung !== undefined) {
          ask(`rollbacks/${rung.executionId}/cancel`, undefined, () => {
            this.#oracle.cancelled(rung.executionId);
          });
        }
        break;
      case 'pause':
      case 'pause-now': {
        const forMs = this.#chance.happens(0.7) ? this.#chance.whole(60_000, 7_200_000) : undefined;
        const target = this.#chance.happens(0.7) ? service : undefined;
        ask('pauses', { target, reason, now: act === 'pause-now', ...(forMs === undefined ? {} : { for: `${forMs}ms` }) });
        break;
      }
      case 'resume':
        for (const { id } of guard.pauses) this.#ask(act, { method: 'DELETE', path: `/api/v1/pauses/${id}`, token: tokens[by] });
        break;
      case 'close':
        if (incident !== undefined) ask(`incidents/${incident.id}/close`, { reason });
        break;
      case 'reset':
        ask('resets', this.#chance.happens(0.5) ? { target: service } : {});
        break;
      case 'rollback':
        ask('rollbacks', { plan: `${service}-${this.#chance.whole(1, 3)}`, reason, dryRun: this.#chance.happens(0.2) });
        break;
      case 'undo':
        if (rung !== undefined) ask(`rollbacks/${rung.executionId}/undo`, { reason });
        break;
      case 'deploy':
        ask('changes', { target: service, kind: this.#chance.pick(['deploy', 'good'] as const), version: `v${this.#chance.whole(1, 5)}` });
        break;
      case 'acknowledge':
        if (incident !== undefined) ask(`incidents/${incident.id}/ack`);
        break;
      default:
        act satisfies never;
    }
  }

  /** What people ask for may be refused, in words. */
  #ask(what: string, question: Question, then?: () => void): void {
    const door = this.#door();
    if (door === undefined) return;
    void this.#asked(door, question).then(({ status, refusal }) => {
      if (status >= 400) this.#note(`${what} is refused: ${refusal}`);
      else then?.();
    });
  }

  /** What is asked for may be refused, in words; anything else is a fault of Belay's. */
  #attempt(what: string, doing: Promise<unknown> | undefined): void {
    doing?.catch((error: unknown) => {
      this.#note(`${what} is refused: ${errorText(error)}`);
      if (!(error instanceof BelayError)) this.#oracle.violate('no-fault-inside', `${what}: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
    });
  }

  #reported(error: unknown): void {
    this.#note(`Belay reports: ${errorText(error)}`);
    if (error instanceof BelayError && error.code === 'store-unavailable') return;
    this.#oracle.violate('no-fault-inside', error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  #newId(kind: string): string {
    const number = (this.#ids.get(kind) ?? 0) + 1;
    this.#ids.set(kind, number);
    return `${kind}-${number}`;
  }
}

/** An event as a reader of a history wants it: what it is about, without what it rests on. */
function eventText(event: JournalEvent): string {
  const told = ['target', 'incidentId', 'executionId', 'stepKey', 'attempt', 'outcome', 'planId', 'mode', 'how', 'reason', 'error', 'approvalId', 'trigger', 'by', 'cause'] as const;
  const values = event as unknown as Readonly<Record<string, unknown>>;
  const words = told.flatMap((key) => {
    const value = values[key];
    return typeof value === 'string' || typeof value === 'number' ? [`${key} ${value}`] : [];
  });
  if (event.type === 'alert-fired') words.push(event.evidence.trigger);
  if (event.type === 'decision-made') words.push(`${event.decision.kind} ${event.decision.reason} ${event.decision.planId ?? ''}`);
  if (event.type === 'verification-ended') words.push(event.result.outcome);
  return `  ${event.type}: ${words.join(', ')}`;
}
