import { refusalOf, type Answerer } from '../decision/approval.js';
import { approvalNeed } from '../decision/approval-need.js';
import { rollbackPointValues } from '../decision/change.js';
import type { Target } from '../decision/target.js';
import { BelayError } from '../fault/belay-error.js';
import { foldIncident, type Incident, type IncidentApproval, type Rung } from '../incident/incident.js';
import type { JournalEvent } from '../incident/incident-event.js';
import type { RollbackManager } from '../rollback/rollback-manager.js';
import type { RollbackContext, RollbackPlan } from '../rollback/rollback-plan.js';
import type { CheckRunner } from '../source/check.js';
import { matchesAlert } from '../source/alert-match.js';
import type { ReceivedAlert } from '../source/received-alert.js';
import type { Source } from '../source/source.js';
import type { Clock } from '../time/clock.js';
import type { Alert } from '../trigger/alert.js';
import type { Level, Mode } from '../trigger/trigger.js';
import { AlertBook } from './alert-book.js';
import type { NewAnswer, Question } from './approval-desk.js';
import { type ChangeMarker, changeEventTypes, Changes, lastDeployAt } from './changes.js';
import { meantApproval } from './meant-approval.js';
import { Fleet, ledgerEventTypes } from './fleet.js';
import { declarationFor, undeclaredTarget, type GuardDeclaration } from './guard-declaration.js';
import type { GuardStore } from './guard-store.js';
import { lookAtHealth } from './health-look.js';
import { Looks } from './looks.js';
import { activePauses, applyToPauses, foldPauses, pauseEventTypes, pauseHistory, type Pause } from './pauses.js';
import { refuseWithoutRollbackPoint } from './rollback-point-check.js';
import { governingLevel, scenariosOf } from './target-declaration.js';
import { RepeatedVerifications, type StartedVerification } from './repeated-verifications.js';
import { TargetGuard, type HandStart, type StartedRollback, type WishByHand } from './target-guard.js';
import { noteSight, type SourceSight } from './source-sight.js';
import { TriggerWatch, type WatchObserver } from './trigger-watch.js';
import type { HealthLook } from './version-proof.js';
import { VersionProofs } from './version-proofs.js';

/** Under this name stands what nobody but Belay has said. */
const BELAY = 'belay';

export interface GuardPorts {
  readonly clock: Clock;
  readonly store: GuardStore;
  readonly rollbacks: Pick<RollbackManager, 'executeRollback' | 'undo' | 'mustBeUndoable' | 'resume' | 'planState' | 'describePlan' | 'drain'>;
  readonly newId: (kind: 'incident' | 'rollback' | 'pause' | 'approval' | 'verification') => string;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
  readonly observer: WatchObserver;
}

/** What the declarations are watched with: made anew with every configuration. */
export interface Eyes {
  /** By name, the target's own endpoints under `health`. */
  readonly sources: ReadonlyMap<string, Source>;
  readonly checks: CheckRunner;
}

export interface ManualRollback {
  readonly plan: string | { readonly target: string; readonly level: Level };
  readonly by: string;
  readonly reason: string;
  /** Only reads and tells what it would do, whatever the mode. */
  readonly dryRun: boolean;
}

/** Guards every declared target: joins their triggers' loops, their incidents, and what people ask of them. */
export class Guard {
  readonly #ports: GuardPorts;
  readonly #fleet = new Fleet();
  readonly #alerts = new AlertBook();
  readonly #targets = new Map<string, TargetGuard>();
  #declaration: GuardDeclaration;
  #eyes: Eyes;
  #watch: TriggerWatch | undefined;
  readonly #looks = new Looks(async (trigger) => this.#watch?.lookNow(trigger));
  readonly #sights = new Map<string, SourceSight>();
  #pauses: readonly Pause[] = [];
  readonly #changes = new Changes(() => this.#proofs.wake());
  readonly #proofs: VersionProofs;
  readonly #repeated: RepeatedVerifications;

  constructor(declaration: GuardDeclaration, eyes: Eyes, ports: GuardPorts) {
    this.#declaration = declaration;
    this.#eyes = eyes;
    this.#ports = ports;
    this.#proofs = new VersionProofs({
      ...ports,
      targets: () => this.#declaration.targets.map(({ name }) => name),
      markers: () => this.#changes.markers,
      goodAfterMs: () => this.#declaration.policy.goodAfterMs,
      look: (target, signal) => this.#lookAtHealth(target, signal),
      onProven: async (target, version) => {
        await this.markChange({ target, kind: 'good', version, by: BELAY });
      },
    });
    this.#repeated = new RepeatedVerifications({
      ...ports,
      checks: { run: (check, signal) => this.#eyes.checks.run(check, signal) },
      alertsOf: (target) => this.#alerts.ofTarget(target),
      append: async (event) => {
        await ports.store.append([event]);
        if ('target' in event && event.target !== undefined) this.#targets.get(event.target)?.noteRollbackEvent(event);
      },
    });
  }

  get declaration(): GuardDeclaration {
    return this.#declaration;
  }

  get pauses(): readonly Pause[] {
    return this.#pauses;
  }

  get changes(): readonly ChangeMarker[] {
    return this.#changes.markers;
  }

  /** The open incidents, one per target at most. */
  get openIncidents(): readonly Incident[] {
    return [...this.#targets.values()].flatMap((target) => target.incident ?? []);
  }

  /** The loops that watch; absent before `start` and after `stop`. */
  get watch(): TriggerWatch | undefined {
    return this.#watch;
  }

  alertsOf(trigger: string): readonly Alert[] {
    return this.#alerts.ofTrigger(trigger);
  }

  /** Restores what the journal and the store hold, goes on with what was unfinished, and starts to watch. */
  async start(): Promise<void> {
    const { store } = this.#ports;
    this.#fleet.restore(await store.entriesOfTypes(ledgerEventTypes, 0));
    const pausing = await store.entriesOfTypes(pauseEventTypes, 0);
    this.#pauses = foldPauses(pausing);
    this.#changes.restore(await store.entriesOfTypes(changeEventTypes, 0));
    for (const { event } of await store.entriesOfTypes(['source-blind', 'source-seeing'], 0)) noteSight(this.#sights, event);
    const alerts = await store.loadAlerts();
    for (const trigger of new Set(alerts.map((alert) => alert.trigger))) {
      this.#alerts.put(trigger, alerts.filter((alert) => alert.trigger === trigger));
    }
    await this.#forgetUnwatched();
    for (const target of this.#declaration.targets) {
      for (const id of await store.incidents({ target: target.name, limit: 1 })) await this.#takeUp(id, (incident) => this.#targetGuard(target).rememberFirings(incident));
    }
    for (const id of await store.openIncidents()) await this.#takeUp(id, (incident) => this.#guardOf(incident.target).restore(incident));
    this.#startWatch();
    const everPaused = pauseHistory(pausing);
    for (const target of this.#targets.values()) target.goOn(everPaused);
    this.#proofs.start();
  }

  /** Takes a new configuration in place of the old one. Windows, incidents and what is under way go on. */
  async declare(declaration: GuardDeclaration, eyes: Eyes): Promise<void> {
    await this.#watch?.stop();
    this.#declaration = declaration;
    this.#eyes = eyes;
    await this.#forgetUnwatched();
    for (const target of declaration.targets) this.#targetGuard(target).declare(declarationFor(target, declaration));
    for (const [name, guard] of this.#targets) {
      if (declaration.targets.some((target) => target.name === name)) continue;
      // Nobody watches it any more; what is open on it stays until it is closed.
      guard.declare(declarationFor(undeclaredTarget(name), declaration));
      if (guard.incident === undefined) this.#targets.delete(name);
    }
    this.#startWatch();
    this.#proofs.wake();
    this.#reconsiderAll();
  }

  /** Stops watching, starts nothing more, and waits for what is in hand. */
  async stop(): Promise<void> {
    await Promise.all([this.#watch?.stop(), this.#proofs.stop()]);
    this.#watch = undefined;
    await Promise.all([...[...this.#targets.values()].map((target) => target.stop()), this.#repeated.stop(), this.#ports.rollbacks.drain()]);
  }

  /** An event of a rollback that has just become durable. */
  noteRollbackEvent(event: JournalEvent & { readonly target?: string | undefined }): void {
    this.#fleet.note(event);
    this.#changes.note(event);
    if (event.target !== undefined) this.#targets.get(event.target)?.noteRollbackEvent(event);
  }

  /** Alerts that Alertmanagers have told of have begun or ended: the triggers that are about them look at once. */
  noteReceived(alerts: readonly ReceivedAlert[]): void {
    for (const { name, query } of this.#declaration.triggers) {
      if (query.kind === 'received' && alerts.some(({ labels }) => matchesAlert(query.match, labels))) this.#looks.ask(name);
    }
  }

  /** Starts a plan by hand, or asks those who must agree to it; resolves once that is durable. */
  async startByHand({ plan: wanted, by, reason, dryRun }: ManualRollback): Promise<HandStart> {
    const plan = this.#planFor(wanted);
    const need = this.#needFor(plan);
    const target = this.#declaration.targets.find(({ name }) => name === plan.target);
    refuseWithoutRollbackPoint(plan, this.#declaration.plans, target === undefined ? undefined : this.#changes.factsOf(target.name));
    return this.#byHand(plan, plan.target, { by, reason, dryRun, need });
  }

  /**
   * Puts back by hand what a rollback has changed; resolves once its start is durable. Rejects before it as
   * `RollbackManager.undo` does, and with `forbidden` where the plan's start takes an approval: for an undo none is asked.
   */
  async undoByHand(executionId: string, by: string, reason: string): Promise<StartedRollback> {
    const { rung, target, context } = await this.#ranOn(executionId);
    const plan = this.#declaration.plans.find(({ id }) => id === rung.planId) ?? planOfThePast(rung, target);
    if (this.#needFor(plan) !== undefined) {
      throw new BelayError('forbidden', `plan ${plan.id} starts with an approval only, and none can be asked for its undo: put its changes back by hand, or by a plan of their own`, { context: { plan: plan.id } });
    }
    await this.#ports.rollbacks.mustBeUndoable(executionId, { ...context, trigger: 'manual', triggeredBy: by });
    return this.#byHand(plan, target, { by, reason, dryRun: false, undoes: executionId });
  }

  /** Verifies an ended rollback once more; resolves once it is under way. */
  async verifyByHand(executionId: string, by: string): Promise<StartedVerification> {
    const { incident, rung } = await this.#ranOn(executionId);
    return this.#repeated.start(incident, rung, this.#declaration.verifications.get(rung.planId), by);
  }

  /**
   * Takes an answer to the question `id`, or to the only open one of the incident or rollback `id`. Rejects with BelayError
   * `not-found`, and `conflict` or `forbidden` where it does not count.
   */
  async answerApproval(id: string, answerer: Answerer, answer: NewAnswer): Promise<IncidentApproval & { readonly incidentId: string; readonly target: string }> {
    const approval = meantApproval(this.openIncidents, id);
    if (approval === undefined) throw await this.#refusalOfPast(id, answerer, answer);
    const owner = this.#ownerOf(approval.incidentId);
    return { ...(await owner.answer(approval.id, answerer, answer)), incidentId: approval.incidentId, target: owner.name };
  }

  /** Books that somebody has seen an incident. */
  async acknowledge(incidentId: string, by: string): Promise<void> {
    await this.#ownerOf(incidentId).acknowledge(by);
  }

  /** How a step of a plan asks people: resolves once they have agreed, or said no, or the time is over. */
  async ask(target: string, question: Question, signal: AbortSignal): Promise<IncidentApproval> {
    const owner = this.#targets.get(target);
    if (owner?.incident === undefined) throw new BelayError('conflict', `${target} has no open incident on which people could be asked`);
    return owner.ask(question, signal);
  }

  /** Stops a rollback or its verification; resolves once its running step has ended. */
  async cancel(executionId: string): Promise<void> {
    const owner = [...this.#targets.values()].find((target) => target.incident?.rungs.some((rung) => rung.executionId === executionId));
    if (owner === undefined) throw new BelayError('not-found', `no rollback ${executionId} is under way`);
    await owner.cancel(executionId);
  }

  async closeIncident(incidentId: string, by: string, reason: string): Promise<void> {
    await this.#ownerOf(incidentId).close(by, reason);
  }

  /**
   * Nothing new starts by itself on the target, or on any, until it is resumed or `until` (ms since the epoch) has come.
   * What is under way there ends before its next step and is left to a person; with `now` the running step is aborted too.
   */
  async pause({ target, by, reason, until, now = false }: Pick<Pause, 'target' | 'by' | 'reason' | 'until'> & { readonly now?: boolean | undefined }): Promise<Pause> {
    if (target !== undefined) this.#mustKnow(target);
    const pause: Pause = { id: this.#ports.newId('pause'), target, by, reason, since: this.#ports.clock.now(), until };
    await this.#note({ type: 'paused', at: pause.since, pauseId: pause.id, target, by, reason, until });
    for (const guard of this.#targets.values()) if (target === undefined || guard.name === target) guard.stopFor(pause, now);
    return pause;
  }

  /** Ends one pause. */
  async resume(pauseId: string, by: string, reason?: string): Promise<void> {
    const pause = this.#pauses.find(({ id }) => id === pauseId);
    if (pause === undefined) throw new BelayError('not-found', `there is no pause ${pauseId}`);
    await this.#note({ type: 'resumed', at: this.#ports.clock.now(), pauseId, target: pause.target, by, reason });
    this.#reconsiderAll();
  }

  /** Makes the budget of one target, or of all, whole again. */
  async reset(target: string | undefined, by: string): Promise<void> {
    if (target !== undefined) this.#mustKnow(target);
    await this.#note({ type: 'budget-reset', at: this.#ports.clock.now(), target, by });
    const concerned = [...this.#targets.values()].filter(({ name }) => target === undefined || name === target);
    await Promise.all(concerned.map((guard) => guard.liftBudget(by)));
  }

  /** Notes that a version was deployed now, or is known to be good. */
  async markChange(change: Omit<ChangeMarker, 'at' | 'kind'> & { readonly kind: 'deploy' | 'good' }): Promise<ChangeMarker> {
    this.#mustKnow(change.target);
    const marker = { ...change, at: this.#ports.clock.now() };
    await this.#note({ type: 'change-marked', ...marker });
    return marker;
  }

  /** What plans may use as `${rollbackPoint.…}` for a target. */
  rollbackPoint(target: string): Readonly<Record<string, unknown>> {
    return rollbackPointValues(this.#changes.factsOf(target).rollbackPoint);
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
        isIncidentOpen: this.#targets.get(name)?.incident !== undefined,
        triggers: triggers.map((trigger) => ({ trigger, health: this.#watch?.sightOf(trigger.name).health ?? 'unknown', alerts: this.#alerts.ofTrigger(trigger.name) })),
        healthOf: this.#declaration.targets.some((target) => target.name === name && target.hasHealth) ? name : undefined,
      },
      signal,
    );
  }

  #ownerOf(incidentId: string): TargetGuard {
    const owner = [...this.#targets.values()].find((target) => target.incident?.id === incidentId);
    if (owner === undefined) throw new BelayError('not-found', `no incident ${incidentId} is open`);
    return owner;
  }

  /** A question of an incident that is over has ended too: people are told how. */
  async #refusalOfPast(id: string, answerer: Answerer, { answer }: NewAnswer): Promise<BelayError> {
    const { store, clock } = this.#ports;
    for (const { event } of await store.entriesOfTypes(['approval-requested'], 0)) {
      if (event.type !== 'approval-requested' || event.approval.id !== id) continue;
      const incident = foldIncident(await store.entriesOfIncident(event.incidentId));
      const approval = incident?.approvals.find((candidate) => candidate.id === id);
      const refusal = approval === undefined ? undefined : refusalOf(approval, answerer, answer, clock.now());
      if (refusal !== undefined) return new BelayError(refusal.code, refusal.message, { context: { approvalId: id, incidentId: event.incidentId } });
    }
    return new BelayError('not-found', `there is no approval ${id}, and no open incident or rollback of that id that waits for one`);
  }

  #byHand(plan: RollbackPlan, targetName: string | undefined, request: WishByHand): Promise<HandStart> {
    const target = this.#declaration.targets.find(({ name }) => name === targetName);
    if (target !== undefined) return this.#targetGuard(target).startByHand(plan, request);
    const lone = undeclaredTarget(plan.id);
    const guard = this.#targetGuard(lone);
    guard.declare({ ...declarationFor(lone, this.#declaration), plans: [plan] });
    return guard.startByHand(plan, request);
  }

  #needFor(plan: RollbackPlan): ReturnType<typeof approvalNeed> {
    const byId = new Map(this.#declaration.plans.map((declared) => [declared.id, declared]));
    return approvalNeed(this.#declaration.policy, governingLevel(plan, byId), scenariosOf(plan, byId));
  }

  /** An execution with the incident that it belongs to. Rejects with BelayError `not-found`. */
  async #ranOn(executionId: string): Promise<{ readonly incident: Incident; readonly rung: Rung; readonly target: string; readonly context: RollbackContext }> {
    const { store } = this.#ports;
    const entries = await store.entriesOfExecution(executionId);
    const owner = entries.find(({ event }) => event.type === 'rung-started')?.event;
    const started = entries.find(({ event }) => event.type === 'rollback-started')?.event;
    const incident = owner?.type === 'rung-started' ? foldIncident(await store.entriesOfIncident(owner.incidentId)) : undefined;
    const rung = incident?.rungs.find((candidate) => candidate.executionId === executionId);
    if (incident === undefined || rung === undefined || started?.type !== 'rollback-started') throw new BelayError('not-found', `there is no rollback ${executionId}`);
    return { incident, rung, target: incident.target, context: started.context };
  }

  async #takeUp(incidentId: string, take: (incident: Incident) => void): Promise<void> {
    const incident = foldIncident(await this.#ports.store.entriesOfIncident(incidentId));
    if (incident !== undefined) take(incident);
  }

  async #note(event: JournalEvent): Promise<void> {
    await this.#ports.store.append([event]);
    this.#fleet.note(event);
    this.#pauses = applyToPauses(this.#pauses, event);
    this.#changes.note(event);
  }

  #planFor(wanted: ManualRollback['plan']): RollbackPlan {
    const { plans } = this.#declaration;
    if (typeof wanted === 'string') {
      const plan = plans.find(({ id }) => id === wanted);
      if (plan === undefined) throw new BelayError('plan-not-found', `Rollback plan ${wanted} not found`, { context: { known: plans.map(({ id }) => id) } });
      return plan;
    }
    this.#mustKnow(wanted.target);
    const fitting = plans.filter((plan) => plan.target === wanted.target && plan.level === wanted.level);
    const [plan] = fitting;
    if (plan === undefined) throw new BelayError('plan-not-found', `${wanted.target} has no plan of level ${wanted.level}`);
    if (fitting.length > 1) throw new BelayError('conflict', `${wanted.target} has several plans of level ${wanted.level}: name one of ${fitting.map(({ id }) => id).join(', ')}`);
    return plan;
  }

  #mustKnow(target: string): void {
    if (!this.#declaration.targets.some(({ name }) => name === target)) {
      throw new BelayError('not-found', `there is no target ${target}`, { context: { known: this.#declaration.targets.map(({ name }) => name) } });
    }
  }

  #guardOf(name: string): TargetGuard {
    const declared = this.#declaration.targets.find((target) => target.name === name);
    return this.#targetGuard(declared ?? undeclaredTarget(name));
  }

  #targetGuard(target: Target): TargetGuard {
    const known = this.#targets.get(target.name);
    if (known !== undefined) return known;
    const { clock, store, rollbacks, newId, report } = this.#ports;
    const guard = new TargetGuard(declarationFor(target, this.#declaration), {
      clock,
      rollbacks,
      newId,
      report,
      fleet: this.#fleet,
      alerts: this.#alerts,
      // The eyes change with the configuration, so they are looked up at each check.
      checks: { run: (check, signal) => this.#eyes.checks.run(check, signal) },
      append: async (events) => {
        await store.append(events);
      },
      recheck: async (alerts, signal) => this.#watch?.recheck(alerts, signal) ?? 'unknown',
      impactOf: async (alert, query, signal) => this.#watch?.impactOf(alert, query, signal) ?? { kind: 'unknown', why: 'nothing is watched' },
      pauses: (name) => activePauses(this.#pauses, name, clock.now()),
      changes: (name) => this.#changes.factsOf(name),
    });
    this.#targets.set(target.name, guard);
    return guard;
  }

  #startWatch(): void {
    const { clock, store, report, observer } = this.#ports;
    this.#watch = new TriggerWatch(this.#declaration.triggers, this.#eyes.sources, this.#alerts, this.#sights, {
      clock,
      store,
      report,
      observer,
      changes: { lastDeployAt: (target, at) => lastDeployAt(this.#changes.markers, target, at) },
      onEvaluated: (target) => this.#guardOf(target).reconsider(),
    });
    this.#watch.start();
  }

  /** How an alert stood when its trigger was taken away says nothing about now: it must neither prove nor disprove a recovery. */
  async #forgetUnwatched(): Promise<void> {
    const { store, report } = this.#ports;
    const forgotten = this.#alerts.keepOnly(new Set(this.#declaration.triggers.map(({ name }) => name)));
    if (forgotten.length === 0) return;
    try {
      await store.saveAlerts(forgotten.map((alert) => ({ ...alert, state: 'inactive' })));
    } catch (error) {
      // The next start forgets them; the new declarations must be watched all the same.
      report(error, {});
    }
  }

  #reconsiderAll(): void {
    for (const target of this.#targets.values()) target.reconsider();
  }
}

/** As much of a plan that the files no longer declare as its undo needs. */
function planOfThePast({ planId, level }: Rung, target: string): RollbackPlan {
  return { id: planId, name: planId, description: '', phase: '', steps: [], dependencies: [], estimatedDuration: 0, target, level };
}
