import PQueue from 'p-queue';
import type { Answerer } from '../decision/approval.js';
import { isAbortError } from '../fault/abort-error.js';
import { BelayError } from '../fault/belay-error.js';
import type { Incident, IncidentApproval } from '../incident/incident.js';
import type { JournalEvent } from '../incident/incident-event.js';
import type { RollbackContext, RollbackPlan } from '../rollback/rollback-plan.js';
import type { RollbackManager } from '../rollback/rollback-manager.js';
import type { Alert } from '../trigger/alert.js';
import { aftermathOf, type RunEnd } from './aftermath.js';
import { approvalConsequence } from './approval-consequences.js';
import { ApprovalDesk, type NewAnswer, type Question } from './approval-desk.js';
import { AutomaticResponse } from './automatic-response.js';
import { HandStarts } from './hand-starts.js';
import { climbs, isEmpty } from './incident-progress.js';
import { IncidentRecord, type IncidentRecordPorts } from './incident-record.js';
import { type Pause, pauseThatStopped, pauseWords } from './pauses.js';
import { NotedFirings } from './noted-firings.js';
import { QuietHold } from './quiet-hold.js';
import { type ContextRung, rollbackContext } from './rollback-context.js';
import type { RungRunPorts } from './rung-run.js';
import type { TargetDeclaration } from './target-declaration.js';
import { TargetJudge, type TargetJudgePorts } from './target-judge.js';
import { TargetRun } from './target-run.js';
import type { HandStart, WishByHand } from './wish-by-hand.js';

export type TargetGuardPorts = IncidentRecordPorts & TargetJudgePorts & Omit<RungRunPorts, 'record'> & { readonly rollbacks: Pick<RollbackManager, 'describePlan'> };

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
  readonly #firings: NotedFirings;
  readonly #quiet: QuietHold;
  readonly #run: TargetRun;
  readonly #response: AutomaticResponse;
  readonly #byHand: HandStarts;
  readonly #stopping = new AbortController();
  #declaration: TargetDeclaration;
  #reconsiderQueued = false;

  constructor(declaration: TargetDeclaration, ports: TargetGuardPorts) {
    this.name = declaration.target.name;
    this.#declaration = declaration;
    this.#ports = ports;
    this.#record = new IncidentRecord(this.name, ports);
    this.#judge = new TargetJudge(this.#record, ports);
    const { clock, newId, alerts, checks } = ports;
    const record = this.#record;
    const stopping = this.#stopping.signal;
    this.#desk = new ApprovalDesk({ clock, record, newId, people: () => this.#declaration.people ?? [], onEnded: () => this.#followUp(), report: this.#reportError });
    this.#firings = new NotedFirings({ clock, record, alerts, open: () => this.#open() });
    this.#quiet = new QuietHold({ clock, record, checks });
    this.#run = new TargetRun(this.name, {
      ...ports,
      record,
      declaration: () => this.#declaration,
      contextOf: (rung) => this.#contextFor(rung),
      desk: this.#desk,
      inTurn: (handle) => this.#fact(handle),
      recheck: () => this.#judge.recheck(this.#declaration, { incident: record.mustBeOpen(), firing: this.#firingAlerts() }, stopping),
      onEnded: (executionId, end) => this.#afterRun(executionId, end),
      reportError: this.#reportError,
      stopping,
    });
    const parts = { ...ports, record, desk: this.#desk, run: this.#run };
    this.#response = new AutomaticResponse({ ...parts, judge: this.#judge, contextOf: (rung) => this.#contextFor(rung), stopping });
    this.#byHand = new HandStarts({ ...parts, open: () => this.#open() });
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
    if (incident !== undefined) this.#take(() => this.#followApprovals());
    if (incident !== undefined && isEmpty(incident)) this.reconsider();
    if (incident === undefined || last === undefined || incident.status === 'needs-human') return;
    const pause = pauseThatStopped(pauses, this.name, last);
    this.#run.goOn(last, pause === undefined ? last.cancelReason : pauseWords(pause));
  }

  /** Firings that an earlier incident has dealt with: they do not open another one. */
  rememberFirings(incident: Incident): void {
    this.#firings.remember(incident);
  }

  /** Something has changed: an alert, a pause, a reset, the configuration. Looked at once, however often it is said meanwhile. */
  reconsider(): void {
    if (this.#reconsiderQueued) return;
    this.#reconsiderQueued = true;
    this.#take(() => {
      this.#reconsiderQueued = false;
      return this.#reconsider();
    });
  }

  /** Starts a plan by hand, or asks those who must agree. Skips window, re-ask, cooldown and budget; never the lock or the approval. Resolves once that is durable. */
  startByHand(plan: RollbackPlan, wish: WishByHand): Promise<HandStart> {
    const started = this.#fact(() => this.#byHand.start(this.#declaration, plan, wish));
    // It may have opened an incident, and come no further.
    started.catch(() => this.reconsider());
    return started;
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

  acknowledge(incidentId: string, by: string): Promise<void> {
    return this.#fact(async () => {
      const { target, acknowledged, attention } = this.#mustBeOpen(incidentId);
      // Who has seen it before may be called again, by a new need.
      const isCalled = attention !== undefined && attention.seenAt === undefined;
      if (!isCalled && acknowledged.some((known) => known.by === by)) return;
      await this.#record.append({ type: 'incident-acknowledged', incidentId, target, at: this.#ports.clock.now(), by });
    });
  }

  /** Stops the rollback or its verification. Resolves once the running step has ended. */
  async cancel(executionId: string): Promise<void> {
    const run = this.#run.current;
    if (run?.executionId !== executionId) throw new BelayError('conflict', `rollback ${executionId} of ${this.name} has ended`);
    run.cancel();
    await run.done;
  }

  /** A pause has begun: what is under way goes no further than its running step, with `now` not even so far. It is never taken up again by itself. */
  stopFor(pause: Pause, now: boolean): void {
    if (now) this.#run.current?.cancel(pauseWords(pause));
    else this.#run.current?.halt(pauseWords(pause));
  }

  close(incidentId: string, by: string, reason: string): Promise<void> {
    return this.#fact(async () => {
      this.#mustBeOpen(incidentId);
      this.#run.mustBeFree('cancel it first');
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
    await this.#run.current?.done.catch(this.#reportError);
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

  /** A fact whose end nobody waits for. */
  #take(handle: () => Promise<unknown>): void {
    void this.#fact(handle).catch(this.#reportError);
  }

  readonly #reportError = (error: unknown): undefined => {
    // The loops that were asked stop with the daemon, and with a new configuration, after which everything is looked at again.
    const isStopped = this.#stopping.signal.aborted || isAbortError(error);
    if (!isStopped) this.#ports.report(error, { target: this.name });
    return undefined;
  };

  /** While somebody waited for their turn, the incident that they mean may have ended, and another one begun. */
  #mustBeOpen(incidentId: string): Incident {
    const incident = this.#record.current;
    if (incident?.id !== incidentId) throw new BelayError('conflict', `incident ${incidentId} of ${this.name} has ended meanwhile`);
    return incident;
  }

  async #open(): Promise<Incident> {
    if (this.#record.current === undefined) this.#quiet.restart();
    return this.#record.open(this.#declaration.environment, this.#declaration.mode);
  }

  /** Triggers that are due at the same instant fire one after another; `isOnceMore`: those that came meanwhile were waited for. */
  async #reconsider(isOnceMore = false): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const firing = this.#firingAlerts();
    const newlyFiring = await this.#firings.note(this.#declaration, firing, () => this.#run.isUnderWay);
    const incident = this.#record.current;
    if (incident === undefined || (await this.#followApprovals())) return;
    if (isEmpty(incident)) return this.#closed('Belay', 'Nothing has come of it: what it was opened for could not be written down.');
    if (incident.alerts.length > 0 && (firing.length > 0 || climbs(incident))) {
      const isOvertaken = (): boolean => !isOnceMore && this.#firings.hasNew(this.#firingAlerts());
      if (await this.#response.respond(this.#declaration, this.#record.mustBeOpen(), { firing, newlyFiring, isOvertaken })) return this.#reconsider(true);
    } else await this.#desk.voidWhere(({ purpose }) => (purpose === 'plan' || purpose === 'schedule' ? 'recovered' : undefined));
    if (this.#run.isUnderWay) this.#run.stopWhenResolved();
    else if (await this.#quiet.isOver(this.#declaration, this.#stopping.signal)) await this.#recovered('by-itself', 'Every alert has stayed clear for the whole hold with nothing of ours under way.');
  }

  #firingAlerts(): readonly Alert[] {
    const { triggers } = this.#declaration;
    return this.#ports.alerts.firingOf(this.name).filter(({ trigger }) => triggers.has(trigger));
  }

  async #afterRun(executionId: string, { failure, stopped }: Pick<RunEnd, 'failure' | 'stopped'>): Promise<void> {
    this.#quiet.restart();
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
    this.#take(async () => {
      if (!this.#stopping.signal.aborted && !(await this.#followApprovals())) await this.#reconsider();
    });
  }

  /** Does what the answers to the incident's questions lead to; true when that was something. */
  async #followApprovals(): Promise<boolean> {
    await this.#voidObsolete();
    const incident = this.#record.current;
    const consequence = incident === undefined || this.#run.isUnderWay ? undefined : approvalConsequence(incident);
    switch (consequence?.kind) {
      case undefined:
        return false;
      case 'needs-human':
        await this.#record.needHuman(consequence.reason, consequence.explanation);
        return true;
      case 'close':
        await this.#closed(consequence.by, consequence.explanation);
        return true;
      case 'start':
        await this.#byHand.startAgreed(this.#declaration, consequence.approval);
        return true;
      default:
        return consequence satisfies never;
    }
  }

  #voidObsolete(): Promise<void> {
    return this.#desk.voidObsolete(this.#run.isUnderWay);
  }

  #contextFor(rung: ContextRung): RollbackContext {
    return rollbackContext(rung, this.#record.mustBeOpen(), this.#declaration.environment, this.#ports.changes(this.name));
  }
}
