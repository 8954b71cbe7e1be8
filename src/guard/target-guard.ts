import PQueue from 'p-queue';
import type { Answerer } from '../decision/approval.js';
import type { ApprovalNeed } from '../decision/approval-need.js';
import { rollbackPointValues } from '../decision/change.js';
import type { Decision } from '../decision/decision.js';
import { BelayError } from '../fault/belay-error.js';
import type { Incident, IncidentApproval, Rung } from '../incident/incident.js';
import type { JournalEvent, NeedsHumanReason } from '../incident/incident-event.js';
import type { RollbackContext, RollbackPlan } from '../rollback/rollback-plan.js';
import type { RollbackManager } from '../rollback/rollback-manager.js';
import type { Alert } from '../trigger/alert.js';
import { aftermathOf, type RunEnd } from './aftermath.js';
import { approvalConsequence, obsoleteBecause } from './approval-consequences.js';
import { ApprovalDesk, type NewAnswer, type Question } from './approval-desk.js';
import { noLongerAsked, questionOf } from './approval-question.js';
import { evidenceOf } from './evidence.js';
import { climbs } from './incident-progress.js';
import { IncidentRecord, type IncidentRecordPorts } from './incident-record.js';
import { type Pause, pauseThatStopped, pauseWords } from './pauses.js';
import { whyStopForResolve } from './on-resolved.js';
import { RungRun, type RungRunPorts, type RungRunStart } from './rung-run.js';
import { quietHoldMs, type TargetDeclaration } from './target-declaration.js';
import { TargetJudge, type TargetJudgePorts } from './target-judge.js';
import { untilWritten } from './until-written.js';
import { wouldDo } from './would-do.js';

export type TargetGuardPorts = IncidentRecordPorts & TargetJudgePorts & Omit<RungRunPorts, 'record'> & { readonly rollbacks: Pick<RollbackManager, 'describePlan'> };

export interface StartedRollback {
  readonly executionId: string;
  readonly incidentId: string;
}

/** What a rollback by hand comes to: it starts, or people are asked first. */
export interface HandStart extends StartedRollback {
  readonly approval?: IncidentApproval | undefined;
}

export interface WishByHand {
  readonly by: string;
  readonly reason: string;
  readonly dryRun: boolean;
  /** What its start takes; nothing where it is absent. */
  readonly need?: ApprovalNeed | undefined;
  /** The execution whose changes are put back. */
  readonly undoes?: string | undefined;
}

type NewRung = Pick<Rung, 'executionId' | 'mode' | 'trigger' | 'by' | 'reason' | 'undoes'> & { readonly plan: Pick<RollbackPlan, 'id' | 'level'> };

/**
 * Guards one target: takes what its triggers say, keeps its one open incident, asks for decisions, and carries them
 * out. Facts are handled strictly one after another; a rollback with its verification runs beside, and comes back as a
 * fact when it ends.
 */
export class TargetGuard {
  readonly name: string;
  readonly #facts = new PQueue({ concurrency: 1 });
  readonly #ports: TargetGuardPorts;
  readonly #record: IncidentRecord;
  readonly #judge: TargetJudge;
  readonly #desk: ApprovalDesk;
  readonly #stopping = new AbortController();
  #declaration: TargetDeclaration;
  #run: RungRun | undefined;
  #reconsiderQueued = false;
  /** When each alert that an incident knows of began to fire, by fingerprint. */
  readonly #noted = new Map<string, number | undefined>();
  /** Since when every alert of the incident has been known to be clear, with nothing under way. */
  #quietSince: number | undefined;

  constructor(declaration: TargetDeclaration, ports: TargetGuardPorts) {
    this.name = declaration.target.name;
    this.#declaration = declaration;
    this.#ports = ports;
    this.#record = new IncidentRecord(this.name, ports);
    this.#judge = new TargetJudge(this.#record, ports);
    const { clock, newId } = ports;
    this.#desk = new ApprovalDesk({ clock, record: this.#record, newId, people: () => this.#declaration.people ?? [], onEnded: () => this.#followUp(), report: this.#reportError });
  }

  get incident(): Incident | undefined {
    return this.#record.current;
  }

  declare(declaration: TargetDeclaration): void {
    this.#declaration = declaration;
  }

  /** Takes up an open incident as the journal left it. */
  restore(incident: Incident): void {
    this.#record.restore(incident);
    this.rememberFirings(incident);
  }

  /**
   * Goes on with the restored incident: a rollback where it stopped, a verification anew; `pauses`, ended ones too, tell
   * what was stopped for good. The watch must be there to be asked.
   */
  goOn(pauses: readonly Pause[]): void {
    const incident = this.#record.current;
    const last = incident?.rungs.at(-1);
    this.#desk.resume();
    if (incident !== undefined) void this.#fact(() => this.#followApprovals()).catch(this.#reportError);
    if (incident === undefined || last === undefined || incident.status === 'needs-human') return;
    const pause = pauseThatStopped(pauses, this.name, last);
    const stopped = pause === undefined ? last.cancelReason : pauseWords(pause);
    if (last.outcome === undefined) {
      if (last.begun) this.#start(last, { from: 'where-it-was' }, stopped);
      else void this.#fact(() => (stopped === undefined ? this.#beginOrCallOff(last) : this.#callOff(last, stopped))).catch(this.#reportError);
    } else if (stopped !== undefined && last.verification?.result === undefined) {
      void this.#fact(() => this.#afterRun(last.executionId, { stopped })).catch(this.#reportError);
    } else if ((last.outcome === 'success' || last.outcome === 'failed') && last.verification?.result === undefined) {
      this.#start(last, { from: 'verification' });
    } else {
      void this.#fact(() => this.#afterRun(last.executionId, {})).catch(this.#reportError);
    }
  }

  /** Firings that an earlier incident has dealt with: they do not open another one. */
  rememberFirings(incident: Incident): void {
    for (const { evidence } of incident.alerts) this.#noted.set(evidence.fingerprint, evidence.firedAt);
  }

  /** Something has changed: an alert, a pause, a reset, the configuration. Looked at once, however often it is said meanwhile. */
  reconsider(): void {
    if (this.#reconsiderQueued) return;
    this.#reconsiderQueued = true;
    void this.#fact(() => {
      this.#reconsiderQueued = false;
      return this.#reconsider();
    }).catch(this.#reportError);
  }

  /** Starts a plan by hand, or asks those who must agree. Skips window, re-ask, cooldown and budget; never the lock or the approval. Resolves once that is durable. */
  startByHand(plan: RollbackPlan, { by, reason, dryRun, need, undoes }: WishByHand): Promise<HandStart> {
    return this.#fact(async () => {
      if (this.#run !== undefined) {
        throw new BelayError('target-busy', `${this.name} is being rolled back already (${this.#run.executionId}); wait for it or cancel it first`);
      }
      if (undoes !== undefined && this.#declaration.mode !== 'enforce') throw new BelayError('conflict', `${this.name} is in mode ${this.#declaration.mode}, in which nothing is changed`);
      const executionId = this.#ports.newId('rollback');
      const mode = this.#declaration.mode === 'enforce' && !dryRun ? 'enforce' : 'dry-run';
      const { id: incidentId } = await this.#open();
      if (need !== undefined && mode === 'enforce') {
        const asked = this.#record.mustBeOpen().approvals.find(({ status, purpose, planId }) => status === 'requested' && purpose !== 'step' && planId === plan.id);
        if (asked !== undefined) throw new BelayError('conflict', `plan ${plan.id} waits already for ${asked.missing.join(', ')}: belay approve ${asked.id}`, { context: { approvalId: asked.id } });
        const question = `${by} wants plan ${plan.id} to be run: ${reason}`;
        const approval = await this.#desk.request({ purpose: 'by-hand', planId: plan.id, level: plan.level, question, need, reason, requestedBy: by, executionId });
        return { executionId, incidentId, approval };
      }
      await this.#claiming(() => this.#startRung({ executionId, plan, mode, trigger: 'manual', by, reason, undoes }));
      return { executionId, incidentId };
    });
  }

  /** Takes an answer to one of the incident's questions, at once, whatever else the target is busy with. */
  answer(approvalId: string, answerer: Answerer, answer: NewAnswer): Promise<IncidentApproval> {
    return this.#desk.answer(approvalId, answerer, answer);
  }

  /** Asks people in the middle of a rollback, and resolves with how that ended. Asked again after a restart, it is the same question. */
  async ask(question: Question, signal: AbortSignal): Promise<IncidentApproval> {
    const known = this.#record.current?.approvals.find(({ executionId, stepKey }) => executionId === question.executionId && stepKey === question.stepKey);
    const { id } = known ?? (await this.#desk.request(question));
    return this.#desk.ended(id, signal);
  }

  acknowledge(by: string): Promise<void> {
    return this.#fact(async () => {
      const { id: incidentId, target, acknowledged } = this.#record.mustBeOpen();
      if (acknowledged.some((known) => known.by === by)) return;
      await this.#record.append({ type: 'incident-acknowledged', incidentId, target, at: this.#ports.clock.now(), by });
    });
  }

  /** Stops the rollback or its verification. Resolves once the running step has ended. */
  async cancel(executionId: string): Promise<void> {
    if (this.#run?.executionId !== executionId) throw new BelayError('not-found', `no rollback ${executionId} is under way on ${this.name}`);
    this.#run.cancel();
    await this.#run.done;
  }

  /** A pause has begun: what is under way goes no further than its running step, with `now` not even so far. It is never taken up again by itself. */
  stopFor(pause: Pause, now: boolean): void {
    if (now) this.#run?.cancel(pauseWords(pause));
    else this.#run?.halt(pauseWords(pause));
  }

  close(by: string, reason: string): Promise<void> {
    return this.#fact(async () => {
      if (this.#record.current === undefined) throw new BelayError('not-found', `${this.name} has no open incident`);
      if (this.#run !== undefined) throw new BelayError('target-busy', `${this.name} is being rolled back; cancel the rollback first`);
      await this.#closed(by, reason);
    });
  }

  /** The budget is whole again: an incident that needed a person for that alone is decided upon anew. */
  liftBudget(by: string): Promise<void> {
    return this.#fact(async () => {
      const incident = this.#record.current;
      const reason = incident?.needsHuman?.reason;
      if (incident === undefined || (reason !== 'budget-exhausted' && reason !== 'flapping')) return;
      await this.#record.append({ type: 'needs-human-lifted', incidentId: incident.id, target: this.name, at: this.#ports.clock.now(), by });
      await this.#reconsider();
    });
  }

  /** Starts nothing more, leaves a verification to the next start, and waits for what is in hand. */
  async stop(): Promise<void> {
    this.#stopping.abort(new BelayError('step-failed', 'the daemon is stopping'));
    await this.#run?.done.catch(this.#reportError);
    await this.#facts.onIdle();
    await this.#desk.stop();
  }

  /** An event of this target's rollback that has just become durable. */
  noteRollbackEvent(event: JournalEvent): void {
    this.#record.noteDurable(event);
  }

  #fact<T>(handle: () => Promise<T>): Promise<T> {
    return this.#facts.add(handle);
  }

  readonly #reportError = (error: unknown): undefined => {
    if (!this.#stopping.signal.aborted) this.#ports.report(error, { target: this.name });
    return undefined;
  };

  async #open(): Promise<Incident> {
    if (this.#record.current === undefined) this.#quietSince = undefined;
    return this.#record.open(this.#declaration.environment, this.#declaration.mode);
  }

  async #reconsider(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const firing = this.#firingAlerts();
    const newlyFiring = await this.#noteAlerts(firing);
    const incident = this.#record.current;
    if (incident === undefined || (await this.#followApprovals())) return;
    if (incident.alerts.length > 0 && (firing.length > 0 || climbs(incident))) await this.#decide(this.#record.mustBeOpen(), firing, newlyFiring);
    else await this.#desk.voidWhere(({ purpose }) => (purpose === 'plan' || purpose === 'schedule' ? 'recovered' : undefined));
    if (this.#run === undefined) await this.#closeWhenQuiet();
    else this.#stopWhenResolved(this.#run);
  }

  #stopWhenResolved(run: RungRun): void {
    const incident = this.#record.current;
    const rung = this.#record.rung(run.executionId);
    if (incident === undefined || rung === undefined || run.stopped !== undefined) return;
    const plan = this.#declaration.plans.find(({ id }) => id === rung.planId);
    const why = whyStopForResolve(plan, rung, incident, this.#record.alertResults(rung.startedAt, this.#ports.clock.now()));
    if (why !== undefined) run.halt(why);
  }

  /** Books which alerts have begun and ceased to fire since the last look; true when one has begun. */
  async #noteAlerts(firing: readonly Alert[]): Promise<boolean> {
    const begun = firing.filter((alert) => this.#noted.get(alert.fingerprint) !== alert.firedAt);
    for (const alert of begun) {
      const trigger = this.#declaration.triggers.get(alert.trigger);
      if (trigger === undefined) continue;
      const { id: incidentId, target } = await this.#open();
      const at = this.#ports.clock.now();
      await this.#record.append({ type: 'alert-fired', incidentId, target, at, evidence: evidenceOf(trigger, alert), duringRollback: this.#run !== undefined });
      this.#noted.set(alert.fingerprint, alert.firedAt);
    }
    const known = new Map(this.#ports.alerts.ofTarget(this.name).map((alert) => [alert.fingerprint, alert]));
    for (const { evidence, clearedAt } of this.#record.current?.alerts ?? []) {
      const alert = known.get(evidence.fingerprint);
      if (clearedAt !== undefined || alert === undefined || alert.state === 'firing') continue;
      const { id: incidentId, target } = this.#record.mustBeOpen();
      await this.#record.append({ type: 'alert-cleared', incidentId, target, at: this.#ports.clock.now(), fingerprint: alert.fingerprint, trigger: alert.trigger });
    }
    return begun.length > 0;
  }

  #firingAlerts(): readonly Alert[] {
    const { triggers } = this.#declaration;
    return this.#ports.alerts.ofTarget(this.name).filter((alert) => alert.state === 'firing' && triggers.has(alert.trigger));
  }

  async #decide(incident: Incident, firing: readonly Alert[], newlyFiring: boolean): Promise<void> {
    let decision = await this.#judge.judge(this.#declaration, { incident, firing, isBusy: () => this.#run !== undefined }, this.#stopping.signal);
    const plan = decision.kind === 'execute' ? this.#declaration.plans.find(({ id }) => id === decision.planId) : undefined;
    const note = async (): Promise<void> => {
      if (!newlyFiring && !isNews(incident.decisions.at(-1), decision)) return;
      if (decision.reason === 'monitor-only') decision = await this.#withWhatItWouldDo(decision);
      await this.#record.append({ type: 'decision-made', incidentId: incident.id, target: this.name, at: decision.at, decision });
    };
    if (plan !== undefined) {
      // Nothing may come between the decision and the claim, or two targets could both believe that they are alone.
      await this.#claiming(async () => {
        await note();
        const executionId = this.#ports.newId('rollback');
        await this.#startRung({ executionId, plan, mode: decision.mode, trigger: 'automatic', by: triggersOf(decision), reason: decision.explanation });
      });
      return;
    }
    await note();
    await this.#desk.voidWhere((approval) => noLongerAsked(approval, decision));
    const question = questionOf(decision);
    if (question !== undefined && !this.#record.grants.some(({ purpose, planId }) => purpose === question.purpose && planId === question.planId)) await this.#desk.request(question);
    if (decision.needsHuman && decision.reason !== 'needs-human') await this.#record.needHuman(decision.reason as NeedsHumanReason, decision.explanation);
  }

  async #withWhatItWouldDo(decision: Decision): Promise<Decision> {
    const { planId, level, explanation: reason } = decision;
    if (planId === undefined) return decision;
    const context = this.#contextFor({ trigger: 'automatic', by: triggersOf(decision), level, reason });
    return { ...decision, wouldDo: await wouldDo(planId, context, { ...this.#ports, stopping: this.#stopping.signal }) };
  }

  async #startRung({ executionId, plan, mode, trigger, by, reason, undoes }: NewRung): Promise<void> {
    const { id: incidentId, target } = this.#record.mustBeOpen();
    await this.#record.append({ type: 'rung-started', incidentId, target, at: this.#ports.clock.now(), level: plan.level, planId: plan.id, executionId, mode, trigger, by, reason, undoes });
    const rung = this.#record.rung(executionId);
    if (rung !== undefined) this.#start(rung, { from: 'first-step', context: this.#contextFor(rung) });
    await this.#voidObsolete();
  }

  /** A rung that was decided, and then Belay died before its first step: hours may have passed, so it is asked again. */
  async #beginOrCallOff(rung: Rung): Promise<void> {
    const recheck = rung.trigger === 'manual' ? 'breaching' : await this.#judge.recheck(this.#declaration, { incident: this.#record.mustBeOpen(), firing: this.#firingAlerts() }, this.#stopping.signal);
    // Where nobody can be asked, somebody had approved of it.
    if (recheck === 'breaching' || recheck === 'unconfirmable') {
      this.#start(rung, { from: 'first-step', context: this.#contextFor(rung) });
      return;
    }
    await this.#endUnbegun(rung, `not begun before a restart, and after it the condition was ${recheck === 'clear' ? 'clear' : 'unknown'}`);
  }

  async #callOff(rung: Rung, stopped: string): Promise<void> {
    await this.#endUnbegun(rung, stopped);
    await this.#afterRun(rung.executionId, { stopped });
  }

  async #endUnbegun(rung: Rung, error: string): Promise<void> {
    const { id: incidentId, target } = this.#record.mustBeOpen();
    await this.#record.append({ type: 'rollback-ended', executionId: rung.executionId, incidentId, target, at: this.#ports.clock.now(), outcome: 'cancelled', error });
  }

  #start(rung: Rung, start: RungRunStart, stopped?: string): void {
    this.#ports.fleet.claim(this.name);
    this.#quietSince = undefined;
    const spec = this.#declaration.verifications.get(rung.planId);
    const run = new RungRun(rung, start, spec, { ...this.#ports, record: this.#record }, this.#stopping.signal);
    this.#run = run;
    // A pause may have come between the decision and here.
    const [pause] = rung.trigger === 'automatic' ? this.#ports.pauses(this.name) : [];
    const why = stopped ?? (pause === undefined ? undefined : pauseWords(pause));
    if (why !== undefined) run.halt(why);
    void run.done
      .catch(this.#reportError)
      .then(() => this.#settle(run))
      .catch(this.#reportError);
  }

  /** What the end of a run means is written down before anything else may start, however long the store takes. */
  async #settle(run: RungRun): Promise<void> {
    const settle = async (): Promise<void> => {
      this.#run = undefined;
      this.#ports.fleet.release(this.name);
      try {
        await this.#afterRun(run.executionId, run);
      } catch (error) {
        // Still the target's own run, as long as its end is not settled.
        this.#run ??= run;
        this.#ports.fleet.claim(this.name);
        throw error;
      }
    };
    await untilWritten(() => this.#fact(settle), { clock: this.#ports.clock, report: this.#reportError, giveUp: this.#stopping.signal });
  }

  /** Takes the fleet's turn for what `start` begins; nothing begun, the turn is given back. */
  async #claiming(start: () => Promise<void>): Promise<void> {
    this.#ports.fleet.claim(this.name);
    try {
      await start();
    } finally {
      if (this.#run === undefined) this.#ports.fleet.release(this.name);
    }
  }

  async #afterRun(executionId: string, { failure, stopped }: Pick<RunEnd, 'failure' | 'stopped'>): Promise<void> {
    await this.#voidObsolete();
    const incident = this.#record.current;
    const rung = this.#record.rung(executionId);
    if (incident === undefined || rung === undefined || this.#stopping.signal.aborted) return;
    const aftermath = aftermathOf(rung, { alertsFire: this.#firingAlerts().length > 0, hasAlerts: incident.alerts.length > 0, failure, stopped });
    switch (aftermath.kind) {
      case 'recovered':
        return this.#recovered('rolled-back', aftermath.explanation);
      case 'close':
        return this.#closed(rung.by, aftermath.explanation);
      case 'needs-human':
        return this.#record.needHuman(aftermath.reason, aftermath.explanation);
      case 'decide':
        return this.#reconsider();
      default:
        throw new TypeError(`unknown aftermath ${JSON.stringify(aftermath satisfies never)}`);
    }
  }

  /** An incident without anything under way ends once its alerts have been known to be clear for the hold, and the target is healthy. */
  async #closeWhenQuiet(): Promise<void> {
    const incident = this.#record.current;
    if (incident === undefined || incident.alerts.length === 0) return;
    const now = this.#ports.clock.now();
    if (!this.#record.alertResults(incident.openedAt, now).every((result) => result.status === 'ok')) {
      this.#quietSince = undefined;
      return;
    }
    this.#quietSince ??= now;
    if (now - this.#quietSince < quietHoldMs(this.#declaration) || !(await this.#healthy())) return;
    await this.#recovered('by-itself', 'Every alert has stayed clear for the whole hold with nothing of ours under way.');
  }

  async #healthy(): Promise<boolean> {
    const { name, hasHealth } = this.#declaration.target;
    if (!hasHealth) return true;
    const result = await this.#ports.checks.run({ type: 'health', name: 'health', target: name, timeoutMs: 10_000 }, this.#stopping.signal);
    return result.status === 'ok';
  }

  /** Nobody can answer a question about an incident that is over. */
  async #recovered(how: 'rolled-back' | 'by-itself', explanation: string): Promise<void> {
    await this.#desk.voidWhere(() => 'recovered');
    await this.#record.recovered(how, explanation);
  }

  async #closed(by: string, reason: string): Promise<void> {
    await this.#desk.voidWhere(() => 'closed');
    await this.#record.closed(by, reason);
  }

  /** The end of a question is a fact like any other: what follows from it has its turn. */
  #followUp(): void {
    void this.#fact(async () => {
      if (!this.#stopping.signal.aborted && !(await this.#followApprovals())) await this.#reconsider();
    }).catch(this.#reportError);
  }

  /** Does what the answers to the incident's questions lead to; true when that was something. */
  async #followApprovals(): Promise<boolean> {
    await this.#voidObsolete();
    const incident = this.#record.current;
    const consequence = incident === undefined || this.#run !== undefined ? undefined : approvalConsequence(incident);
    switch (consequence?.kind) {
      case undefined:
        return false;
      case 'needs-human':
        await this.#record.needHuman(consequence.reason, consequence.explanation);
        return true;
      case 'close':
        await this.#closed(consequence.by, consequence.explanation);
        return true;
      case 'start': {
        const { planId: id, level, executionId = this.#ports.newId('rollback'), requestedBy: by = '', reason = '' } = consequence.approval;
        const mode = this.#declaration.mode === 'enforce' ? 'enforce' : 'dry-run';
        await this.#claiming(() => this.#startRung({ executionId, plan: { id, level }, mode, trigger: 'manual', by, reason }));
        return true;
      }
      default:
        return consequence satisfies never;
    }
  }

  async #voidObsolete(): Promise<void> {
    const incident = this.#record.current;
    if (incident !== undefined) await this.#desk.voidWhere((approval) => obsoleteBecause(approval, incident, this.#run !== undefined));
  }

  #contextFor(rung: Pick<Rung, 'trigger' | 'by' | 'level' | 'reason'> & Partial<Pick<Rung, 'executionId'>>): RollbackContext {
    const incident = this.#record.mustBeOpen();
    const evidence = incident.alerts[0]?.evidence;
    return {
      environment: this.#declaration.environment,
      trigger: rung.trigger,
      triggeredBy: rung.by,
      metadata: {
        incidentId: incident.id,
        executionId: rung.executionId,
        target: this.name,
        level: rung.level,
        reason: rung.reason,
        labels: evidence?.labels ?? {},
        alert: evidence?.trigger,
        value: evidence?.value,
        condition: evidence?.condition,
        rollbackPoint: rollbackPointValues(this.#ports.changes(this.name).rollbackPoint),
      },
    };
  }
}

function triggersOf({ evidence }: Decision): string {
  return [...new Set(evidence.map(({ trigger }) => trigger))].join(', ') || 'verification';
}

/** Whether a decision says something that the one before did not. That Belay is busy, or waits, is news to a new alert only. */
function isNews(last: Decision | undefined, next: Decision): boolean {
  if (next.reason === 'rollback-in-progress' || next.reason === 'needs-human') return false;
  if (last === undefined) return true;
  return last.kind !== next.kind || last.reason !== next.reason || last.level !== next.level || last.planId !== next.planId || last.mode !== next.mode;
}
