import type { VoidCause } from '../decision/approval.js';
import { anyApprover, defaultNeed, type ApprovalNeed } from '../decision/approval-need.js';
import type { Decision, DecisionReason } from '../decision/decision.js';
import type { IncidentApproval } from '../incident/incident.js';
import type { Question } from './approval-desk.js';

/** Anybody with the role may start it at once or stop it; without a word it starts when it is due. */
const scheduleNeed: ApprovalNeed = { ...defaultNeed, rules: [{ ...anyApprover, name: 'schedule' }], onTimeout: 'proceed' };

/** What a decision asks people; a dry run asks nobody. */
export function questionOf({ kind, mode, planId, level, until, approval, explanation }: Decision): Question | undefined {
  if (planId === undefined || mode !== 'enforce') return undefined;
  if (kind === 'await-approval') return { purpose: 'plan', planId, level, question: explanation, need: approval ?? defaultNeed };
  if (kind === 'schedule' && until !== undefined) return { purpose: 'schedule', planId, level, question: explanation, need: scheduleNeed, expiresAt: until };
  return undefined;
}

/** These put off what was asked about, and take nothing of it back. */
const passing: ReadonlySet<DecisionReason> = new Set(['cooldown', 'fleet-busy', 'recovered-before-action', 'blind', 'rollback-in-progress']);

/** Why a question that an earlier decision asked has no place beside a newer one; `undefined` while it has. */
export function noLongerAsked({ purpose, planId, expiresAt }: IncidentApproval, decision: Decision): VoidCause | undefined {
  if (purpose === 'by-hand' || purpose === 'step') return undefined;
  if (decision.reason === 'paused') return 'paused';
  if (passing.has(decision.reason)) return undefined;
  const question = questionOf(decision);
  const isTheSame = question?.planId === planId && (question.purpose === purpose ? purpose === 'plan' || question.expiresAt === expiresAt : purpose === 'schedule');
  return isTheSame || (decision.kind === 'execute' && decision.planId === planId) ? undefined : 'superseded';
}
