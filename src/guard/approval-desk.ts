import PQueue from 'p-queue';
import type { AnswerWay, Answerer, NewApproval, VoidCause } from '../decision/approval.js';
import { isGranted, isOpen, refusalOf } from '../decision/approval.js';
import type { Person } from '../decision/approval-need.js';
import { BelayError } from '../fault/belay-error.js';
import type { IncidentApproval } from '../incident/incident.js';
import type { JournalEvent, ToldPerson } from '../incident/incident-event.js';
import type { Clock } from '../time/clock.js';
import { obsoleteBecause } from './approval-consequences.js';
import type { IncidentRecord } from './incident-record.js';
import { untilWritten } from './until-written.js';

export interface ApprovalDeskPorts {
  readonly clock: Clock;
  readonly record: IncidentRecord;
  readonly newId: (kind: 'approval') => string;
  readonly people: () => readonly Person[];
  /** Hears that a question has ended, once that is durable. */
  readonly onEnded: () => void;
  readonly report: (error: unknown) => undefined;
}

export interface NewAnswer {
  readonly answer: 'approve' | 'reject';
  readonly reason?: string | undefined;
  readonly way: AnswerWay;
}

/** What is asked; without `expiresAt` the need's own timeout ends it. */
export type Question = Omit<NewApproval, 'id' | 'requestedAt' | 'expiresAt'> & { readonly expiresAt?: number | undefined };

/**
 * The questions to people on one target's incident. Each move (a question, an answer, the end of its time, its end for
 * another cause) has its turn, is judged by the state that the moves before it left, and is durable before anything
 * follows. Of two answers at the same instant one is first. Nothing here waits for the world, so that people get their
 * answer at once.
 */
export class ApprovalDesk {
  readonly #ports: ApprovalDeskPorts;
  readonly #turns = new PQueue({ concurrency: 1 });
  readonly #stopping = new AbortController();
  readonly #timers = new Map<string, AbortController>();
  readonly #waiters = new Map<string, Set<(approval: IncidentApproval) => void>>();

  constructor(ports: ApprovalDeskPorts) {
    this.#ports = ports;
  }

  /** Goes on waiting for the answers to what was asked before a restart. */
  resume(): void {
    for (const approval of this.#approvals) if (isOpen(approval)) this.#setTimer(approval);
  }

  /** Asks people. The same question (purpose, plan, step and what it undoes) is asked once as long as it is open. */
  request(question: Question): Promise<IncidentApproval> {
    return this.#turn(async () => {
      const same = this.#approvals.find((other) => isOpen(other) && isSame(other, question));
      if (same !== undefined) return same;
      const { id: incidentId, target } = this.#ports.record.mustBeOpen();
      const requestedAt = this.#ports.clock.now();
      const id = this.#ports.newId('approval');
      const approval: NewApproval = { ...question, id, requestedAt, expiresAt: question.expiresAt ?? requestedAt + question.need.timeoutMs };
      await this.#ports.record.append({ type: 'approval-requested', incidentId, target, at: requestedAt, approval, tell: this.#toTell(question) });
      const asked = this.#mustKnow(id);
      this.#setTimer(asked);
      return asked;
    });
  }

  /** Takes an answer. Rejects with BelayError `not-found`, and `conflict` or `forbidden` where it does not count. */
  answer(approvalId: string, answerer: Answerer, { answer, reason, way }: NewAnswer): Promise<IncidentApproval> {
    return this.#turn(async () => {
      const approval = this.#mustKnow(approvalId);
      const at = this.#ports.clock.now();
      const refusal = refusalOf(approval, answerer, answer, at);
      if (refusal !== undefined) throw new BelayError(refusal.code, refusal.message, { context: { approvalId, status: approval.status, missing: approval.missing } });
      const { name: by, groups } = answerer;
      return this.#move({ type: 'approval-answered', ...this.#base(approvalId), at, answer: { answer, by, groups, way, at, reason } });
    });
  }

  /** Ends what is asked, or was agreed to and has not begun, where `cause` names one. */
  voidWhere(causeOf: (approval: IncidentApproval) => VoidCause | undefined): Promise<void> {
    return this.#turn(async () => {
      for (const approval of this.#approvals) {
        const cause = isOpen(approval) || isGranted(approval) ? causeOf(approval) : undefined;
        if (cause !== undefined) await this.#move({ type: 'approval-voided', ...this.#base(approval.id), at: this.#ports.clock.now(), cause });
      }
    });
  }

  /** Ends what has no place any more while a rollback is under way, or once the one that asked it has ended. */
  async voidObsolete(isRunning: boolean): Promise<void> {
    const incident = this.#ports.record.current;
    if (incident !== undefined) await this.voidWhere((approval) => obsoleteBecause(approval, incident, isRunning));
  }

  /** Resolves with the approval once it has ended; rejects with the signal's reason. */
  ended(approvalId: string, signal: AbortSignal): Promise<IncidentApproval> {
    const known = this.#mustKnow(approvalId);
    if (!isOpen(known)) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      const waiters = this.#waiters.get(approvalId) ?? new Set();
      this.#waiters.set(approvalId, waiters);
      const onAbort = (): void => {
        waiters.delete(onEnded);
        reject(signal.reason as Error);
      };
      const onEnded = (approval: IncidentApproval): void => {
        signal.removeEventListener('abort', onAbort);
        resolve(approval);
      };
      waiters.add(onEnded);
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Waits for nothing more; what is open stays open for the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort(new BelayError('conflict', 'the daemon is stopping'));
    for (const timer of this.#timers.values()) timer.abort();
    await this.#turns.onIdle();
  }

  get #approvals(): readonly IncidentApproval[] {
    return this.#ports.record.current?.approvals ?? [];
  }

  #turn<T>(move: () => Promise<T>): Promise<T> {
    return this.#turns.add(move);
  }

  #base(approvalId: string): { readonly incidentId: string; readonly target: string; readonly approvalId: string } {
    const { id: incidentId, target } = this.#ports.record.mustBeOpen();
    return { incidentId, target, approvalId };
  }

  #mustKnow(approvalId: string): IncidentApproval {
    const known = this.#approvals.find(({ id }) => id === approvalId);
    if (known === undefined) throw new BelayError('not-found', `there is no approval ${approvalId} on an open incident`);
    return known;
  }

  async #move(event: Extract<JournalEvent, { readonly approvalId: string }>): Promise<IncidentApproval> {
    await this.#ports.record.append(event);
    const approval = this.#mustKnow(event.approvalId);
    if (isOpen(approval)) return approval;
    this.#timers.get(approval.id)?.abort();
    this.#timers.delete(approval.id);
    for (const tell of this.#waiters.get(approval.id) ?? []) tell(approval);
    this.#waiters.delete(approval.id);
    this.#ports.onEnded();
    return approval;
  }

  #setTimer({ id, requestedAt, expiresAt }: IncidentApproval): void {
    const { clock, report } = this.#ports;
    const timer = new AbortController();
    this.#timers.get(id)?.abort();
    this.#timers.set(id, timer);
    const wait = async (): Promise<void> => {
      // It lasts as long as was said, whatever the clock is set to meanwhile.
      await clock.sleepUntil(Math.min(expiresAt, clock.now() + expiresAt - requestedAt), timer.signal);
      await untilWritten(() => this.#expire(id), { clock, report, giveUp: this.#stopping.signal });
    };
    void wait().catch((error: unknown) => (timer.signal.aborted || this.#stopping.signal.aborted ? undefined : report(error)));
  }

  #expire(id: string): Promise<void> {
    return this.#turn(async () => {
      const approval = this.#approvals.find((other) => other.id === id);
      if (approval !== undefined && isOpen(approval)) await this.#move({ type: 'approval-expired', ...this.#base(id), at: this.#ports.clock.now() });
    });
  }

  /** Those who are asked, and those who are to know. */
  #toTell({ need }: Question): readonly ToldPerson[] {
    const groups = new Set([...need.notify, ...need.rules.flatMap(({ allOf, anyOf }) => [...allOf, ...anyOf])]);
    return this.#ports.people().flatMap(({ name, email, slack, groups: own }) => (own.some((group) => groups.has(group)) ? [{ name, email, slack }] : []));
  }
}

function isSame(approval: IncidentApproval, { purpose, planId, undoes, stepKey, executionId }: Question): boolean {
  return approval.purpose === purpose && approval.planId === planId && approval.undoes === undoes && (purpose !== 'step' || (approval.stepKey === stepKey && approval.executionId === executionId));
}
