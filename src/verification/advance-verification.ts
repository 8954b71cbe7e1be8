import { formatDuration } from '../time/duration.js';
import type { CheckResult } from '../source/check.js';
import type { VerificationOutcome, VerificationResult, VerificationSpec } from './verification.js';

/** A verification under way. */
export interface VerificationState {
  /** When it was last looked, or when it began: on a clock that nobody sets (`Clock.elapsedMs`), as all instants here. */
  readonly lookedAt: number;
  /** How much of the timeout is over. */
  readonly spentMs: number;
  /** For how long every round has been OK without a break; absent while one was not. */
  readonly okForMs?: number | undefined;
}

export type VerificationMove =
  | { readonly kind: 'go-on'; readonly state: VerificationState; readonly nextRoundInMs: number }
  | { readonly kind: 'ended'; readonly result: Omit<VerificationResult, 'startedAt' | 'endedAt'> };

/**
 * One round of results, at its instant. Recovery needs every result OK for the whole hold, before the timeout; at the
 * timeout the last round tells: something known bad is `not-recovered`, something unknown `inconclusive`, something
 * that could not be measured `error`, and a hold that was broken too late `inconclusive`. A round without any result
 * proves nothing and is unknown.
 *
 * The time between two rounds counts toward the hold only where it was seen, that is where they are not much further
 * apart than two rounds are; a longer gap (a stopped process, a machine that slept) adds nothing, and to the timeout no
 * more than the longest that counts.
 */
export function advanceVerification(spec: VerificationSpec, { lookedAt, ...before }: VerificationState, results: readonly CheckResult[], now: number): VerificationMove {
  const passedMs = now - lookedAt;
  const longestMs = longestStepMs(spec);
  const spentMs = before.spentMs + Math.min(passedMs, longestMs);
  const allOk = results.length > 0 && results.every((result) => result.status === 'ok');
  const okForMs = allOk ? (before.okForMs === undefined ? 0 : before.okForMs + (passedMs <= longestMs ? passedMs : 0)) : undefined;
  const end = (outcome: VerificationOutcome, explanation: string): VerificationMove => ({ kind: 'ended', result: { outcome, results, explanation } });
  if (okForMs !== undefined && okForMs >= spec.holdMs) {
    return end('recovered', `Every check and every alert was OK for ${formatDuration(spec.holdMs)} without a break.`);
  }
  const leftMs = spec.timeoutMs - spentMs;
  if (leftMs > 0) {
    const holdLeftMs = okForMs === undefined ? Infinity : spec.holdMs - okForMs;
    return { kind: 'go-on', state: { lookedAt: now, spentMs, okForMs }, nextRoundInMs: Math.min(spec.intervalMs, holdLeftMs, leftMs) };
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

/** Two rounds are an interval apart, and what the slower one took to ask. */
function longestStepMs({ intervalMs, checks }: VerificationSpec): number {
  return 1.5 * intervalMs + Math.max(0, ...checks.map(({ timeoutMs }) => timeoutMs));
}

function describe(results: readonly CheckResult[], status: CheckResult['status']): string {
  return results
    .filter((result) => result.status === status)
    .map((result) => `${result.name}: ${result.detail}`)
    .join('; ');
}
