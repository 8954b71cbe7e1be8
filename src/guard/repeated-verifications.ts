import { BelayError } from '../fault/belay-error.js';
import type { Incident, Rung } from '../incident/incident.js';
import type { JournalEvent } from '../incident/incident-event.js';
import type { CheckRunner } from '../source/check.js';
import type { Clock } from '../time/clock.js';
import { alertResults } from '../verification/alert-results.js';
import type { VerificationSpec } from '../verification/verification.js';
import type { AlertBook } from './alert-book.js';
import { runVerification } from './run-verification.js';

export interface RepeatedVerificationPorts {
  readonly clock: Clock;
  readonly checks: CheckRunner;
  readonly alerts: AlertBook;
  /** Durable once resolved. */
  readonly append: (event: JournalEvent) => Promise<void>;
  readonly newId: (kind: 'verification') => string;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
}

export interface StartedVerification {
  readonly verificationId: string;
  /** By when there is a result at the latest, unless the daemon stops. */
  readonly timeoutMs: number;
}

/**
 * Verifications that people ask for after a rollback has ended. Each is written down with its result and told; it decides
 * nothing, and one that a stop of the daemon cuts off is not taken up again.
 */
export class RepeatedVerifications {
  readonly #ports: RepeatedVerificationPorts;
  readonly #stopping = new AbortController();
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(ports: RepeatedVerificationPorts) {
    this.#ports = ports;
  }

  /** Throws BelayError `conflict` where there is nothing to verify, or it is being verified. */
  start(incident: Incident, rung: Rung, spec: VerificationSpec | undefined, by: string): StartedVerification {
    const { executionId, planId, outcome } = rung;
    const refuse = (words: string): never => {
      throw new BelayError('conflict', words, { context: { executionId } });
    };
    if (spec === undefined) return refuse(`plan ${planId} declares nothing to verify it by`);
    if (outcome === undefined) return refuse(`rollback ${executionId} has not ended`);
    if (outcome === 'would-have') return refuse(`rollback ${executionId} was a dry run: nothing was changed that could be verified`);
    if (this.#underWay.has(executionId)) return refuse(`rollback ${executionId} is being verified already`);
    const verificationId = this.#ports.newId('verification');
    const working = this.#verify(incident, executionId, spec, verificationId, by)
      .catch((error: unknown) => {
        if (!this.#stopping.signal.aborted) this.#ports.report(error, { target: incident.target, executionId });
      })
      .finally(() => this.#underWay.delete(executionId));
    this.#underWay.set(executionId, working);
    return { verificationId, timeoutMs: spec.timeoutMs };
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new BelayError('step-failed', 'the daemon is stopping'));
    await Promise.all(this.#underWay.values());
  }

  async #verify({ id: incidentId, target, alerts: fired }: Incident, executionId: string, spec: VerificationSpec, verificationId: string, by: string): Promise<void> {
    const { clock, checks, alerts, append } = this.#ports;
    const watched = (since: number, now: number): ReturnType<typeof alertResults> =>
      alertResults(fired.map(({ evidence: { fingerprint, trigger } }) => ({ fingerprint, trigger, alert: alerts.find(target, fingerprint) })), since, now);
    const result = await runVerification(spec, { clock, checks, alerts: watched }, this.#stopping.signal);
    await append({ type: 'verification-repeated', incidentId, target, at: result.endedAt, executionId, verificationId, by, result });
  }
}
