import type { Config } from '../config/config.js';
import { CheckExecutor } from '../executor/steps/check-executor.js';
import { WaitExecutor } from '../executor/steps/wait-executor.js';
import type { Answerer } from '../decision/approval.js';
import { ApprovalExecutor } from '../executor/steps/approval-executor.js';
import { BelayError, errorText } from '../fault/belay-error.js';
import { composeGuard } from '../guard/compose-guard.js';
import type { Guard } from '../guard/guard.js';
import { StepApprovals } from '../guard/step-approvals.js';
import type { GuardDeclaration } from '../guard/guard-declaration.js';
import type { JournalEntry } from '../incident/incident-event.js';
import { stepTypes } from '../rollback/rollback-plan.js';
import type { RollbackStepExecutor } from '../rollback/step-executor.js';
import { createCheckRunner } from '../source/check-runner.js';
import type { CheckRunner } from '../source/check.js';
import { HEALTH_SOURCE } from '../source/health-source.js';
import { onlyAlertmanager, withReceiver } from '../source/create-sources.js';
import { createPrometheusSource } from '../source/prometheus-source.js';
import type { SourceSettings } from '../source/source-settings.js';
import type { Source } from '../source/source.js';
import { VirtualClock } from '../time/virtual-clock.js';
import type { Alert } from '../trigger/alert.js';
import { RecordingStore, type Fact } from './facts.js';
import { startPrometheusEngine } from './prometheus-engine.js';
import type { Action, Scenario, ScriptedMessage } from './scenario.js';
import { ScriptedAlertmanager } from './scripted-alertmanager.js';
import { scriptedChecks } from './scripted-checks.js';
import { ScriptedExecutor } from './scripted-executor.js';
import { createScriptedHealth } from './scripted-health.js';
import { createScriptedSource } from './scripted-source.js';
import { ScriptedWorld } from './scripted-world.js';
import { watchedTriggers } from './watched-triggers.js';

/** All that a run of a scenario shows: what happened, and how things stood at the instants that are asked about. */
export interface ScenarioRun {
  readonly scenario: Scenario;
  readonly declaration: GuardDeclaration;
  readonly facts: readonly Fact[];
  readonly entries: readonly JournalEntry[];
  /** Every alert that is known, by the instant (milliseconds from the start). */
  readonly alertsAt: ReadonlyMap<number, readonly Alert[]>;
  /** What no scenario expects: errors inside of the guard, and actions that were refused. */
  readonly faults: readonly string[];
}

/**
 * Runs the product's own guard through a scenario, on a clock of its own. Nothing outside of the process is touched,
 * but for the Prometheus that `engine: prometheus` starts. Rejects with BelayError `command-failed` when that fails.
 */
export async function runScenario(scenario: Scenario, config: Config): Promise<ScenarioRun> {
  const engine = scenario.engine === 'prometheus' ? await startPrometheusEngine(scenario) : undefined;
  try {
    return await new ScenarioStage(scenario, config, engine?.url).run();
  } finally {
    await engine?.stop();
  }
}

/** One scenario under way: the world and the store, which outlive the guards that are started over them. */
class ScenarioStage {
  readonly #scenario: Scenario;
  readonly #config: Config;
  readonly #engineUrl: string | undefined;
  readonly #declaration: GuardDeclaration;
  readonly #clock: VirtualClock;
  readonly #store: RecordingStore;
  readonly #world: ScriptedWorld;
  readonly #executor: ScriptedExecutor;
  readonly #alertmanager: ScriptedAlertmanager;
  readonly #faults: string[] = [];
  readonly #alertsAt = new Map<number, readonly Alert[]>();
  readonly #ids = new Map<string, number>();
  #sources: ReadonlyMap<string, Source> = new Map();
  #checks: CheckRunner | undefined;
  /** Absent while Belay is down. */
  #guard: Guard | undefined;

  constructor(scenario: Scenario, config: Config, engineUrl: string | undefined) {
    this.#scenario = scenario;
    this.#config = config;
    this.#engineUrl = engineUrl;
    this.#declaration = { ...config, mode: scenario.mode ?? config.mode, triggers: watchedTriggers(config, scenario) };
    this.#clock = new VirtualClock(scenario.startAt);
    this.#store = new RecordingStore(this.#clock);
    this.#world = new ScriptedWorld(scenario, config.triggers);
    this.#alertmanager = new ScriptedAlertmanager(this.#clock);
    const checks: CheckRunner = { run: (check, signal) => this.#eyes().checks.run(check, signal) };
    const harmless = new Map<string, RollbackStepExecutor>([['wait', new WaitExecutor(this.#clock)], ['check', new CheckExecutor(checks)], ['approval', new ApprovalExecutor(new StepApprovals(() => this.#mustBeUp()))]]);
    this.#executor = new ScriptedExecutor({ clock: this.#clock, world: this.#world, steps: scenario.steps, harmless });
  }

  async run(): Promise<ScenarioRun> {
    const { startAt } = this.#scenario;
    await this.#startGuard();
    for (const { atMs, act } of this.#agenda()) {
      await this.#clock.advanceJustBefore(startAt + atMs);
      await act();
    }
    await this.#advanceAndLook(this.#scenario.lastsMs);
    this.#clock.forgetSleepers();
    await this.#closeSources();
    return { scenario: this.#scenario, declaration: this.#declaration, facts: this.#store.facts, entries: this.#store.entries, alertsAt: this.#alertsAt, faults: this.#faults };
  }

  /** Who acts at an instant acts before the sources are asked about it; what is expected of it is looked at after that. */
  #agenda(): readonly { readonly atMs: number; readonly act: () => Promise<void> | void }[] {
    const { actions, messages, restarts, expectations, lastsMs } = this.#scenario;
    const looks = new Set(expectations.flatMap(({ atMs, subject }) => (atMs !== undefined && subject.kind === 'alert' ? [atMs] : [])));
    const moments = [
      ...restarts.flatMap(({ atMs, downForMs }) => [
        { atMs, order: 0, act: () => this.#kill() },
        { atMs: atMs + downForMs, order: 1, act: () => this.#startGuard(downForMs) },
      ]),
      ...messages.map((message) => ({ atMs: message.atMs, order: 2, act: () => this.#deliver(message) })),
      ...actions.map((action) => ({ atMs: action.atMs, order: 2, act: () => this.#act(action) })),
      ...[...looks].map((atMs) => ({ atMs, order: 3, act: () => this.#advanceAndLook(atMs) })),
    ];
    return moments.filter(({ atMs }) => atMs <= lastsMs).sort((a, b) => a.atMs - b.atMs || a.order - b.order);
  }

  async #advanceAndLook(atMs: number): Promise<void> {
    await this.#clock.advanceTo(this.#scenario.startAt + atMs);
    const guard = this.#guard;
    // While Belay is down, what it last knew is what stands in its store.
    const alerts = guard === undefined ? await this.#store.loadAlerts() : guard.declaration.triggers.flatMap(({ name }) => guard.alertsOf(name));
    this.#alertsAt.set(atMs, alerts);
  }

  async #startGuard(downForMs?: number): Promise<void> {
    const { clock, store } = { clock: this.#clock, store: this.#store };
    const makeSource = (settings: SourceSettings): Source => createScriptedSource(settings, { world: this.#world, clock, engine: this.#engineFor(settings) });
    const received = await this.#alertmanager.start(() => this.#guard);
    const configured = new Map(this.#config.sources.map((settings) => [settings.name, makeSource(settings)])).set(HEALTH_SOURCE, createScriptedHealth(this.#config, this.#world, clock));
    this.#sources = withReceiver(configured, this.#config.sources, received);
    this.#checks = scriptedChecks(this.#world, clock, createCheckRunner({ sources: this.#sources, alertmanager: onlyAlertmanager(this.#config.sources), clock, runCommand: refuseCommand }));

    const types = new Set([...stepTypes, ...this.#config.plans.flatMap(({ steps }) => steps.map((step) => step.type))]);
    const { guard } = composeGuard(
      this.#declaration,
      ({ rollbacks }) => {
        for (const type of types) rollbacks.registerExecutor(type, this.#executor);
        return this.#eyes();
      },
      {
        clock,
        store,
        giveUp: new AbortController().signal,
        random: () => 0.5,
        secrets: this.#scenario.secrets,
        report: (error) => this.#report(error),
        observer: { observed: ignore, evaluated: ignore, missedTicks: ignore, alerts: ignore },
        newId: (kind) => this.#newId(kind),
      },
    );
    if (downForMs !== undefined) {
      store.note('Belay starts again');
      await store.append([{ type: 'daemon-started', at: clock.now(), version: 'scenario', mode: this.#declaration.mode, downForMs }]);
    }
    this.#guard = guard;
    await guard.start();
    void this.#clock.during(this.#alertmanager.deliverLate());
  }

  /** As by `kill -9`: whatever was under way never goes on. */
  async #kill(): Promise<void> {
    this.#clock.forgetSleepers();
    this.#guard = undefined;
    this.#alertmanager.stop();
    this.#store.note('Belay is killed');
    await this.#closeSources();
  }

  #deliver(message: ScriptedMessage): void {
    this.#store.note(`Alertmanager sends ${message.text}`);
    void this.#clock.during(this.#alertmanager.deliver(message));
  }

  #mustBeUp(): Guard {
    if (this.#guard === undefined) throw new BelayError('daemon-unreachable', 'Belay is down');
    return this.#guard;
  }

  #act(action: Action): void {
    const [text, done] = this.#perform(action);
    this.#store.note(text);
    // What takes its time takes virtual time, which passes only when nobody waits here.
    void done.catch((error: unknown) => this.#faults.push(`refused: ${text}: ${errorText(error)}`));
  }

  #perform(action: Action): readonly [text: string, done: Promise<unknown>] {
    const guard = this.#guard;
    const who = 'target' in action ? (action.target ?? 'all targets') : '';
    const whileUp = <T>(work: (guard: Guard) => Promise<T>): Promise<unknown> => (guard === undefined ? Promise.reject(new BelayError('daemon-unreachable', 'Belay is down')) : work(guard));
    switch (action.kind) {
      case 'pause': {
        const until = action.forMs === undefined ? undefined : this.#clock.now() + action.forMs;
        return [`a person pauses ${who}`, whileUp((up) => up.pause({ target: action.target, by: PERSON, reason: action.reason, until }))];
      }
      case 'resume':
        return [`a person resumes ${who}`, whileUp((up) => Promise.all(up.pauses.filter(({ target }) => target === action.target).map(({ id }) => up.resume(id, PERSON))))];
      case 'reset':
        return [`a person resets the budget of ${who}`, whileUp((up) => up.reset(action.target, PERSON))];
      case 'mark':
        return [`a person marks ${action.change} ${action.version} of ${who}`, whileUp((up) => up.markChange({ target: action.target, kind: action.change, version: action.version, ...action.state, by: PERSON }))];
      case 'rollback':
        return [`a person starts plan ${action.planId}`, whileUp((up) => up.startByHand({ plan: action.planId, by: PERSON, reason: 'as the scenario says', dryRun: false }))];
      case 'close':
        return [`a person closes the incident of ${who}`, whileUp((up) => closeOpenIncident(up, action.target))];
      case 'approve':
      case 'reject': {
        const person = this.#config.people.find(({ name }) => name === action.by) ?? { name: PERSON, groups: [], isApprover: true };
        return [`${person.name} ${action.kind}s what is asked of ${who}`, whileUp((up) => answerOpenQuestion(up, action, person))];
      }
      default:
        return action satisfies never;
    }
  }

  #engineFor(settings: SourceSettings): Source | undefined {
    if (this.#engineUrl === undefined || settings.type !== 'prometheus') return undefined;
    const real = createPrometheusSource({ ...settings, url: this.#engineUrl, headers: {} });
    return {
      ...real,
      observe: (query, at, signal) => this.#clock.during(real.observe(query, at, signal)),
      history: (query, fromAt, toAt, stepMs, signal) => this.#clock.during(real.history?.(query, fromAt, toAt, stepMs, signal) ?? Promise.resolve([])),
    };
  }

  #eyes(): { readonly sources: ReadonlyMap<string, Source>; readonly checks: CheckRunner } {
    if (this.#checks === undefined) throw new TypeError('the guard has not been started');
    return { sources: this.#sources, checks: this.#checks };
  }

  async #closeSources(): Promise<void> {
    await Promise.all([...this.#sources.values()].map((source) => source.close()));
  }

  #report(error: unknown): void {
    this.#faults.push(`an error inside of Belay: ${errorText(error)}`);
  }

  #newId(kind: string): string {
    const number = (this.#ids.get(kind) ?? 0) + 1;
    this.#ids.set(kind, number);
    return `${kind}-${number}`;
  }
}

const PERSON = 'operator';

function ignore(): void {
  // Nobody counts here.
}

function refuseCommand(): Promise<never> {
  return Promise.reject(new BelayError('command-failed', 'a scenario starts no commands'));
}

async function answerOpenQuestion(guard: Guard, { target, kind, reason }: Extract<Action, { readonly kind: 'approve' | 'reject' }>, person: Answerer): Promise<void> {
  const incident = guard.openIncidents.find((open) => open.target === target);
  if (incident === undefined) throw new BelayError('not-found', `${target} has no open incident`);
  await guard.answerApproval(incident.id, person, { answer: kind, reason, way: 'cli' });
}

async function closeOpenIncident(guard: Guard, target: string): Promise<void> {
  const incident = guard.openIncidents.find((open) => open.target === target);
  if (incident === undefined) throw new BelayError('not-found', `${target} has no open incident`);
  await guard.closeIncident(incident.id, PERSON, 'as the scenario says');
}
