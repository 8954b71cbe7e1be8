import type { Config } from '../../src/config/config.js';
import type { Answerer } from '../../src/decision/approval.js';
import { BelayError, errorText } from '../../src/fault/belay-error.js';
import type { JournalEntry, JournalEvent } from '../../src/incident/incident-event.js';
import { VirtualClock } from '../../src/time/virtual-clock.js';
import { Chance } from './chance.js';
import { Disk } from './disk.js';
import { Edge } from './edge.js';
import type { ConfigurationName, GuardedConfigurations } from './guarded-configurations.js';
import { DAY_MS, type Happening, happeningsOf, type Person, type When } from './happening.js';
import { historyLine } from './history-line.js';
import { Life, type Outside } from './life.js';
import { memoryText, Oracle, type Violation } from './oracle.js';
import { channelTo, outboxOn, type OutsideParts, receivedOn, sourceOf, storeOn, Worker } from './outside.js';
import { World } from './world.js';

/** 2026-01-01T00:00:00Z. */
const START_AT = 1_767_225_600_000;
/** A step that has not ended by then is left to the next life. */
const STOP_GRACE_MS = 20_000;
/** Whoever watches over the daemon starts it again so long after it could not start. */
const START_AGAIN_MS = 10_000;

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

/** Lives through one simulated day. The same seed, happenings and sabotage give the same history. */
export function simulate(seed: number, configurations: GuardedConfigurations, { happenings = happeningsOf(seed), sabotage = {} }: { readonly happenings?: readonly Happening[] | undefined; readonly sabotage?: Sabotage | undefined } = {}): Promise<History> {
  return new Simulation(seed, happenings, configurations, sabotage).run();
}

class Simulation {
  readonly #seed: number;
  readonly #happenings: readonly Happening[];
  readonly #configurations: GuardedConfigurations;
  readonly #sabotage: Sabotage;
  readonly #clock = new VirtualClock(START_AT);
  readonly #world: World;
  readonly #oracle: Oracle;
  readonly #chance: Chance;
  readonly #disk = new Disk();
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
  #edge = new Edge();
  #memoryAtStop: string | undefined;

  constructor(seed: number, happenings: readonly Happening[], configurations: GuardedConfigurations, sabotage: Sabotage) {
    this.#seed = seed;
    this.#happenings = happenings;
    this.#configurations = configurations;
    this.#sabotage = sabotage;
    this.#world = new World(seed, START_AT, happenings);
    this.#oracle = new Oracle(configurations.first.policy, () => this.#clock.now());
    this.#chance = new Chance(`history ${seed}`);
  }

  async run(): Promise<History> {
    for (const happening of this.#happenings) this.#prepare(happening);
    this.#begin();
    await this.#clock.advanceTo(START_AT + DAY_MS);
    const waiting = this.#disk.outbox.records.filter(({ state }) => state === 'waiting');
    this.#oracle.atEnd(this.#disk.guard.entries, waiting, ['slack', 'email']);
    this.#edge.die();
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
  #begin(): void {
    const edge = new Edge();
    this.#edge = edge;
    const { clock, world, oracle, chance } = { clock: this.#clock, world: this.#world, oracle: this.#oracle, chance: this.#chance };
    const disk = this.#disk;
    disk.isGone = false;
    const parts: OutsideParts = { clock, world, oracle, edge, chance, disk, offsetMs: () => this.#offsetMs };
    oracle.goesBy([this.#files]);
    const outside: Outside = {
      clock: edge.clock(clock, () => this.#offsetMs),
      store: storeOn(parts, (entries) => {
        this.#appended(entries);
      }),
      received: receivedOn(parts),
      outbox: outboxOn(parts),
      channels: [channelTo('slack', parts), channelTo('email', parts)],
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
    void this.#clock.sleepUntil(this.#clock.now() + downForMs).then(() => {
      this.#begin();
    });
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
    queueMicrotask(() => life?.journalGrew());
  }

  /** An Alertmanager repeats itself, tries again what was not taken, and now and then says a thing twice, or late. */
  async #page({ service, forMs, everyMs, resolves }: Extract<Happening, { readonly kind: 'page' }>): Promise<void> {
    const startsAt = this.#clock.now();
    const endsAt = startsAt + forMs;
    const labels = { alertname: 'Paged', service };
    for (let at = startsAt; at < endsAt; at += everyMs) {
      await this.#clock.sleepUntil(at);
      void this.#deliver({ service, firing: true, notice: { status: 'firing', labels, annotations: {}, startsAt } });
    }
    await this.#clock.sleepUntil(endsAt);
    if (resolves) void this.#deliver({ service, firing: false, notice: { status: 'resolved', labels, annotations: {}, startsAt, endsAt } });
  }

  async #deliver({ service, firing, notice }: { readonly service: string; readonly firing: boolean; readonly notice: Parameters<Life['receiver']['receive']>[0]['alerts'][number] }): Promise<void> {
    if (this.#chance.happens(0.1)) await this.#clock.sleepUntil(this.#clock.now() + this.#chance.whole(1_000, 120_000));
    const copies = this.#chance.happens(0.1) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      for (let tries = 0; tries < 30; tries += 1) {
        const taken = await this.#offered(notice);
        if (taken) {
          this.#oracle.paged(service, firing);
          break;
        }
        await this.#clock.sleepUntil(this.#clock.now() + 10_000);
      }
    }
  }

  /** Whether it was answered well within an Alertmanager's patience. */
  async #offered(notice: Parameters<Life['receiver']['receive']>[0]['alerts'][number]): Promise<boolean> {
    const life = this.#life;
    if (life === undefined) return false;
    const message = { groupKey: '{}', receiver: 'belay', truncatedAlerts: 0, alerts: [notice] };
    const received = life.receiver.receive(message, 'alertmanager').then(
      () => true,
      () => false,
    );
    const patience = this.#clock.sleepUntil(this.#clock.now() + 10_000).then(() => false);
    return Promise.race([received, patience]);
  }

  #act({ act, service, by }: Extract<Happening, { readonly kind: 'act' }>): void {
    const guard = this.#life?.guard;
    if (guard === undefined) return;
    const incident = guard.openIncidents.find(({ target }) => target === service) ?? guard.openIncidents[0];
    const rung = incident?.rungs.at(-1);
    const who = answerer(by, this.#configurations.first);
    this.#note(`${by} does: ${act} ${service}`);
    switch (act) {
      case 'approve':
      case 'reject': {
        const approval = incident?.approvals.findLast(({ status }) => status === 'requested');
        if (approval !== undefined) this.#attempt(act, guard.answerApproval(approval.id, who, { answer: act, way: 'cli' }));
        break;
      }
      case 'cancel':
        if (rung !== undefined) this.#attempt(act, guard.cancel(rung.executionId).then(() => this.#oracle.cancelled(rung.executionId)));
        break;
      case 'pause':
      case 'pause-now': {
        const until = this.#chance.happens(0.7) ? this.#clock.now() + this.#offsetMs + this.#chance.whole(60_000, 7_200_000) : undefined;
        this.#attempt(act, guard.pause({ target: this.#chance.happens(0.7) ? service : undefined, by, reason: 'by hand', until, now: act === 'pause-now' }));
        break;
      }
      case 'resume':
        for (const { id } of guard.pauses) this.#attempt(act, guard.resume(id, by));
        break;
      case 'close':
        if (incident !== undefined) this.#attempt(act, guard.closeIncident(incident.id, by, 'by hand'));
        break;
      case 'reset':
        this.#attempt(act, guard.reset(this.#chance.happens(0.5) ? service : undefined, by));
        break;
      case 'rollback':
        this.#attempt(act, guard.startByHand({ plan: `${service}-${this.#chance.whole(1, 3)}`, by, reason: 'by hand', dryRun: this.#chance.happens(0.2) }));
        break;
      case 'undo':
        if (rung !== undefined) this.#attempt(act, guard.undoByHand(rung.executionId, by, 'by hand'));
        break;
      case 'deploy':
        this.#attempt(act, guard.markChange({ target: service, kind: this.#chance.pick(['deploy', 'good'] as const), version: `v${this.#chance.whole(1, 5)}`, by }));
        break;
      case 'acknowledge':
        if (incident !== undefined) this.#attempt(act, guard.acknowledge(incident.id, by));
        break;
      default:
        act satisfies never;
    }
  }

  /** What people ask for may be refused, in words; anything else is a fault of Belay's. */
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

function answerer(by: Person, { people }: Config): Answerer {
  const person = people.find(({ name }) => name === by);
  return { name: by, groups: person?.groups ?? [], isApprover: true };
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
