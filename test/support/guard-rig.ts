import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApprovalExecutor } from '../../src/executor/steps/approval-executor.js';
import { composeGuard } from '../../src/guard/compose-guard.js';
import type { Eyes } from '../../src/guard/eyes.js';
import type { Guard, GuardPorts } from '../../src/guard/guard.js';
import type { GuardDeclaration } from '../../src/guard/guard-declaration.js';
import { foldIncident, type Incident } from '../../src/incident/incident.js';
import type { JournalEvent } from '../../src/incident/incident-event.js';
import type { RollbackManager } from '../../src/rollback/rollback-manager.js';
import type { RollbackPlan, RollbackStep } from '../../src/rollback/rollback-plan.js';
import type { RollbackStepExecutor, StepState } from '../../src/rollback/step-executor.js';
import { Redactor } from '../../src/secret/redactor.js';
import type { CheckResult } from '../../src/source/check.js';
import { parseCondition } from '../../src/source/condition.js';
import type { Observation } from '../../src/source/sample.js';
import type { Query, Source } from '../../src/source/source.js';
import { openSqliteStore, type SqliteStore } from '../../src/store/sqlite-store.js';
import type { Clock } from '../../src/time/clock.js';
import type { Level, Trigger } from '../../src/trigger/trigger.js';
import type { VerificationSpec } from '../../src/verification/verification.js';
import { FakeClock } from './fake-clock.js';
import { aPolicy } from './policy.js';

const INTERVAL_MS = 1_000;

/** What the watched service says: a value, silence, or that it cannot be reached. */
export type Answer = number | 'silent' | 'unreachable';

class SettableSource implements Source {
  readonly name = 'app';
  readonly intervalMs = INTERVAL_MS;
  answer: Answer = 0;
  /** To single expressions, where the answer to them is another one. */
  readonly answers = new Map<string, Answer>();
  /** The labels of the series, of value 1, that single expressions find. */
  readonly found = new Map<string, readonly Readonly<Record<string, string>>[]>();

  observe(query: Query, at: number): Promise<Observation> {
    const answer = (query.kind === 'promql' ? this.answers.get(query.expr) : undefined) ?? this.answer;
    if (answer === 'unreachable') return Promise.resolve({ kind: 'error', at, reason: 'unreachable', message: 'connection refused' });
    const found = query.kind === 'promql' ? this.found.get(query.expr) : undefined;
    if (found !== undefined) return Promise.resolve({ kind: 'vector', at, series: found.map((labels) => ({ labels, sample: { kind: 'value', at, value: 1 } })), warnings: [] });
    const series = answer === 'silent' ? [] : [{ labels: {}, sample: { kind: 'value', at, value: answer } as const }];
    return Promise.resolve({ kind: 'vector', at, series, warnings: [] });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** An executor that writes down what it did and may change the world by it. */
class RecordingExecutor implements RollbackStepExecutor {
  readonly done: string[] = [];
  /** What each step does; without an entry it succeeds and changes nothing. */
  readonly acts = new Map<string, (signal: AbortSignal | undefined) => Promise<void> | void>();
  stateOf: (step: RollbackStep) => StepState = () => 'unknown';

  async execute(step: RollbackStep, _context: unknown, signal?: AbortSignal): Promise<void> {
    this.done.push(step.id);
    await this.acts.get(step.id)?.(signal);
  }

  describe(step: RollbackStep): Promise<{ summary: string }> {
    return Promise.resolve({ summary: `${step.id}: on → off` });
  }

  state(step: RollbackStep): Promise<StepState> {
    return Promise.resolve(this.stateOf(step));
  }
}

export function trigger(changes: Partial<Trigger> = {}): Trigger {
  const condition = parseCondition('> 10%');
  if ('problem' in condition) throw new Error(condition.problem);
  return {
    name: 'ErrorRateHigh',
    target: 'shop',
    source: 'app',
    query: { kind: 'promql', expr: 'errors' },
    queryText: 'errors',
    condition,
    window: { kind: 'for', forMs: 10_000 },
    onNoData: 'hold',
    onError: 'hold',
    severity: 'critical',
    response: 'immediate',
    levels: { from: 1, to: 3 },
    labels: {},
    annotations: {},
    intervalMs: INTERVAL_MS,
    ...changes,
  };
}

export function plan(id: string, level: Level | undefined, changes: Partial<RollbackPlan> = {}): RollbackPlan {
  const step: RollbackStep = { id: `${id}-step`, name: id, description: '', type: 'record', parameters: {}, timeout: 5 };
  return { id, name: id, description: '', phase: 'incremental-migration', steps: [step], dependencies: [], estimatedDuration: 1, target: 'shop', ...(level === undefined ? {} : { level }), ...changes };
}

export const verification: VerificationSpec = { checks: [], holdMs: 5_000, timeoutMs: 20_000, intervalMs: 1_000 };

/** The whole guard over a real store, on a clock that tests move. */
export class GuardRig {
  readonly clock: FakeClock;
  readonly source = new SettableSource();
  readonly executor = new RecordingExecutor();
  readonly faults: unknown[] = [];
  checkResult: CheckResult['status'] = 'ok';
  declaration: GuardDeclaration;
  #store: SqliteStore | undefined;
  #guard: Guard | undefined;
  #stopping = new AbortController();
  #ids = 0;

  private constructor(
    readonly directory: string,
    changes: Partial<GuardDeclaration>,
    readonly registerMore: (rollbacks: RollbackManager, clock: Clock, executor: RollbackStepExecutor) => void,
    startAt: number | undefined,
    readonly onJudged: GuardPorts['onJudged'],
  ) {
    this.clock = new FakeClock(startAt);
    const plans = changes.plans ?? [plan('flag-off', 1), plan('release-back', 3)];
    this.declaration = {
      environment: 'test',
      mode: 'enforce',
      targets: [{ name: 'shop', owners: [], priority: 'critical', hasHealth: false }],
      triggers: [trigger()],
      verifications: new Map(plans.map(({ id }) => [id, verification])),
      policy: aPolicy(),
      ...changes,
      plans,
    };
  }

  /** `registerMore` adds executors beside the recording one. */
  static async start(changes: Partial<GuardDeclaration> = {}, registerMore: GuardRig['registerMore'] = () => undefined, startAt?: number, onJudged?: GuardPorts['onJudged']): Promise<GuardRig> {
    const rig = new GuardRig(await mkdtemp(join(tmpdir(), 'belay-guard-')), changes, registerMore, startAt, onJudged);
    await rig.open();
    return rig;
  }

  get guard(): Guard {
    if (this.#guard === undefined) throw new Error('the guard is not running');
    return this.#guard;
  }

  get eyes(): Eyes {
    const checks = { run: async ({ name }: { name: string }): Promise<CheckResult> => ({ name, status: this.checkResult, at: this.clock.now(), detail: 'as the test says' }) };
    return { sources: new Map([['app', this.source]]), checks };
  }

  get store(): SqliteStore {
    if (this.#store === undefined) throw new Error('the store is not open');
    return this.#store;
  }

  async open(): Promise<void> {
    const store = await openSqliteStore({ path: join(this.directory, 'belay.db'), clock: this.clock, redactor: new Redactor() });
    this.#stopping = new AbortController();
    const { guard } = composeGuard(
      this.declaration,
      ({ rollbacks, approvalGate }) => {
        rollbacks.registerExecutor('record', this.executor);
        this.registerMore(rollbacks, this.clock, this.executor);
        rollbacks.registerExecutor('approval', new ApprovalExecutor(approvalGate));
        return this.eyes;
      },
      {
        clock: this.clock,
        store: store.guard,
        giveUp: this.#stopping.signal,
        random: () => 0.5,
        report: (error) => void this.faults.push(error),
        onJudged: this.onJudged,
        newId: (kind) => `${kind}-${++this.#ids}`,
        observer: { observed: () => undefined, evaluated: () => undefined, missedTicks: () => undefined, alerts: () => undefined },
      },
    );
    this.#store = store;
    this.#guard = guard;
    await guard.start();
  }

  /** Stops in good order; what the store holds stays. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#guard?.stop();
    await this.#store?.close();
    this.#guard = undefined;
    this.#store = undefined;
  }

  /** Takes a changed declaration, as a reload does. */
  async redeclare(changes: Partial<GuardDeclaration>): Promise<void> {
    this.declaration = { ...this.declaration, ...changes };
    await this.guard.declare(this.declaration, this.eyes);
  }

  /** What the journal of a killed daemon may hold besides. */
  async appendWhileDown(...events: readonly JournalEvent[]): Promise<void> {
    const store = await openSqliteStore({ path: join(this.directory, 'belay.db'), clock: this.clock, redactor: new Redactor() });
    await store.guard.append(events);
    await store.close();
  }

  async end(): Promise<void> {
    await this.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  async events(): Promise<readonly JournalEvent[]> {
    return (await this.store.guard.entriesAfter(0, 100_000)).map(({ event }) => event);
  }

  /** The journal as a test reads it: types, with what tells one from another. */
  async story(): Promise<readonly string[]> {
    return (await this.events()).map((event) => {
      switch (event.type) {
        case 'decision-made':
          return `decision ${event.decision.kind} ${event.decision.reason}${event.decision.level === undefined ? '' : ` ${event.decision.level}`}`;
        case 'rung-started':
          return `rung ${event.planId} ${event.mode} ${event.trigger}`;
        case 'rollback-ended':
          return `rollback-ended ${event.outcome}`;
        case 'verification-ended':
          return `verification ${event.result.outcome}`;
        case 'needs-human':
          return `needs-human ${event.reason}`;
        case 'incident-recovered':
          return `recovered ${event.how}`;
        default:
          return event.type;
      }
    });
  }

  async incident(): Promise<Incident> {
    const [id] = await this.store.guard.incidents({ limit: 1 });
    const incident = id === undefined ? undefined : foldIncident(await this.store.guard.entriesOfIncident(id));
    if (incident === undefined) throw new Error('there is no incident');
    return incident;
  }
}
