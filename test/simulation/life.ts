import { AliveMark } from '../../src/daemon/alive-mark.js';
import { GuardService } from '../../src/daemon/guard-service.js';
import { GuardViews } from '../../src/daemon/guard-views.js';
import { Reloads } from '../../src/daemon/reloads.js';
import { SeriesMemory } from '../../src/daemon/series-memory.js';
import { StepOutputs } from '../../src/daemon/step-outputs.js';
import { ApprovalExecutor } from '../../src/executor/steps/approval-executor.js';
import { CheckExecutor } from '../../src/executor/steps/check-executor.js';
import { NotificationExecutor } from '../../src/executor/steps/notification-executor.js';
import { WaitExecutor } from '../../src/executor/steps/wait-executor.js';
import type { Config } from '../../src/config/config.js';
import { BelayError } from '../../src/fault/belay-error.js';
import { AlertReceiver } from '../../src/guard/alert-receiver.js';
import { composeGuard, type GuardTools } from '../../src/guard/compose-guard.js';
import { Escalator } from '../../src/guard/escalator.js';
import type { Eyes } from '../../src/guard/eyes.js';
import type { Guard } from '../../src/guard/guard.js';
import type { GuardStore } from '../../src/guard/guard-store.js';
import type { ReceivedAlertStore } from '../../src/guard/received-alert-store.js';
import type { JournalEntry } from '../../src/incident/incident-event.js';
import type { Channel } from '../../src/notify/channel.js';
import { Notifier } from '../../src/notify/notifier.js';
import type { Outbox } from '../../src/notify/outbox.js';
import type { RollbackManager } from '../../src/rollback/rollback-manager.js';
import type { RollbackStepExecutor } from '../../src/rollback/step-executor.js';
import { Redactor } from '../../src/secret/redactor.js';
import { createCheckRunner } from '../../src/source/check-runner.js';
import { withReceiver } from '../../src/source/create-sources.js';
import { ReceivedAlerts } from '../../src/source/received-alerts.js';
import type { Source } from '../../src/source/source.js';
import type { Clock } from '../../src/time/clock.js';

/** Everything that a daemon reaches outside of its memory. */
export interface Outside {
  readonly clock: Clock;
  readonly store: GuardStore;
  readonly received: ReceivedAlertStore;
  readonly outbox: Outbox;
  readonly channels: readonly Channel[];
  readonly sources: ReadonlyMap<string, Source>;
  /** Runs the steps that change the world. */
  readonly worker: RollbackStepExecutor;
  /** The configuration as its files have it now. */
  readonly files: () => Config;
  readonly newId: (kind: string) => string;
  readonly random: () => number;
  readonly report: (error: unknown) => void;
}

/** One life of the daemon, from its start to its end or its death: its composition root with the whole outside simulated. */
export class Life {
  readonly guard: Guard;
  readonly receiver: AlertReceiver;
  #config: Config;
  readonly #outside: Outside;
  readonly #rollbacks: RollbackManager;
  readonly #reloads = new Reloads();
  readonly #book = new ReceivedAlerts();
  readonly #notifier: Notifier;
  readonly #alive: AliveMark;
  readonly #escalator: Escalator;
  readonly #stopping = new AbortController();

  constructor(outside: Outside) {
    const { clock, store, random, report, outbox, channels, files } = outside;
    const config = files();
    this.#config = config;
    this.#outside = outside;
    this.#alive = new AliveMark(store, clock, report);
    this.#notifier = new Notifier(channels, { journal: store, outbox, clock, redactor: new Redactor(), report, random, noteChannel: (event) => store.append([event]) });
    const observer = { observed: ignore, evaluated: ignore, missedTicks: ignore, alerts: ignore };
    const made = composeGuard(config, (tools) => this.#equip(tools), { clock, store, giveUp: this.#stopping.signal, random, report, observer, newId: outside.newId });
    this.guard = made.guard;
    this.#rollbacks = made.rollbacks;
    this.#escalator = new Escalator({ clock, store, report, stepsOf: (target) => this.#config.escalations.get(target) ?? [] });
    this.receiver = new AlertReceiver(this.#book, { store: outside.received, clock, onChanged: (alerts) => this.guard.noteReceived(alerts) });
  }

  async start(): Promise<void> {
    const { store, clock } = this.#outside;
    const downForMs = await this.#alive.downForMs();
    await this.receiver.restore();
    await store.append([{ type: 'daemon-started', at: clock.now(), version: 'simulation', mode: this.#config.mode, downForMs }]);
    this.#alive.start();
    this.#notifier.start();
    await this.#escalator.start();
    await this.guard.start();
  }

  /** Hears that the journal has grown. */
  journalGrew(entries: readonly JournalEntry[]): void {
    for (const entry of entries) this.#escalator.note(entry);
    this.#notifier.journalAppended();
  }

  /** The configuration that it goes by. */
  get config(): Config {
    return this.#config;
  }

  /** Reads the files again. */
  reload(): Promise<void> {
    return this.#reloads.ask(async () => {
      this.#config = this.#outside.files();
      for (const plan of this.#config.plans) this.#rollbacks.registerPlan(plan);
      await this.guard.declare(this.#config, this.#eyes());
      await this.#outside.store.append([{ type: 'configuration-reloaded', at: this.#outside.clock.now(), by: 'simulation' }]);
    });
  }

  /** The guard as the HTTP interface sees it. */
  get service(): GuardService {
    const { clock, store } = this.#outside;
    const { guard, receiver } = this;
    const notReady = (): readonly string[] => [];
    const views = new GuardViews({ guard, clock, version: 'simulation', startedAt: clock.now(), notReady, channels: () => this.#notifier.channels, storeState: () => this.#alive.storeState, drills: () => [], configurationRefused: () => undefined });
    return new GuardService({ guard, store, receiver, clock, notReady, views, rollbacks: this.#rollbacks, series: new SeriesMemory(), outputs: new StepOutputs(), reload: () => this.reload() });
  }

  /** As SIGTERM. */
  async stop(): Promise<void> {
    const { store, clock, report } = this.#outside;
    await this.#reloads.end();
    this.#stopping.abort();
    await store.append([{ type: 'daemon-stopped', at: clock.now(), reason: 'simulation' }]).catch(report);
    await this.guard.stop();
    await this.#alive.stop();
    await this.#escalator.stop();
    await this.receiver.stop();
    await this.#notifier.stop();
  }

  #equip({ rollbacks, approvalGate }: GuardTools): Eyes {
    const { clock, worker } = this.#outside;
    const eyes = this.#eyes();
    for (const type of ['feature-flag', 'configuration', 'deployment', 'traffic', 'command']) rollbacks.registerExecutor(type, worker);
    rollbacks.registerExecutor('wait', new WaitExecutor(clock));
    rollbacks.registerExecutor('check', new CheckExecutor(eyes.checks));
    rollbacks.registerExecutor('approval', new ApprovalExecutor(approvalGate));
    rollbacks.registerExecutor('notification', new NotificationExecutor(this.#notifier.plans));
    return eyes;
  }

  #eyes(): Eyes {
    const sources = withReceiver(new Map(this.#outside.sources), this.#config.sources, this.#book);
    return { sources, checks: createCheckRunner({ sources, clock: this.#outside.clock, runCommand: refuseCommand }) };
  }
}

function ignore(): void {
  // Nobody counts here.
}

function refuseCommand(): Promise<never> {
  return Promise.reject(new BelayError('command-failed', 'the simulation starts no commands'));
}
