import type { Answerer } from '../decision/approval.js';
import { rollbackPointValues } from '../decision/change.js';
import type { Target } from '../decision/target.js';
import { BelayError } from '../fault/belay-error.js';
import { foldIncident, type Incident, type IncidentApproval } from '../incident/incident.js';
import type { JournalEvent } from '../incident/incident-event.js';
import type { RollbackManager } from '../rollback/rollback-manager.js';
import { matchesAlert } from '../source/alert-match.js';
import type { ReceivedAlert } from '../source/received-alert.js';
import type { Clock } from '../time/clock.js';
import type { Alert, AlertState } from '../trigger/alert.js';
import type { Mode, Trigger } from '../trigger/trigger.js';
import { AlertBook } from './alert-book.js';
import type { NewAnswer, Question } from './approval-desk.js';
import type { ChangeMarker } from './change-marker.js';
import { lastDeployAt } from './changes.js';
import { meantApproval } from './meant-approval.js';
import type { Eyes } from './eyes.js';
import { forgetUnwatched } from './forget-unwatched.js';
import { declarationFor, mustBeDeclared, type GuardDeclaration } from './guard-declaration.js';
import type { GuardStore } from './guard-store.js';
import { GuardedTargets } from './guarded-targets.js';
import { lookAtHealth } from './health-look.js';
import { Looks } from './looks.js';
import type { Pause } from './pauses.js';
import { refusalOfPast } from './past-approval.js';
import { pastRun } from './past-run.js';
import { type ManualRollback, RollbacksByHand } from './rollbacks-by-hand.js';
import { RunningVersions, type VersionsView } from './running-versions.js';
import { RepeatedVerifications, type StartedVerification } from './repeated-verifications.js';
import { SharedBooks } from './shared-books.js';
import { TargetGuard } from './target-guard.js';
import type { HandStart } from './wish-by-hand.js';
import { noteSight, type SourceSight } from './source-sight.js';
import { TriggerWatch, type WatchObserver } from './trigger-watch.js';
import type { HealthLook } from './version-proof.js';

export interface GuardPorts {
  readonly clock: Clock;
  readonly store: GuardStore;
  readonly rollbacks: Pick<RollbackManager, 'executeRollback' | 'undo' | 'mustBeUndoable' | 'resume' | 'planState' | 'describePlan' | 'drain'>;
  readonly newId: (kind: 'incident' | 'rollback' | 'pause' | 'approval' | 'verification') => string;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
  readonly observer: WatchObserver;
  /** Hears of each trigger whose alerts were judged anew. */
  readonly onJudged?: ((trigger: Trigger, alerts: readonly Alert[]) => void) | undefined;
}

/** Guards every declared target: joins their triggers' loops, their incidents, and what people ask of them. */
export class Guard {
  readonly #ports: GuardPorts;
  readonly #books: SharedBooks;
  readonly #alerts = new AlertBook();
  readonly #targets = new GuardedTargets((target) => this.#make(target), () => this.#declaration);
  #declaration: GuardDeclaration;
  #eyes: Eyes;
  #watch: TriggerWatch | undefined;
  readonly #looks = new Looks(async (trigger) => this.#watch?.lookNow(trigger));
  readonly #sights = new Map<string, SourceSight>();
  readonly #versions: RunningVersions;
  readonly #repeated: RepeatedVerifications;
  readonly #byHand: RollbacksByHand;

  constructor(declaration: GuardDeclaration, eyes: Eyes, ports: GuardPorts) {
    this.#declaration = declaration;
    this.#eyes = eyes;
    this.#ports = ports;
    this.#books = new SharedBooks(() => this.#versions.noteMarked(), ports.clock);
    this.#versions = new RunningVersions({
      ...ports,
      declaration: () => this.#declaration,
      changes: this.#books.changes,
      note: (event) => this.#note(event),
      lookAtHealth: (target, signal) => this.#lookAtHealth(target, signal),
    });
    this.#repeated = new RepeatedVerifications({
      ...ports,
      checks: { run: (check, signal) => this.#eyes.checks.run(check, signal) },
      alerts: this.#alerts,
      append: async (event) => {
        await ports.store.append([event]);
        if ('target' in event && event.target !== undefined) this.#targets.find(event.target)?.noteRollbackEvent(event);
      },
    });
    const { store, rollbacks } = ports;
    this.#byHand = new RollbacksByHand({ store, rollbacks, declaration: () => this.#declaration, targets: this.#targets, changes: this.#books.changes });
  }

  get declaration(): GuardDeclaration {
    return this.#declaration;
  }

  get pauses(): readonly Pause[] {
    return this.#books.pauses;
  }

  get changes(): readonly ChangeMarker[] {
    return this.#books.changes.markers;
  }

  /** The open incidents, one per target at most. */
  get openIncidents(): readonly Incident[] {
    return this.#targets.openIncidents;
  }

  /** The loops that watch; absent before `start` and after `stop`. */
  get watch(): TriggerWatch | undefined {
    return this.#watch;
  }

  /** How many alerts of a target are in each state. */
  alertCountsOf(target: string): Readonly<Record<AlertState, number>> {
    return { ...this.#alerts.countsOf(target) };
  }

  alertsOf(trigger: string): readonly Alert[] {
    return this.#alerts.ofTrigger(trigger);
  }

  /** Restores what the journal and the store hold, goes on with what was unfinished, and starts to watch. */
  async start(): Promise<void> {
    const { store } = this.#ports;
    const everPaused = await this.#books.restore(store);
    for (const { event } of await store.entriesOfTypes(['source-blind', 'source-seeing'], 0)) noteSight(this.#sights, event);
    this.#alerts.restore(await store.loadAlerts());
    await forgetUnwatched(this.#alerts, this.#declaration.triggers, this.#ports);
    for (const target of this.#declaration.targets) {
      for (const id of await store.incidents({ target: target.name, limit: 1 })) await this.#takeUp(id, (incident) => this.#targets.of(target).rememberFirings(incident));
    }
    for (const id of await store.openIncidents()) await this.#takeUp(id, (incident) => this.#targets.named(incident.target).restore(incident));
    await this.#startWatch();
    for (const target of this.#targets.all) target.goOn(everPaused);
  }

  /** Takes a new configuration in place of the old one. Windows, incidents and what is under way go on. */
  async declare(declaration: GuardDeclaration, eyes: Eyes): Promise<void> {
    await this.#watch?.stop();
    this.#declaration = declaration;
    this.#eyes = eyes;
    await forgetUnwatched(this.#alerts, declaration.triggers, this.#ports);
    this.#targets.declare();
    await this.#startWatch();
    this.#reconsiderAll();
  }

  /** Stops watching, starts nothing more, and waits for what is in hand. */
  async stop(): Promise<void> {
    await Promise.all([this.#watch?.stop(), this.#versions.stop()]);
    this.#watch = undefined;
    await Promise.all([...this.#targets.all.map((target) => target.stop()), this.#repeated.stop(), this.#ports.rollbacks.drain()]);
  }

  /** An event of a rollback that has just become durable. */
  noteRollbackEvent(event: JournalEvent & { readonly target?: string | undefined }): void {
    this.#books.note(event);
    if (event.target !== undefined) this.#targets.find(event.target)?.noteRollbackEvent(event);
  }

  /** Alerts that Alertmanagers have told of have begun or ended: the triggers that are about them look at once. */
  noteReceived(alerts: readonly ReceivedAlert[]): void {
    for (const { name, query } of this.#declaration.triggers) {
      if (query.kind === 'received' && alerts.some(({ labels }) => matchesAlert(query.match, labels))) this.#looks.ask(name);
    }
  }

  /** Starts a plan by hand, or asks those who must agree to it; resolves once that is durable. */
  startByHand(wish: ManualRollback): Promise<HandStart> {
    return this.#byHand.start(wish);
  }

  /**
   * Puts back by hand what a rollback has changed, or asks those who must agree to its plan; resolves once that is durable.
   * Rejects before it as `RollbackManager.undo` does. Once people have agreed, it is looked at again whether it can be undone.
   */
  undoByHand(executionId: string, by: string, reason: string): Promise<HandStart> {
    return this.#byHand.undo(executionId, by, reason);
  }

  /** Verifies an ended rollback once more; resolves once it is under way. */
  async verifyByHand(executionId: string, by: string): Promise<StartedVerification> {
    const { incident, rung } = await pastRun(this.#ports.store, executionId);
    return this.#repeated.start(incident, rung, this.#declaration.verifications.get(rung.planId), by);
  }

  /**
   * Takes an answer to the question `id`, or to the only open one of the incident or rollback `id`. Rejects with BelayError
   * `not-found`, and `conflict` or `forbidden` where it does not count.
   */
  async answerApproval(id: string, answerer: Answerer, answer: NewAnswer): Promise<IncidentApproval & { readonly incidentId: string; readonly target: string }> {
    const approval = meantApproval(this.openIncidents, id);
    if (approval === undefined) throw await refusalOfPast(id, answerer, answer, this.#ports);
    const owner = await this.#ownerOf(approval.incidentId);
    return { ...(await owner.answer(approval.id, answerer, answer)), incidentId: approval.incidentId, target: owner.name };
  }

  /** Books that somebody has seen an incident. Rejects with BelayError `not-found`, and with `conflict` when it is over. */
  async acknowledge(incidentId: string, by: string): Promise<void> {
    await (await this.#ownerOf(incidentId)).acknowledge(incidentId, by);
  }

  /** How a step of a plan asks people: resolves once they have agreed, or said no, or the time is over. */
  async ask(target: string, question: Question, signal: AbortSignal): Promise<IncidentApproval> {
    const owner = this.#targets.find(target);
    if (owner?.incident === undefined) throw new BelayError('conflict', `${target} has no open incident on which people could be asked`);
    return owner.ask(question, signal);
  }

  /** Stops a rollback or its verification; resolves once its running step has ended. Rejects with BelayError `not-found`, and with `conflict` when it has ended already. */
  async cancel(executionId: string): Promise<void> {
    const owner = this.#targets.all.find((target) => target.incident?.rungs.some((rung) => rung.executionId === executionId));
    if (owner !== undefined) return owner.cancel(executionId);
    const { rung } = await pastRun(this.#ports.store, executionId);
    throw new BelayError('conflict', `rollback ${executionId} has ended (${rung.outcome ?? 'unknown'})`);
  }

  /** Rejects with BelayError `not-found`, and with `conflict` when it is over already. */
  async closeIncident(incidentId: string, by: string, reason: string): Promise<void> {
    await (await this.#ownerOf(incidentId)).close(incidentId, by, reason);
  }

  /**
   * Nothing new starts by itself on the target, or on any, until it is resumed or `until` (ms since the epoch) has come.
   * What is under way there ends before its next step and is left to a person; with `now` the running step is aborted too.
   */
  async pause({ target, by, reason, until, now = false }: Pick<Pause, 'target' | 'by' | 'reason' | 'until'> & { readonly now?: boolean | undefined }): Promise<Pause> {
    if (target !== undefined) mustBeDeclared(this.#declaration, target);
    const pause: Pause = { id: this.#ports.newId('pause'), target, by, reason, since: this.#ports.clock.now(), until };
    await this.#note({ type: 'paused', at: pause.since, pauseId: pause.id, target, by, reason, until });
    for (const guard of this.#targets.all) if (target === undefined || guard.name === target) guard.stopFor(pause, now);
    return pause;
  }

  /** Ends one pause. */
  async resume(pauseId: string, by: string, reason?: string): Promise<void> {
    const pause = this.#books.pauses.find(({ id }) => id === pauseId);
    if (pause === undefined) throw new BelayError('not-found', `there is no pause ${pauseId}`);
    await this.#note({ type: 'resumed', at: this.#ports.clock.now(), pauseId, target: pause.target, by, reason });
    this.#reconsiderAll();
  }

  /** Lets go of what has been removed from the journal: these incidents, and what was before `since` and says nothing about now. */
  forget(incidentIds: readonly string[], since: number): void {
    this.#books.forget(incidentIds, since);
  }

  /** Makes the budget of one target, or of all, whole again. */
  async reset(target: string | undefined, by: string): Promise<void> {
    if (target !== undefined) mustBeDeclared(this.#declaration, target);
    await this.#note({ type: 'budget-reset', at: this.#ports.clock.now(), target, by });
    const concerned = this.#targets.all.filter(({ name }) => target === undefined || name === target);
    await Promise.all(concerned.map((guard) => guard.liftBudget(by)));
  }

  /** Notes that a version was deployed now, or is known to be good. */
  async markChange(change: Omit<ChangeMarker, 'at' | 'kind'> & { readonly kind: 'deploy' | 'good' }): Promise<ChangeMarker> {
    mustBeDeclared(this.#declaration, change.target);
    const marker = { ...change, at: this.#ports.clock.now() };
    await this.#note({ type: 'change-marked', ...marker });
    return marker;
  }

  /** What plans may use as `${rollbackPoint.…}` for a target. */
  rollbackPoint(target: string): Readonly<Record<string, unknown>> {
    return rollbackPointValues(this.#books.changes.factsOf(target).rollbackPoint);
  }

  /** What runs on a target and what of it is good, by name, as far as that is known; and why its metric tells nothing. */
  versionsOf(target: string): VersionsView {
    return this.#versions.of(target);
  }

  /** The effective mode of a target. */
  modeOf(target: Target): Mode {
    return declarationFor(target, this.#declaration).mode;
  }

  #lookAtHealth(name: string, signal: AbortSignal): Promise<HealthLook> {
    const triggers = this.#declaration.triggers.filter(({ target }) => target === name);
    return lookAtHealth(
      {
        checks: this.#eyes.checks,
        isIncidentOpen: this.#targets.find(name)?.incident !== undefined,
        triggers: triggers.map((trigger) => ({ trigger, health: this.#watch?.sightOf(trigger.name).health ?? 'unknown', alerts: this.#alerts.ofTrigger(trigger.name) })),
        healthOf: this.#declaration.targets.some((target) => target.name === name && target.hasHealth) ? name : undefined,
      },
      signal,
    );
  }

  /** The guard of the target whose open incident this is. */
  async #ownerOf(incidentId: string): Promise<TargetGuard> {
    const owner = this.#targets.all.find((guard) => guard.incident?.id === incidentId);
    if (owner !== undefined) return owner;
    const incident = foldIncident(await this.#ports.store.entriesOfIncident(incidentId));
    if (incident === undefined) throw new BelayError('not-found', `there is no incident ${incidentId}`);
    throw new BelayError('conflict', `incident ${incidentId} of ${incident.target} is over already (${incident.status})`);
  }

  async #takeUp(incidentId: string, take: (incident: Incident) => void): Promise<void> {
    const incident = foldIncident(await this.#ports.store.entriesOfIncident(incidentId));
    if (incident !== undefined) take(incident);
  }

  async #note(event: JournalEvent): Promise<void> {
    await this.#ports.store.append([event]);
    this.#books.note(event);
  }

  #make(target: Target): TargetGuard {
    const { clock, store, rollbacks, newId, report } = this.#ports;
    return new TargetGuard(declarationFor(target, this.#declaration), {
      clock,
      rollbacks,
      newId,
      report,
      fleet: this.#books.fleet,
      alerts: this.#alerts,
      // The eyes change with the configuration, so they are looked up at each check.
      checks: { run: (check, signal) => this.#eyes.checks.run(check, signal) },
      append: async (events) => {
        await store.append(events);
      },
      recheck: async (alerts, signal) => this.#watch?.recheck(alerts, signal) ?? 'unknown',
      caughtUp: async (name) => this.#watch?.caughtUp(name),
      impactOf: async (alert, query, signal) => this.#watch?.impactOf(alert, query, signal) ?? { kind: 'unknown', why: 'nothing is watched' },
      pauses: (name) => this.#books.pausesOf(name, clock.now()),
      changes: (name) => this.#books.changes.factsOf(name),
    });
  }

  async #startWatch(): Promise<void> {
    const { clock, store, report, observer, onJudged } = this.#ports;
    this.#watch = new TriggerWatch(this.#declaration.triggers, this.#eyes.sources, this.#alerts, this.#sights, {
      clock,
      store,
      report,
      observer,
      onJudged,
      changes: { lastDeployAt: (target, at) => lastDeployAt(this.#books.changes.markers, target, at) },
      onEvaluated: (target) => this.#targets.named(target).reconsider(),
    });
    this.#watch.start();
    await this.#versions.watch(this.#eyes.sources);
  }

  #reconsiderAll(): void {
    for (const target of this.#targets.all) target.reconsider();
  }
}
