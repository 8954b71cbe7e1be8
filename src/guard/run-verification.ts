import type { CheckResult, CheckRunner } from '../source/check.js';
import type { Clock } from '../time/clock.js';
import { advanceVerification, type VerificationState } from '../verification/advance-verification.js';
import type { VerificationResult, VerificationSpec } from '../verification/verification.js';

/** Asks every check of one round side by side. */
export async function askChecks(spec: VerificationSpec, checks: CheckRunner, signal: AbortSignal): Promise<readonly CheckResult[]> {
  return Promise.all(spec.checks.map((check) => checks.run(check, signal)));
}

/**
 * Verifies until there is an outcome. `alerts` gives the incident's alerts as results, fresh at each round. Rejects
 * only when `signal` aborts.
 */
export async function runVerification(
  spec: VerificationSpec,
  ports: { readonly clock: Clock; readonly checks: CheckRunner; readonly alerts: (now: number) => readonly CheckResult[] },
  signal: AbortSignal,
): Promise<VerificationResult> {
  let state: VerificationState = { startedAt: ports.clock.now() };
  for (;;) {
    const checked = await askChecks(spec, ports.checks, signal);
    const now = ports.clock.now();
    const move = advanceVerification(spec, state, [...checked, ...ports.alerts(now)], now);
    if (move.kind === 'ended') return move.result;
    state = move.state;
    await ports.clock.sleepUntil(move.nextRoundAt, signal);
  }
}
