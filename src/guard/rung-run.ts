import { BelayError, errorText } from '../fault/belay-error.js';
import { wasRefused, type Rung } from '../incident/incident.js';
import type { JournalEvent } from '../incident/incident-event.js';
import type { RollbackContext } from '../rollback/rollback-plan.js';
import type { RollbackManager } from '../rollback/rollback-manager.js';
import type { CheckRunner } from '../source/check.js';
import type { Clock } from '../time/clock.js';
import type { VerificationSpec } from '../verification/verification.js';
import type { IncidentRecord } from './incident-record.js';
import { runVerification } from './run-verification.js';
import { untilWritten } from './until-written.js';

export interface RungRunPorts {
  readonly clock: Clock;
  readonly rollbacks: Pick<RollbackManager, 'executeRollback' | 'undo' | 'resume'>;
  readonly checks: CheckRunner;
  readonly record: IncidentRecord;
  /** An error that no one expected: it is logged and the run goes on. */
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
}

/** Where a run begins: at its first step, where a crash left it, or at its verification. */
export type RungRunStart = { readonly from: 'first-step'; readonly context: RollbackContext } | { readonly from: 'where-it-was' } | { readonly from: 'verification' };

/** One plan run on an incident's ladder, and the verification after it. */
export class RungRun {
  readonly executionId: string;
  /** Resolves with the rung as it was left; rejects when it could not be carried to an end. */
  readonly done: Promise<Rung | undefined>;
  readonly #cancel = new AbortController();
  readonly #halt = new AbortController();
  #failure: string | undefined;
  #stopped: string | undefined;

  constructor(rung: Rung, start: RungRunStart, spec: VerificationSpec | undefined, ports: RungRunPorts, stopping: AbortSignal) {
    this.executionId = rung.executionId;
    this.done = this.#perform(rung, start, spec, ports, stopping).catch((error: unknown) => {
      this.#failure = errorText(error);
      throw error;
    });
  }

  /** Why the run could not be carried to an end; absent while it has not failed. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Aborts the running step or the verification. `why` says who wanted it. */
  cancel(why = 'cancelled by a person'): void {
    this.#stopped ??= why;
    this.#cancel.abort(new BelayError('step-failed', why));
  }

  /** Lets the running step end and begins no other, nor another attempt or the verification; what only waits is aborted. */
  halt(why: string): void {
    this.#stopped ??= why;
    this.#halt.abort(new BelayError('step-failed', why));
  }

  /** Why it was cancelled or halted; absent while it was not. */
  get stopped(): string | undefined {
    return this.#stopped;
  }

  async #perform(rung: Rung, start: RungRunStart, spec: VerificationSpec | undefined, ports: RungRunPorts, stopping: AbortSignal): Promise<Rung | undefined> {
    const { executionId, planId, mode, undoes } = rung;
    const stops = { signal: this.#cancel.signal, halt: this.#halt.signal };
    const cancelled = AbortSignal.any([stops.signal, stops.halt]);
    // Whoever makes a run may halt it before it begins.
    await Promise.resolve();
    if (start.from === 'first-step' && undoes !== undefined) {
      await ports.rollbacks.undo(undoes, start.context, { executionId, ...stops });
    } else if (start.from === 'first-step') {
      await ports.rollbacks.executeRollback(planId, start.context, { executionId, dryRun: mode !== 'enforce', ...stops });
    } else if (start.from === 'where-it-was') {
      await ports.rollbacks.resume(executionId, stops);
    }
    const ran = ports.record.rung(executionId);
    // Where no step was begun there is nothing to prove.
    if (spec === undefined || cancelled.aborted || ran === undefined || wasRefused(ran) || (ran.outcome !== 'success' && ran.outcome !== 'failed')) return ran;
    await this.#verify(spec, ports, AbortSignal.any([cancelled, stopping]));
    return ports.record.rung(executionId);
  }

  async #verify(spec: VerificationSpec, { clock, checks, record, report }: RungRunPorts, signal: AbortSignal): Promise<void> {
    const incident = record.mustBeOpen();
    const append = (event: JournalEvent): Promise<void> =>
      untilWritten(() => record.append(event), { clock, report: (error) => report(error, { target: incident.target }), giveUp: signal });
    const base = { incidentId: incident.id, target: incident.target, executionId: this.executionId };
    try {
      await append({ type: 'verification-started', ...base, at: clock.now(), holdMs: spec.holdMs, timeoutMs: spec.timeoutMs });
      const alerts: IncidentRecord['alertResults'] = (since, now) => record.alertResults(since, now);
      const result = await runVerification(spec, { clock, checks, alerts }, signal);
      await append({ type: 'verification-ended', ...base, at: result.endedAt, result });
    } catch (error) {
      // Without an end in the journal a cancelled verification stays open for a person, an interrupted one begins anew.
      if (!signal.aborted) throw error;
    }
  }
}
