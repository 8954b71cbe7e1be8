import type { CheckResult, CheckRunner } from '../source/check.js';
import type { Clock } from '../time/clock.js';
import { ClockSteps } from '../time/clock-steps.js';
import { advanceVerification, type VerificationState } from '../verification/advance-verification.js';
import type { VerificationResult, VerificationSpec } from '../verification/verification.js';

/** Asks every check of one round side by side. */
export async function askChecks(spec: VerificationSpec, checks: CheckRunner, signal: AbortSignal): Promise<readonly CheckResult[]> {
  return Promise.all(spec.checks.map((check) => checks.run(check, signal)));
}

/**
 * Verifies until there is an outcome. `alerts` gives the incident's alerts as results, fresh at each round; an alert is
 * OK there only by a sample from after `since`, which is the beginning, moved back where the clock was set back. Rejects
 * only when `signal` aborts.
 */
export async function runVerification(
  spec: VerificationSpec,
  ports: { readonly clock: Clock; readonly checks: CheckRunner; readonly alerts: (since: number, now: number) => readonly CheckResult[] },
  signal: AbortSignal,
): Promise<VerificationResult> {
  const { clock, checks, alerts } = ports;
  const startedAt = clock.now();
  const steps = new ClockSteps(clock);
  let setMs = 0;
  let state: VerificationState = { lookedAt: clock.elapsedMs(), spentMs: 0 };
  for (;;) {
    const checked = await askChecks(spec, checks, signal);
    const now = clock.now();
    setMs += steps.takeMs();
    const move = advanceVerification(spec, state, [...checked, ...alerts(startedAt + Math.min(0, setMs), now)], clock.elapsedMs());
    if (move.kind === 'ended') return { ...move.result, startedAt, endedAt: now };
    state = move.state;
    await clock.sleepUntil(now + move.nextRoundInMs, signal);
  }
}
