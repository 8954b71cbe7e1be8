import { automaticApprovalNeed, defaultNeed, needText, type ApprovalNeed } from './approval-need.js';
import type { ApprovalPurpose } from './approval.js';
import { levelNames } from './ladder.js';
import { type Finding, type Look, objection } from './look.js';
import type { Situation } from './situation.js';

/** A plan that does not run by itself waits until people have agreed to it. A dry run changes nothing and waits for nobody. */
export const lookAtApproval: Look = (situation) => {
  const { input: { policy }, rung, scenarios } = situation;
  if (rung === undefined) return undefined;
  const { governingLevel } = rung;
  const need = needOf(situation);
  if (need === undefined) return { about: 'approval', says: `Level ${governingLevel} may run by itself; the highest that may is ${policy.maxAutoLevel}.` };
  const level = `Level ${governingLevel} (${levelNames[governingLevel]})`;
  const why = scenarios.length > 0 ? `The approvals ask for it (${scenarios.join(', ')})` : `${level} takes an approval`;
  return governingLevel > policy.maxAutoLevel
    ? waitFor(situation, 'approval', 'above-max-auto-level', need, `${level} is above the highest level that runs by itself (${policy.maxAutoLevel})`)
    : waitFor(situation, 'approval', 'approval-required', need, why);
};

type ApprovalReason = 'above-max-auto-level' | 'approval-required' | 'frozen' | 'unconfirmed';

/** What objects as long as nobody has agreed to the plan: what its level and the scenarios ask for, or one approver. */
export function waitForApproval(situation: Situation, about: Finding['about'], reason: ApprovalReason, why: string, until?: number): Finding {
  return waitFor(situation, about, reason, needOf(situation) ?? defaultNeed, why, until);
}

function waitFor(situation: Situation, about: Finding['about'], reason: ApprovalReason, approval: ApprovalNeed, why: string, until?: number): Finding {
  const whom = needText(approval);
  if (situation.mode === 'dry-run') return { about, says: `${why}; it would wait for the approval of ${whom}.` };
  if (isGranted(situation, 'plan')) return { about, says: `${why}; people have agreed.` };
  return objection(about, { kind: 'await-approval', reason, explanation: `${why}; plan ${situation.rung?.planId ?? ''} waits for the approval of ${whom}.`, until, approval });
}

/** Whether people have agreed to the plan that is next, and it has not begun. */
export function isGranted({ input: { grants = [] }, rung }: Situation, purpose: ApprovalPurpose): boolean {
  return grants.some((grant) => grant.purpose === purpose && grant.planId === rung?.planId);
}

/** `, after the approval of …`: what a dry run has not waited for. */
export function approvalWords(situation: Situation): string {
  const need = situation.mode === 'dry-run' ? needOf(situation) : undefined;
  return need === undefined ? '' : `, after the approval of ${needText(need)}`;
}

function needOf({ input: { policy }, rung, scenarios }: Situation): ApprovalNeed | undefined {
  return rung === undefined ? undefined : automaticApprovalNeed(policy, rung.governingLevel, scenarios);
}
