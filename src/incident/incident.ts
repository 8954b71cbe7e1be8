import { answered, expired, isGranted, isOpen, requested, voided, type Approval } from '../decision/approval.js';
import type { AlertEvidence, Decision } from '../decision/decision.js';
import type { RollbackEvent, RollbackOutcome } from '../rollback/rollback-event.js';
import { estimatedStepMs, stepTimeoutMs } from '../rollback/step-timing.js';
import type { StepDescription } from '../rollback/step-executor.js';
import type { Level, Mode } from '../trigger/trigger.js';
import type { VerificationResult } from '../verification/verification.js';
import { attentionAfter, type Attention } from './attention.js';
import type { JournalEntry, JournalEvent, NeedsHumanReason, ToldPerson } from './incident-event.js';

export type IncidentStatus = 'open' | 'awaiting-approval' | 'rolling-back' | 'verifying' | 'needs-human' | 'recovered' | 'closed';

export interface IncidentAlert {
  readonly evidence: AlertEvidence;
  readonly firedAt: number;
  readonly clearedAt?: number | undefined;
  /** It began between step 1 and the end of a verification: evidence, never a reason to start. */
  readonly duringRollback: boolean;
}

export interface RungStep {
  /** `planId/stepId`. */
  readonly key: string;
  readonly name: string;
  readonly type: string;
  readonly status: 'waiting' | 'running' | 'retrying' | 'success' | 'failed' | 'parked' | 'would-have' | 'skipped';
  readonly attempts: number;
  /** How long one attempt may take. */
  readonly timeoutMs: number;
  /** How long it takes as its plan says, where that says it. */
  readonly estimatedMs?: number | undefined;
  readonly startedAt?: number | undefined;
  readonly endedAt?: number | undefined;
  readonly error?: string | undefined;
  /** What it changes, from the real state read just before. */
  readonly description?: StepDescription | undefined;
  /** True when the wanted state was found to be there already after a crash. */
  readonly alreadySo?: boolean | undefined;
  /** Why it was left out. */
  readonly skipped?: string | undefined;
}

/** One plan run on the incident's ladder, or by hand. */
export interface Rung {
  readonly executionId: string;
  readonly planId: string;
  readonly level?: Level | undefined;
  readonly mode: Mode;
  readonly trigger: 'manual' | 'automatic';
  readonly by: string;
  readonly reason: string;
  readonly startedAt: number;
  /** Present once the first journal line of the execution itself is there. */
  readonly begun: boolean;
  readonly endedAt?: number | undefined;
  readonly outcome?: RollbackOutcome | undefined;
  readonly error?: string | undefined;
  /** Once somebody has asked for it to be stopped, `cancelled: …`, with who and why where that is known. */
  readonly cancelReason?: string | undefined;
  /** How long the steps may take before people are told, and how long the plan says that they take. */
  readonly budgetMs?: number | undefined;
  readonly estimatedMs?: number | undefined;
  /** Since when the steps have taken longer than they may. */
  readonly overBudgetAt?: number | undefined;
  /** The execution whose changes this one puts back. */
  readonly undoes?: string | undefined;
  readonly steps: readonly RungStep[];
  readonly verification?: { readonly startedAt: number; readonly holdMs: number; readonly timeoutMs: number; readonly result?: VerificationResult | undefined } | undefined;
  /** Those that people asked for afterwards, oldest first. */
  readonly repeatedVerifications?: readonly { readonly id: string; readonly by: string; readonly result: VerificationResult }[] | undefined;
}

/** A question to people on an incident, and whom it was told to. */
export interface IncidentApproval extends Approval {
  readonly tell: readonly ToldPerson[];
}

/** All that happened to one target from first firing to its end, folded from the journal. Instants in ms since the epoch. */
export interface Incident {
  readonly id: string;
  readonly target: string;
  readonly environment: string;
  readonly mode: Mode;
  readonly status: IncidentStatus;
  readonly openedAt: number;
  readonly endedAt?: number | undefined;
  readonly alerts: readonly IncidentAlert[];
  readonly decisions: readonly Decision[];
  readonly rungs: readonly Rung[];
  readonly approvals: readonly IncidentApproval[];
  /** Who has said that they have seen it, each once, and when last. */
  readonly acknowledged: readonly { readonly by: string; readonly at: number }[];
  /** That it waits for a person now. */
  readonly attention?: Attention | undefined;
  /** Whom it has called because nobody looked after it, oldest first; `since` is the attention's. */
  readonly escalations: readonly { readonly at: number; readonly since: number; readonly step: number; readonly to: readonly string[]; readonly tell: readonly ToldPerson[] }[];
  readonly needsHuman?: { readonly at: number; readonly reason: NeedsHumanReason; readonly explanation: string } | undefined;
  readonly resolution?: { readonly how: 'rolled-back' | 'by-itself' | 'closed'; readonly by?: string | undefined; readonly explanation: string } | undefined;
}

/** The incident as its journal tells it; `undefined` when the entries do not open one. */
export function foldIncident(entries: readonly JournalEntry[]): Incident | undefined {
  return entries.reduce<Incident | undefined>((incident, entry) => applyToIncident(incident, entry.event), undefined);
}

/** The incident after one more event. Events of other incidents must not be given to it. */
export function applyToIncident(incident: Incident | undefined, event: JournalEvent): Incident | undefined {
  const after = applied(incident, event);
  if (after === undefined) return undefined;
  const attention = attentionAfter(incident?.attention, after, event);
  return attention === after.attention ? after : { ...after, attention };
}

function applied(incident: Incident | undefined, event: JournalEvent): Incident | undefined {
  if (event.type === 'incident-opened') {
    const { incidentId: id, target, environment, mode, at: openedAt } = event;
    return { id, target, environment, mode, status: 'open', openedAt, alerts: [], decisions: [], rungs: [], approvals: [], acknowledged: [], escalations: [] };
  }
  if (incident === undefined) return undefined;
  switch (event.type) {
    case 'alert-fired': {
      const { evidence, at: firedAt, duringRollback } = event;
      const known = incident.alerts.find((alert) => alert.evidence.fingerprint === evidence.fingerprint);
      // An alert that fires again counts from its first firing as far as "during a rollback" goes.
      const alert: IncidentAlert = { evidence, firedAt, duringRollback: known?.duringRollback ?? duringRollback };
      return { ...incident, alerts: [...incident.alerts.filter((other) => other !== known), alert] };
    }
    case 'alert-cleared':
      return {
        ...incident,
        alerts: incident.alerts.map((alert) => (alert.evidence.fingerprint === event.fingerprint ? { ...alert, clearedAt: event.at } : alert)),
      };
    case 'decision-made':
      return { ...incident, decisions: [...incident.decisions, event.decision] };
    case 'rung-started': {
      const { executionId, planId, level, mode, trigger, by, reason, undoes, at: startedAt } = event;
      const rung: Rung = { executionId, planId, level, mode, trigger, by, reason, undoes, startedAt, begun: false, steps: [] };
      const approvals = incident.approvals.map((approval) => (isOpen(approval) || !concerns(approval, event) ? approval : { ...approval, isFollowed: true }));
      return { ...incident, status: 'rolling-back', needsHuman: undefined, approvals, rungs: [...incident.rungs, rung] };
    }
    case 'verification-started': {
      const { at: startedAt, holdMs, timeoutMs } = event;
      return withRung({ ...incident, status: 'verifying' }, event.executionId, (rung) => ({ ...rung, verification: { startedAt, holdMs, timeoutMs } }));
    }
    case 'verification-ended':
      return withRung({ ...incident, status: 'open' }, event.executionId, (rung) => ({
        ...rung,
        verification: { ...(rung.verification ?? { startedAt: event.result.startedAt, holdMs: 0, timeoutMs: 0 }), result: event.result },
      }));
    case 'verification-repeated':
      return withRung(incident, event.executionId, (rung) => ({
        ...rung,
        repeatedVerifications: [...(rung.repeatedVerifications ?? []), { id: event.verificationId, by: event.by, result: event.result }],
      }));
    case 'needs-human':
      return {
        ...incident,
        status: 'needs-human',
        needsHuman: { at: event.at, reason: event.reason, explanation: event.explanation },
        approvals: incident.approvals.map((approval) => (isOpen(approval) || isGranted(approval) ? approval : { ...approval, isFollowed: true })),
      };
    case 'needs-human-lifted':
      return { ...incident, status: 'open', needsHuman: undefined };
    case 'approval-requested': {
      const { approval, tell } = event;
      const waits = incident.status === 'open' && (approval.purpose === 'plan' || approval.purpose === 'by-hand');
      return { ...incident, status: waits ? 'awaiting-approval' : incident.status, approvals: [...incident.approvals, { ...requested(approval), tell }] };
    }
    case 'approval-answered':
      return withApproval(incident, event.approvalId, (approval) => answered(approval, event.answer));
    case 'approval-expired':
      return withApproval(incident, event.approvalId, (approval) => expired(approval, event.at));
    case 'approval-voided':
      return withApproval(incident, event.approvalId, (approval) => voided(approval, event.cause, event.at));
    case 'incident-acknowledged':
      return { ...incident, acknowledged: [...incident.acknowledged.filter(({ by }) => by !== event.by), { by: event.by, at: event.at }] };
    case 'incident-escalated': {
      const { at, since, step, to, tell } = event;
      return { ...incident, escalations: [...incident.escalations, { at, since, step, to, tell }] };
    }
    case 'incident-recovered':
      return { ...incident, status: 'recovered', endedAt: event.at, resolution: { how: event.how, explanation: event.explanation } };
    case 'incident-closed':
      return { ...incident, status: 'closed', endedAt: event.at, resolution: { how: 'closed', by: event.by, explanation: event.reason } };
    case 'rollback-started':
    case 'rollback-resumed':
    case 'rollback-ended':
    case 'step-attempt-started':
    case 'step-attempt-failed':
    case 'step-succeeded':
    case 'step-described':
    case 'step-failed':
    case 'step-parked':
    case 'step-skipped':
    case 'rollback-over-budget':
    case 'attempt-settled-late':
    case 'cancel-requested': {
      const ended = event.type === 'rollback-ended';
      const next = withRung(incident, event.executionId, (rung) => applyToRung(rung, event));
      return ended ? { ...next, status: next.status === 'rolling-back' ? 'open' : next.status } : next;
    }
    case 'report-written':
    case 'daemon-started':
    case 'daemon-stopped':
    case 'channel-dead':
    case 'channel-back':
    case 'silence-created':
    case 'silence-removed':
    case 'silence-failed':
    case 'source-blind':
    case 'source-seeing':
    case 'paused':
    case 'resumed':
    case 'budget-reset':
    case 'change-marked':
    case 'journal-compacted':
    case 'configuration-reloaded':
    case 'configuration-refused':
    case 'drill-announced':
    case 'drill-started':
    case 'drill-ended':
    case 'drill-skipped':
      return incident;
    default:
      throw new TypeError(`unknown journal event ${JSON.stringify(event satisfies never)}`);
  }
}

/** The incident no longer waits once none of its questions about a plan is open. */
function withApproval(incident: Incident, approvalId: string, change: (approval: Approval) => Approval): Incident {
  const approvals = incident.approvals.map((approval) => (approval.id === approvalId ? { ...approval, ...change(approval) } : approval));
  const waits = approvals.some((approval) => isOpen(approval) && (approval.purpose === 'plan' || approval.purpose === 'by-hand'));
  return { ...incident, approvals, status: incident.status === 'awaiting-approval' && !waits ? 'open' : incident.status };
}

/** Whether a rollback that starts is what the approval was about. */
function concerns({ purpose, planId, executionId }: Approval, rung: Pick<Rung, 'planId' | 'executionId'>): boolean {
  return purpose === 'by-hand' ? executionId === rung.executionId : purpose !== 'step' && planId === rung.planId;
}

/** Whether its plan was refused before the first step, so that nothing was done. */
export function wasRefused({ outcome, steps }: Rung): boolean {
  return outcome === 'failed' && steps.every(({ status }) => status === 'waiting' || status === 'skipped');
}

function withRung(incident: Incident, executionId: string, change: (rung: Rung) => Rung): Incident {
  return { ...incident, rungs: incident.rungs.map((rung) => (rung.executionId === executionId ? change(rung) : rung)) };
}

function applyToRung(rung: Rung, event: RollbackEvent): Rung {
  switch (event.type) {
    case 'rollback-started':
      return {
        ...rung,
        begun: true,
        budgetMs: event.budgetMs,
        estimatedMs: event.estimatedMs,
        undoes: event.undoes,
        steps: event.steps.map(({ key, step }) => ({ key, name: step.name, type: step.type, status: 'waiting', attempts: 0, timeoutMs: stepTimeoutMs(step), estimatedMs: estimatedStepMs(step) })),
      };
    case 'rollback-resumed':
    case 'attempt-settled-late':
      return rung;
    case 'cancel-requested':
      return { ...rung, cancelReason: rung.cancelReason ?? event.reason };
    case 'rollback-ended': {
      const ended = { ...rung, endedAt: event.at, outcome: event.outcome, error: event.error };
      return event.outcome === 'would-have' ? { ...ended, verification: skippedVerification(event.at) } : ended;
    }
    case 'step-attempt-started':
      return withStep(rung, event.stepKey, (step) => ({
        ...step,
        status: 'running',
        attempts: event.attempt,
        startedAt: step.startedAt ?? event.at,
        description: event.description ?? step.description,
      }));
    case 'step-attempt-failed':
      return withStep(rung, event.stepKey, (step) => ({ ...step, status: event.retryAt === undefined ? step.status : 'retrying', error: event.error }));
    case 'step-succeeded':
      return withStep(rung, event.stepKey, (step) => ({ ...step, status: 'success', endedAt: event.at, error: undefined, alreadySo: event.how === 'already-so' }));
    case 'step-described':
      return withStep(rung, event.stepKey, (step) => ({ ...step, status: 'would-have', endedAt: event.at, description: event.description }));
    case 'step-failed':
      return withStep(rung, event.stepKey, (step) => ({ ...step, status: 'failed', endedAt: event.at, error: event.error }));
    case 'step-parked':
      return withStep(rung, event.stepKey, (step) => ({ ...step, status: 'parked', endedAt: event.at, error: event.error }));
    case 'step-skipped':
      return withStep(rung, event.stepKey, (step) => ({ ...step, status: 'skipped', endedAt: event.at, skipped: event.reason }));
    case 'rollback-over-budget':
      return { ...rung, overBudgetAt: event.at };
    default:
      throw new TypeError(`unknown rollback event ${JSON.stringify(event satisfies never)}`);
  }
}

/** A dry run has changed nothing that could be verified. */
function skippedVerification(at: number): NonNullable<Rung['verification']> {
  return { startedAt: at, holdMs: 0, timeoutMs: 0, result: { outcome: 'skipped', startedAt: at, endedAt: at, results: [], explanation: 'A dry run changes nothing, so there is nothing to verify.' } };
}

function withStep(rung: Rung, key: string, change: (step: RungStep) => RungStep): Rung {
  return { ...rung, steps: rung.steps.map((step) => (step.key === key ? change(step) : step)) };
}
