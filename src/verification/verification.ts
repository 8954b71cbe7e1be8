import type { Check, CheckResult } from '../source/check.js';

/** What proves recovery: every check OK without a break for `holdMs` before `timeoutMs` is over, and the alerts clear. */
export interface VerificationSpec {
  readonly checks: readonly Check[];
  readonly holdMs: number;
  readonly timeoutMs: number;
  /** Between two rounds of checks. */
  readonly intervalMs: number;
}

export type VerificationOutcome = 'recovered' | 'not-recovered' | 'inconclusive' | 'error' | 'skipped';

export interface VerificationResult {
  readonly outcome: VerificationOutcome;
  readonly startedAt: number;
  readonly endedAt: number;
  /** The last round, checks and alerts alike. */
  readonly results: readonly CheckResult[];
  readonly explanation: string;
}
