import { formatDuration } from '../time/duration.js';
import type { CheckResult } from '../source/check.js';
import type { VerificationOutcome, VerificationResult, VerificationSpec } from './verification.js';

/** A verification under way. Instants in milliseconds since the epoch. */
export interface VerificationState {
  readonly startedAt: number;
  /** Since when every round has been OK without a break; absent while one was not. */
  readonly okSince?: number | undefined;
}

export type VerificationMove =
  | { readonly kind: 'go-on'; readonly state: VerificationState; readonly nextRoundAt: number }
  | { readonly kind: 'ended'; readonly result: VerificationResult };

/**
 * One round of results, at its instant. Recovery needs every result OK for the whole hold, before the timeout; at the
 * timeout the last round tells: something known bad is `not-recovered`, something unknown `inconclusive`, something
 * that could not be measured `error`, and a hold that was broken too late `inconclusive`. A round without any result
 * proves nothing and is unknown.
 */
export function advanceVerification(spec: VerificationSpec, state: VerificationState, results: readonly CheckResult[], now: number): VerificationMove {
  const allOk = results.length > 0 && results.every((result) => result.status === 'ok');
  const okSince = allOk ? (state.okSince ?? now) : undefined;
  const end = (outcome: VerificationOutcome, explanation: string): VerificationMove => ({
    kind: 'ended',
    result: { outcome, startedAt: state.startedAt, endedAt: now, results, explanation },
  });
  if (okSince !== undefined && now - okSince >= spec.holdMs) {
    return end('recovered', `Every check and every alert was OK for ${formatDuration(spec.holdMs)} without a break.`);
  }
  const deadlineAt = state.startedAt + spec.timeoutMs;
  if (now < deadlineAt) {
    const holdEndsAt = okSince === undefined ? Infinity : okSince + spec.holdMs;
    return { kind: 'go-on', state: { startedAt: state.startedAt, okSince }, nextRoundAt: Math.min(now + spec.intervalMs, holdEndsAt, deadlineAt) };
  }
  const within = `within ${formatDuration(spec.timeoutMs)}`;
  const bad = describe(results, 'failed');
  if (bad !== '') return end('not-recovered', `Not recovered ${within}: ${bad}.`);
  const unmeasured = describe(results, 'error');
  if (unmeasured !== '') return end('error', `Could not be measured ${within}: ${unmeasured}.`);
  const unknown = describe(results, 'unknown');
  if (unknown !== '' || results.length === 0) return end('inconclusive', `Nothing certain ${within}: ${unknown || 'there was nothing to check'}.`);
  return end('inconclusive', `All is OK, but not yet for ${formatDuration(spec.holdMs)} when the ${formatDuration(spec.timeoutMs)} were over.`);
}

function describe(results: readonly CheckResult[], status: CheckResult['status']): string {
  return results
    .filter((result) => result.status === status)
    .map((result) => `${result.name}: ${result.detail}`)
    .join('; ');
}
