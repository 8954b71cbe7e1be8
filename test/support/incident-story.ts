import type { NewApproval, VoidCause } from '../../src/decision/approval.js';
import type { AppliedRule } from '../../src/decision/applied-rule.js';
import type { AlertEvidence, Decision, DecisionReason, PolicyFinding } from '../../src/decision/decision.js';
import type { JournalEntry, JournalEvent, NeedsHumanReason, ToldPerson } from '../../src/incident/incident-event.js';
import type { RollbackOutcome } from '../../src/rollback/rollback-event.js';
import type { Level, Mode } from '../../src/trigger/trigger.js';
import type { VerificationOutcome } from '../../src/verification/verification.js';

export const errorRate: AlertEvidence = {
  trigger: 'CheckoutErrorRateHigh',
  fingerprint: 'f-errors',
  labels: {},
  severity: 'critical',
  query: 'sum(rate(http_requests_total{job="checkout",status=~"5.."}[1m])) / sum(rate(http_requests_total{job="checkout"}[1m]))',
  condition: '> 10%',
  value: '23.4%',
  samples: [
    { at: Date.UTC(2026, 0, 1, 3, 3, 15), value: '18.9%' },
    { at: Date.UTC(2026, 0, 1, 3, 3, 30), unknown: 'timeout' },
    { at: Date.UTC(2026, 0, 1, 3, 3, 45), value: '22.7%' },
    { at: Date.UTC(2026, 0, 1, 3, 4, 0), value: '23.4%' },
  ],
  window: 'for 5m',
  activeAt: Date.UTC(2026, 0, 1, 2, 59, 0),
  firedAt: Date.UTC(2026, 0, 1, 3, 4, 0),
  summary: 'checkout errors at 23.4%',
};

export const unhealthy: AlertEvidence = {
  trigger: 'CheckoutUnhealthy',
  fingerprint: 'f-health',
  labels: {},
  severity: 'high',
  query: 'health of checkout',
  condition: '== 0',
  value: '0',
  window: '4 times in a row',
  activeAt: Date.UTC(2026, 0, 1, 3, 3, 40),
  firedAt: Date.UTC(2026, 0, 1, 3, 4, 0),
};

const plans: Readonly<Record<number, { readonly planId: string; readonly steps: readonly string[]; readonly summary: string }>> = {
  1: { planId: 'checkout-flag-off', steps: ['Turn the new checkout off'], summary: 'flag new-checkout: on → off' },
  3: { planId: 'checkout-previous-release', steps: ['Deploy the previous release', 'Restart the workers'], summary: 'checkout: 1.4.0 → 1.3.9' },
};

type DecisionFields = Pick<Decision, 'kind' | 'reason' | 'explanation'> & Partial<Decision>;

/** Writes the journal of an incident of checkout, one sentence per call; every line comes a second after the one before. */
export class IncidentStory {
  readonly entries: JournalEntry[] = [];
  at = Date.UTC(2026, 0, 1, 3, 4, 0);
  mode: Mode = 'enforce';
  readonly incidentId: string;
  readonly target: string;
  #executions = 0;

  constructor(options: { readonly incidentId?: string; readonly target?: string; readonly mode?: Mode } = {}) {
    this.incidentId = options.incidentId ?? 'incident-7';
    this.target = options.target ?? 'checkout';
    this.mode = options.mode ?? 'enforce';
  }

  event(event: JournalEvent): this {
    this.entries.push({ seq: this.entries.length + 1, event });
    this.at += 1_000;
    return this;
  }

  wait(durationMs: number): this {
    this.at += durationMs;
    return this;
  }

  opened(): this {
    return this.event({ type: 'incident-opened', ...this.#base(), environment: 'production', mode: this.mode });
  }

  fired(evidence: AlertEvidence = errorRate): this {
    return this.event({ type: 'alert-fired', ...this.#base(), evidence, duringRollback: false });
  }

  cleared(evidence: AlertEvidence = errorRate): this {
    return this.event({ type: 'alert-cleared', ...this.#base(), fingerprint: evidence.fingerprint, trigger: evidence.trigger });
  }

  decided(fields: DecisionFields): this {
    const decision: Decision = { at: this.at, mode: this.mode, ladder: { from: 1, to: 3 }, needsHuman: false, evidence: [errorRate], rules: [ruleOfErrors], policy: policyOf(fields), alternatives: [], ...fields };
    return this.event({ type: 'decision-made', ...this.#base(), decision });
  }

  decidedToExecute(level: Level, reason: DecisionReason = 'sustained-breach'): this {
    const { planId } = planOf(level);
    return this.decided({ kind: 'execute', reason, level, planId, explanation: reason === 'not-recovered' ? 'The rung below did not bring recovery.' : 'The breach is sustained.' });
  }

  suppressed(reason: DecisionReason, explanation: string, until?: number): this {
    return this.decided({ kind: 'suppress', reason, explanation, level: 1, planId: 'checkout-flag-off', until });
  }

  started(level: Level, by?: string): this {
    const { planId, steps } = planOf(level);
    this.#executions += 1;
    const executionId = this.#executionId;
    const trigger = by === undefined ? 'automatic' : 'manual';
    const reason = by === undefined ? 'The breach is sustained.' : 'I do not want to wait.';
    this.event({ type: 'rung-started', ...this.#base(), level, planId, executionId, mode: this.mode, trigger, by: by ?? 'CheckoutErrorRateHigh', reason });
    return this.event({
      type: 'rollback-started',
      ...this.#base(),
      executionId,
      planId,
      planName: planId,
      dryRun: this.mode !== 'enforce',
      context: { environment: 'production', trigger, triggeredBy: by ?? 'CheckoutErrorRateHigh', metadata: {} },
      steps: steps.map((name, index) => ({ key: `${planId}/s${index}`, planId, step: { id: `s${index}`, name, description: '', type: 'command', parameters: {}, timeout: 30 } })),
    });
  }

  stepDone(level: Level, index = 0): this {
    const { planId, summary } = planOf(level);
    const step = { ...this.#base(), executionId: this.#executionId, stepKey: `${planId}/s${index}` };
    this.event({ type: 'step-attempt-started', ...step, attempt: 1, attemptId: 'a1', description: { summary } });
    return this.event({ type: 'step-succeeded', ...step, at: this.at, how: 'executed' });
  }

  stepDescribed(level: Level, index = 0): this {
    const { planId, summary } = planOf(level);
    return this.event({ type: 'step-described', ...this.#base(), executionId: this.#executionId, stepKey: `${planId}/s${index}`, description: { summary } });
  }

  stepFailed(level: Level, index: number, error: string): this {
    const step = { ...this.#base(), executionId: this.#executionId, stepKey: `${planOf(level).planId}/s${index}` };
    this.event({ type: 'step-attempt-failed', ...step, attempt: 1, error, timedOut: false, retryAt: this.at + 1_000 });
    this.event({ type: 'step-attempt-failed', ...step, at: this.at, attempt: 2, error, timedOut: false });
    return this.event({ type: 'step-failed', ...step, at: this.at, error, continued: false });
  }

  stepParked(level: Level, index: number, error: string): this {
    return this.event({ type: 'step-parked', ...this.#base(), executionId: this.#executionId, stepKey: `${planOf(level).planId}/s${index}`, error });
  }

  ended(outcome: RollbackOutcome, error?: string): this {
    return this.event({ type: 'rollback-ended', ...this.#base(), executionId: this.#executionId, outcome, error });
  }

  verifying(): this {
    return this.event({ type: 'verification-started', ...this.#base(), executionId: this.#executionId, holdMs: 120_000, timeoutMs: 600_000 });
  }

  verified(outcome: VerificationOutcome, explanation: string, afterMs = 600_000): this {
    const startedAt = this.at;
    this.wait(afterMs);
    return this.event({ type: 'verification-ended', ...this.#base(), executionId: this.#executionId, result: { outcome, startedAt, endedAt: this.at, results: [], explanation } });
  }

  /** Asks for one of `oncall` and one of `dba`, unless the question says otherwise, within twenty minutes. */
  asks(changes: Partial<NewApproval> = {}): this {
    const need = { rules: [{ name: 'level4', allOf: ['oncall', 'dba'], anyOf: [], count: 1 }], notify: ['legal'], timeoutMs: 1_200_000, onTimeout: 'hold' as const };
    const approval = { id: 'approval-1', purpose: 'plan' as const, planId: 'checkout-restore', level: 4 as const, question: 'Level 4 (database) takes an approval; plan checkout-restore waits for the approval of one of oncall and one of dba.', need, requestedAt: this.at, expiresAt: this.at + need.timeoutMs, ...changes };
    const tell = [{ name: 'ana', email: 'ana@example.com', slack: 'U1' }, { name: 'eve', email: 'eve@example.com' }];
    return this.event({ type: 'approval-requested', ...this.#base(), approval, tell });
  }

  answered(answer: 'approve' | 'reject', by: string, groups: readonly string[] = [], reason?: string): this {
    return this.event({ type: 'approval-answered', ...this.#base(), approvalId: 'approval-1', answer: { answer, by, groups, way: 'slack', at: this.at, reason } });
  }

  expired(): this {
    return this.event({ type: 'approval-expired', ...this.#base(), approvalId: 'approval-1' });
  }

  voided(cause: VoidCause): this {
    return this.event({ type: 'approval-voided', ...this.#base(), approvalId: 'approval-1', cause });
  }

  acknowledged(by: string): this {
    return this.event({ type: 'incident-acknowledged', ...this.#base(), by });
  }

  escalated(step: number, to: readonly string[], tell: readonly ToldPerson[], since: number): this {
    return this.event({ type: 'incident-escalated', ...this.#base(), since, step, steps: 2, to, tell });
  }

  closed(by: string): this {
    return this.event({ type: 'incident-closed', ...this.#base(), by, reason: 'mended by hand' });
  }

  needsHuman(reason: NeedsHumanReason, explanation: string): this {
    return this.event({ type: 'needs-human', ...this.#base(), reason, explanation });
  }

  recovered(how: 'rolled-back' | 'by-itself', explanation: string): this {
    return this.event({ type: 'incident-recovered', ...this.#base(), how, explanation });
  }

  get #executionId(): string {
    return `rollback-${this.#executions}`;
  }

  #base(): { readonly incidentId: string; readonly target: string; readonly at: number } {
    return { incidentId: this.incidentId, target: this.target, at: this.at };
  }
}

/** The whole of an automatic incident: level 1 does not help, level 3 does. */
export function recoveredByLevelThree(options: { readonly incidentId?: string; readonly target?: string } = {}): IncidentStory {
  return new IncidentStory(options)
    .opened()
    .fired()
    .decidedToExecute(1)
    .started(1)
    .stepDone(1)
    .ended('success')
    .verifying()
    .fired(unhealthy)
    .decided({ kind: 'suppress', reason: 'rollback-in-progress', explanation: 'A rollback of this target is under way.' })
    .verified('not-recovered', 'Not recovered within 10m: alert CheckoutErrorRateHigh: still firing.')
    .decided({ kind: 'execute', reason: 'not-recovered', level: 3, planId: 'checkout-previous-release', explanation: 'The rung below did not bring recovery; the target is rolled back on level 3 (code) by plan checkout-previous-release.', evidence: [errorRate, unhealthy] })
    .started(3)
    .stepDone(3, 0)
    .stepDone(3, 1)
    .ended('success')
    .verifying()
    .cleared()
    .cleared(unhealthy)
    .verified('recovered', 'Every check and every alert was OK for 2m without a break.', 130_000)
    .recovered('rolled-back', 'Every check and every alert was OK for 2m without a break.');
}

const ruleOfErrors: AppliedRule = { trigger: errorRate.trigger, by: 'trigger', levels: { from: 1, to: 3 }, fixForward: false, text: 'CheckoutErrorRateHigh asks for levels 1 to 3' };

const objecting: Partial<Record<DecisionReason, PolicyFinding['about']>> = {
  paused: 'pause',
  'above-max-auto-level': 'approval',
  'approval-required': 'approval',
  cooldown: 'cooldown',
  'budget-exhausted': 'budget',
  'fleet-limit': 'fleet',
  'fleet-busy': 'fleet',
  flapping: 'flap',
  frozen: 'freeze',
  'no-change': 'change',
  'breach-before-change': 'change',
  'no-rollback-point': 'rollback-point',
  'already-running': 'rollback-point',
  'version-rolled-back': 'rollback-point',
};

/** Whatever a decision is about, version 1.4.0 was deployed three minutes before its breach. */
function policyOf({ kind, reason, explanation }: DecisionFields): readonly PolicyFinding[] {
  if (kind === 'suppress' && reason === 'rollback-in-progress') return [];
  const against = objecting[reason];
  const parts: readonly (readonly [PolicyFinding['about'], string])[] = [
    ['pause', 'Nobody has paused it.'],
    ['change', 'The breach began 3m after version 1.4.0 was deployed.'],
    ['cooldown', 'No other automatic rollback of this target within 30m.'],
    ['budget', '0 of 2 automatically rolled back incidents per 1h are spent.'],
    ['fleet', '0 of 2 other targets were rolled back within 10m.'],
  ];
  return [
    ...parts.filter(([about]) => about !== against).map(([about, says]) => ({ about, objects: false, says })),
    ...(against === undefined ? [] : [{ about: against, objects: true, says: explanation }]),
  ];
}

function planOf(level: Level): (typeof plans)[number] & object {
  const plan = plans[level];
  if (plan === undefined) throw new Error(`the story has no plan on level ${level}`);
  return plan;
}
