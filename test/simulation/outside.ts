import { BelayError } from '../../src/fault/belay-error.js';
import type { GuardStore } from '../../src/guard/guard-store.js';
import type { ReceivedAlertStore } from '../../src/guard/received-alert-store.js';
import type { JournalEntry } from '../../src/incident/incident-event.js';
import type { Channel, SendResult } from '../../src/notify/channel.js';
import type { Outbox } from '../../src/notify/outbox.js';
import type { RollbackContext, RollbackStep } from '../../src/rollback/rollback-plan.js';
import type { RollbackStepExecutor, StepAttempt, StepState } from '../../src/rollback/step-executor.js';
import { errorObservation } from '../../src/source/observation.js';
import type { Observation } from '../../src/source/sample.js';
import type { Query, Source } from '../../src/source/source.js';
import type { VirtualClock } from '../../src/time/virtual-clock.js';
import type { Chance } from './chance.js';
import type { Disk, Kept } from './disk.js';
import { type Edge, never } from './edge.js';
import { services, type Service } from './happening.js';
import type { Oracle, Why } from './oracle.js';
import { type Change, changeOf, isSo, type ServiceState, type World } from './world.js';

/** What every part of the outside of one life is made of. */
export interface OutsideParts {
  readonly clock: VirtualClock;
  readonly world: World;
  readonly oracle: Oracle;
  readonly edge: Edge;
  readonly chance: Chance;
  readonly disk: Disk;
  /** What this life has opened of the disk. */
  readonly kept: Kept;
  /** How wrong the daemon's clock is: its instants minus the world's. */
  readonly offsetMs: () => number;
}

const INTERVAL_MS = 60_000;
const SOURCE_TIMEOUT_MS = 10_000;
const OLDEST_ANSWER_MS = 180_000;

/** The store on a disk that may be full or slow. */
export function storeOn(parts: OutsideParts, onAppended: (entries: readonly JournalEntry[]) => void): GuardStore {
  const { guard } = parts.kept;
  const write = <T>(work: () => Promise<T>): Promise<T> => writeTo(parts, work);
  const read = <T>(work: () => Promise<T>): Promise<T> => readFrom(parts, work);
  return {
    append: (events) =>
      write(async () => {
        const entries = await guard.append(events);
        onAppended(entries);
        return entries;
      }),
    saveAlerts: (alerts) => write(() => guard.saveAlerts(alerts)),
    // The sign of life is written so often that no fault would be left for anything else.
    saveValue: (name, value) => parts.edge.write(() => afterDiskFault(parts, () => guard.saveValue(name, value))),
    entriesAfter: (seq, limit) => read(() => guard.entriesAfter(seq, limit)),
    lastSeq: () => read(() => guard.lastSeq()),
    entriesOfIncident: (id) => read(() => guard.entriesOfIncident(id)),
    entriesOfExecution: (id) => read(() => guard.entriesOfExecution(id)),
    entriesOfTypes: (types, sinceAt) => read(() => guard.entriesOfTypes(types, sinceAt)),
    unfinishedExecutions: () => read(() => guard.unfinishedExecutions()),
    openIncidents: () => read(() => guard.openIncidents()),
    incidents: (filter) => read(() => guard.incidents(filter)),
    loadAlerts: () => read(() => guard.loadAlerts()),
    loadValue: (name) => read(() => guard.loadValue(name)),
  };
}

export function outboxOn(parts: OutsideParts): Outbox {
  const { outbox } = parts.kept;
  const write = (work: () => Promise<void>): Promise<void> => writeTo(parts, work);
  const read = <T>(work: () => Promise<T>): Promise<T> => readFrom(parts, work);
  return {
    enqueue: (items) => write(() => outbox.enqueue(items)),
    enqueueUpTo: (cursor, items) => write(() => outbox.enqueueUpTo(cursor, items)),
    markSent: (id, at) => write(() => outbox.markSent(id, at)),
    markFailed: (id, at, error, nextAttemptAt) => write(() => outbox.markFailed(id, at, error, nextAttemptAt)),
    markUndeliverable: (id, at, error) => write(() => outbox.markUndeliverable(id, at, error)),
    saveThread: (channel, incidentId, reference) => write(() => outbox.saveThread(channel, incidentId, reference)),
    cursor: () => read(() => outbox.cursor()),
    bringForward: (channel, at) => write(() => outbox.bringForward(channel, at)),
    nextDueAt: (channel) => read(() => outbox.nextDueAt(channel)),
    waiting: (channel, limit) => read(() => outbox.waiting(channel, limit)),
    stateOf: (id) => read(() => outbox.stateOf(id)),
    ofIncident: (incidentId) => read(() => outbox.ofIncident(incidentId)),
    handOver: (id, copy) => write(() => outbox.handOver(id, copy)),
    thread: (channel, incidentId) => read(() => outbox.thread(channel, incidentId)),
  };
}

export function receivedOn(parts: OutsideParts): ReceivedAlertStore {
  const { received } = parts.kept;
  return {
    saveReceived: (messages, alerts, forgotten) =>
      writeTo(parts, async () => {
        await received.saveReceived(messages, alerts, forgotten);
        // From here on it is known, even where the sender never hears that it was taken.
        for (const { message } of messages) for (const { labels, status } of message.alerts) parts.oracle.paged(labels['service'] ?? '', status === 'firing');
      }),
    loadReceived: () => readFrom(parts, () => received.loadReceived()),
  };
}

function readFrom<T>({ edge, disk }: OutsideParts, work: () => Promise<T>): Promise<T> {
  return edge.call(() => {
    if (disk.isGone) throw diskIsGone();
    return work();
  });
}

/** One transaction. Where its commit fails, nobody knows at first whether it has reached the disk. */
function writeTo<T>(parts: OutsideParts, work: () => Promise<T>): Promise<T> {
  const { edge, disk } = parts;
  const commit = async (): Promise<T> => {
    const { nextCommit } = disk;
    if (nextCommit === undefined) return work();
    disk.nextCommit = undefined;
    if (nextCommit.isApplied) await work();
    disk.isGone = nextCommit.isApplied;
    nextCommit.failed();
    throw diskIsGone();
  };
  return edge.write(() => afterDiskFault(parts, commit));
}

function diskIsGone(): BelayError {
  return new BelayError('store-unavailable', 'disk I/O error');
}

async function afterDiskFault<T>({ clock, world, chance, edge, disk }: OutsideParts, work: () => Promise<T>): Promise<T> {
  if (disk.isGone) throw diskIsGone();
  const fault = world.fault('store-fault', clock.now())?.how;
  if (fault === 'refuses') throw new BelayError('store-unavailable', 'the disk is full');
  if (fault === 'slow') await clock.sleepUntil(clock.now() + chance.whole(1, 3_000));
  // The next life opens the store only once the one before has gone: nothing of it is written after that.
  return edge.isAlive() ? work() : never;
}

/** A Prometheus, or the probes of the services, seen through a network. */
export function sourceOf(name: 'prometheus' | 'health', parts: OutsideParts): Source {
  const { clock, world, oracle, edge, chance, offsetMs } = parts;

  /** `sampleAt`: what is answered about, where that is not what was asked about. */
  function ask(query: Query, at: number, sampleAt: number, why: Why): Observation {
    const [metric, service] = questionOf(query);
    const trueAt = sampleAt - offsetMs();
    const value = world.valueAt(metric, service, trueAt);
    oracle.answered(`${metric} ${service}`, trueAt, value === undefined || Number.isNaN(value) ? undefined : value, why);
    if (value === undefined) return name === 'health' ? errorObservation(at, 'our-side', 'the probe cannot leave the machine') : { kind: 'vector', at, series: [], warnings: [] };
    const sample = Number.isNaN(value) ? ({ kind: 'no-data', at: sampleAt, reason: 'nan' } as const) : ({ kind: 'value', at: sampleAt, value } as const);
    return { kind: 'vector', at, series: [{ labels: name === 'health' ? {} : { service }, sample }], warnings: [] };
  }

  async function through(at: number, signal: AbortSignal, answer: () => Observation): Promise<Observation> {
    const fault = world.fault('source-fault', clock.now(), ({ source }) => source === name)?.how;
    if (fault === 'down' || (fault === 'flaky' && chance.happens(0.5))) return errorObservation(at, 'unreachable', 'connection refused');
    if (fault === 'slow') {
      const tookMs = chance.whole(1, 2 * SOURCE_TIMEOUT_MS);
      await clock.sleepUntil(clock.now() + Math.min(tookMs, SOURCE_TIMEOUT_MS), signal);
      if (tookMs > SOURCE_TIMEOUT_MS) return errorObservation(at, 'timeout', 'no answer within 10s');
    }
    if (fault === 'late') await clock.sleepUntil(clock.now() + chance.whole(0, SOURCE_TIMEOUT_MS), signal);
    return answer();
  }

  const answering =
    (why: Why): Source['observe'] =>
    (query, at, signal) =>
      edge.call(() => {
        // Something on the way answers with what it was told before, now and then from before what it has answered already.
        const isOld = world.fault('source-fault', clock.now(), ({ source, how }) => source === name && how === 'reordered') !== undefined && chance.happens(0.5);
        const sampleAt = isOld ? at - chance.whole(1_000, OLDEST_ANSWER_MS) : at;
        return through(at, signal, () => ask(query, at, sampleAt, isCheck(query) ? 'again' : why));
      });

  return {
    name,
    intervalMs: INTERVAL_MS,
    observe: answering('look'),
    confirm: answering('again'),
    ...(name === 'prometheus' && {
      history: (query, fromAt, toAt, stepMs, signal) =>
        edge.call(async () => {
          const instants = Array.from({ length: Math.max(0, Math.floor((toAt - fromAt) / stepMs) + 1) }, (_, index) => fromAt + index * stepMs);
          const look = await through(toAt, signal, () => ({ kind: 'vector', at: toAt, series: [], warnings: [] }));
          return look.kind === 'error' ? [look] : instants.map((at) => ask(query, at, at, 'past'));
        }),
    }),
    close: () => Promise.resolve(),
  };
}

/** The checks of plans ask for the same in other words. */
function isCheck(query: Query): boolean {
  return query.kind === 'promql' && query.expr.startsWith('max(');
}

function questionOf(query: Query): readonly [metric: 'errors' | 'slowness' | 'health', service: Service] {
  if (query.kind === 'health') return ['health', query.target as Service];
  const match = query.kind === 'promql' ? /^(?:max\()?(errors|slowness)\{service="(\w+)"\}\)?$/.exec(query.expr) : null;
  if (match === null) throw new TypeError(`the simulated sources are not asked ${JSON.stringify(query)}`);
  return [match[1] as 'errors' | 'slowness', match[2] as Service];
}

/** Runs the steps that change the world. What it has begun may go on in the world after the daemon has died, as a process does. */
export class Worker implements RollbackStepExecutor {
  readonly #parts: OutsideParts;
  readonly #leftBehind: Map<string, () => void>;

  constructor(parts: OutsideParts, leftBehind: Map<string, () => void>) {
    this.#parts = parts;
    this.#leftBehind = leftBehind;
  }

  execute(step: RollbackStep, context: RollbackContext, signal: AbortSignal, attempt: StepAttempt): Promise<void> {
    return this.#parts.edge.call(() => this.#work(step, serviceOf(context), changeOf(step), signal, attempt));
  }

  describe(step: RollbackStep, context: RollbackContext, signal: AbortSignal): Promise<{ summary: string }> {
    return this.#read(signal, () => ({ summary: `${step.id} of ${serviceOf(context)}: ${JSON.stringify(changeOf(step))}` }));
  }

  state(step: RollbackStep, context: RollbackContext, signal: AbortSignal): Promise<StepState> {
    const change = changeOf(step);
    if (Object.keys(change).length === 0) return Promise.resolve('unknown');
    return this.#read(signal, () => (isSo(this.#parts.world.stateOf(serviceOf(context)), change) ? 'applied' : 'not-applied'));
  }

  capture(step: RollbackStep, context: RollbackContext, signal: AbortSignal): Promise<unknown> {
    const keys = Object.keys(changeOf(step)) as (keyof ServiceState)[];
    if (keys.length === 0) return Promise.resolve(undefined);
    return this.#read(signal, () => {
      const state = this.#parts.world.stateOf(serviceOf(context));
      return Object.fromEntries(keys.map((key) => [key, state[key]]));
    });
  }

  undoing(captured: unknown): RollbackStepExecutor {
    const wanted = captured as Change;
    return {
      execute: (step, context, signal, attempt) => this.#parts.edge.call(() => this.#work(step, serviceOf(context), wanted, signal, attempt)),
      describe: (step, context, signal) => this.#read(signal, () => ({ summary: `${step.id} of ${serviceOf(context)} back: ${JSON.stringify(wanted)}` })),
      state: (_step, context, signal) => this.#read(signal, () => (isSo(this.#parts.world.stateOf(serviceOf(context)), wanted) ? 'applied' : 'not-applied')),
    };
  }

  sweep(attemptId: string): Promise<void> {
    return this.#parts.edge.call(() => this.#leftBehind.get(attemptId)?.());
  }

  #read<T>(signal: AbortSignal, look: () => T): Promise<T> {
    const { edge, clock, world } = this.#parts;
    return edge.call(() => {
      signal.throwIfAborted();
      if (world.fault('step-fault', clock.now())?.how === 'unreadable') throw new Error('the real state cannot be read');
      return look();
    });
  }

  async #work(step: RollbackStep, service: Service, change: Change, signal: AbortSignal | undefined, attempt: StepAttempt | undefined): Promise<void> {
    const { clock, world, oracle, edge, chance } = this.#parts;
    if (signal === undefined || attempt === undefined) throw new TypeError('the manager hands over a signal and an attempt');
    const { id, executionId, stepKey } = attempt;
    signal.throwIfAborted();
    const effect = oracle.effectBegins({ service, executionId, stepKey, timeoutMs: (step.timeout) * 1000 });
    const fault = world.fault('step-fault', clock.now())?.how;
    const takesMs = fault === 'hangs' ? 86_400_000 : fault === 'slow' ? chance.whole(10_000, 60_000) : chance.whole(200, 5_000);
    const apply = (): void => {
      if (edge.isAlive()) oracle.effectApplied(effect);
      world.apply(service, change, clock.now());
    };
    const swept = new AbortController();
    this.#leftBehind.set(id, () => {
      swept.abort(new Error('swept'));
    });
    try {
      await clock.sleepUntil(clock.now() + takesMs, AbortSignal.any([signal, swept.signal]));
      if (fault === 'fails') throw new Error('the system refuses');
      if (fault === 'errs-and-works-later') {
        const laterMs = chance.whole(1_000, 90_000);
        void clock.sleepUntil(clock.now() + laterMs).then(() => {
          world.apply(service, change, clock.now());
        });
        throw new Error('gateway timeout');
      }
      apply();
      if (fault === 'works-but-errs') throw new Error('connection reset');
    } finally {
      this.#leftBehind.delete(id);
      oracle.effectEnds(effect);
    }
  }
}

function serviceOf({ metadata }: RollbackContext): Service {
  const service = services.find((name) => name === metadata['target']);
  if (service === undefined) throw new TypeError(`a step runs for ${String(metadata['target'])}`);
  return service;
}

/** A way to people that may be down, overloaded, or lose its answers. */
export function channelTo(name: 'slack' | 'email', { clock, world, oracle, edge, chance }: OutsideParts): Channel {
  return {
    name,
    send: ({ item, items = [item] }) =>
      edge.call(async (): Promise<SendResult> => {
        const fault = world.fault('channel-fault', clock.now(), ({ channel }) => channel === name)?.how;
        await clock.sleepUntil(clock.now() + chance.whole(50, 2_000));
        if (fault === 'down') return { kind: 'retry', error: 'connection refused' };
        if (fault === 'limited' && chance.happens(0.7)) return { kind: 'retry', error: 'rate limited', afterMs: chance.whole(1_000, 60_000) };
        for (const delivered of items) oracle.delivered(name, delivered);
        if (fault === 'answer-lost' && chance.happens(0.5)) return { kind: 'retry', error: 'connection reset' };
        return { kind: 'sent' };
      }),
    close: () => undefined,
  };
}
