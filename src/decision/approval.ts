import type { Level } from '../trigger/trigger.js';
import { missingOf, peopleNeeded, type ApprovalNeed } from './approval-need.js';

/**
 * What an approval is about: a plan that a decision proposes, the same plan before its schedule (approving it starts it
 * at once), a plan that a person has asked for, or a step in the middle of a plan.
 */
export type ApprovalPurpose = 'plan' | 'schedule' | 'by-hand' | 'step';

export type ApprovalStatus = 'requested' | 'approved' | 'rejected' | 'expired' | 'void';

/** Why an approval was no longer needed. */
export type VoidCause = 'recovered' | 'closed' | 'paused' | 'superseded' | 'started' | 'cancelled';

export type AnswerWay = 'cli' | 'api' | 'slack';

/** Who answers, and as what. `groups` are empty for somebody whom `people` does not name. */
export interface Answerer {
  readonly name: string;
  readonly groups: readonly string[];
  readonly isApprover: boolean;
}

export interface ApprovalAnswer {
  readonly answer: 'approve' | 'reject';
  readonly by: string;
  readonly groups: readonly string[];
  readonly way: AnswerWay;
  readonly at: number;
  readonly reason?: string | undefined;
}

/** One question to people, as its journal tells it. Instants in milliseconds since the epoch. */
export interface Approval {
  readonly id: string;
  readonly purpose: ApprovalPurpose;
  readonly planId: string;
  readonly level?: Level | undefined;
  /** What is asked, in one or more sentences. */
  readonly question: string;
  readonly need: ApprovalNeed;
  /** Why it is wanted, in the words of who wants it. */
  readonly reason?: string | undefined;
  /** Who wants it, where a person does. */
  readonly requestedBy?: string | undefined;
  /** The rollback that starts with it (`by-hand`), or that waits for it (`step`). */
  readonly executionId?: string | undefined;
  /** With `by-hand`: the rollback whose changes are to be put back, where it is about that. */
  readonly undoes?: string | undefined;
  /** With `step`: `planId/stepId`. */
  readonly stepKey?: string | undefined;
  readonly requestedAt: number;
  readonly expiresAt: number;
  readonly status: ApprovalStatus;
  readonly endedAt?: number | undefined;
  readonly answers: readonly ApprovalAnswer[];
  /** What is still missing, in words; empty once it is approved. */
  readonly missing: readonly string[];
  readonly voidCause?: VoidCause | undefined;
  /** What it led to is in the journal: a rollback that started, a person who was asked for. */
  readonly isFollowed: boolean;
}

export type NewApproval = Omit<Approval, 'status' | 'endedAt' | 'answers' | 'missing' | 'voidCause' | 'isFollowed'>;

export function requested(approval: NewApproval): Approval {
  return { ...approval, status: 'requested', answers: [], missing: stillMissing(approval.need, []), isFollowed: false };
}

/** The approval after an answer: one rejection ends it, and the last of the agreements that it takes. */
export function answered(approval: Approval, answer: ApprovalAnswer): Approval {
  const answers = [...approval.answers, answer];
  if (answer.answer === 'reject') return { ...approval, answers, status: 'rejected', endedAt: answer.at };
  const missing = stillMissing(approval.need, answers);
  return missing.length > 0 ? { ...approval, answers, missing } : { ...approval, answers, missing, status: 'approved', endedAt: answer.at };
}

export function expired(approval: Approval, at: number): Approval {
  return { ...approval, status: 'expired', endedAt: at };
}

export function voided(approval: Approval, cause: VoidCause, at: number): Approval {
  return { ...approval, status: 'void', endedAt: at, voidCause: cause };
}

export function isOpen({ status }: Approval): boolean {
  return status === 'requested';
}

/** Whether it lets go ahead what it is about: approved, or out of time where that counts as a yes. */
export function isGranted({ status, need, isFollowed }: Approval): boolean {
  return !isFollowed && (status === 'approved' || (status === 'expired' && need.onTimeout === 'proceed'));
}

export type Refusal = { readonly code: 'conflict' | 'forbidden'; readonly message: string };

/** Why an answer does not count; `undefined` when it does. */
export function refusalOf(approval: Approval, { name, groups, isApprover }: Answerer, answer: 'approve' | 'reject', now: number): Refusal | undefined {
  const { id, need, answers, requestedBy } = approval;
  const ended = endText(approval, now);
  if (ended !== undefined) return { code: 'conflict', message: `approval ${id} ${ended}` };
  if (!isApprover) return { code: 'forbidden', message: `${name} has not the role approver` };
  if (answers.some(({ by }) => by === name)) return { code: 'conflict', message: `${name} has approved ${id} already; still missing: ${approval.missing.join(', ')}` };
  const asked = need.rules.filter((rule) => counts(rule, groups));
  if (asked.length === 0) return { code: 'forbidden', message: `${name} belongs to none of the groups that are asked: ${approval.missing.join(', ')}` };
  if (answer === 'reject') return undefined;
  if (requestedBy === name && peopleNeeded(need) > 1) return { code: 'forbidden', message: `${name} has asked for this rollback, and nobody approves their own request where two people are needed` };
  const after = stillMissing(need, [...answers, { answer: 'approve', groups }]);
  if (remaining(need, [...answers, { answer: 'approve', groups }]) === remaining(need, answers)) {
    return { code: 'conflict', message: `the approval of ${name} adds nothing to ${id}; still missing: ${after.join(', ')}` };
  }
  return undefined;
}

function endText({ status, endedAt, answers, voidCause, expiresAt }: Approval, now: number): string | undefined {
  const last = answers.at(-1);
  switch (status) {
    case 'requested':
      return now >= expiresAt ? `ran out at ${instantText(expiresAt)}` : undefined;
    case 'approved':
      return `has been approved already, at last by ${last?.by ?? ''} at ${instantText(endedAt ?? 0)}`;
    case 'rejected':
      return `has been rejected already, by ${last?.by ?? ''} at ${instantText(endedAt ?? 0)}`;
    case 'expired':
      return `ran out at ${instantText(endedAt ?? 0)}`;
    case 'void':
      return `is void since ${instantText(endedAt ?? 0)}: ${voidText(voidCause)}`;
    default:
      throw new TypeError(`unknown status ${String(status satisfies never)}`);
  }
}

export function voidText(cause: VoidCause | undefined): string {
  switch (cause) {
    case 'recovered':
      return 'the target has recovered';
    case 'closed':
      return 'the incident was closed';
    case 'paused':
      return 'rollbacks are paused';
    case 'superseded':
      return 'something else was decided meanwhile';
    case 'started':
      return 'a rollback has started';
    case 'cancelled':
      return 'the rollback that waited for it was ended';
    case undefined:
      return 'it is no longer needed';
    default:
      return cause satisfies never;
  }
}

function instantText(at: number): string {
  return new Date(at).toISOString();
}

type Agreement = Pick<ApprovalAnswer, 'answer' | 'groups'>;

function stillMissing(need: ApprovalNeed, answers: readonly Agreement[]): readonly string[] {
  const agreed = answers.filter(({ answer }) => answer === 'approve');
  return [...new Set(need.rules.flatMap((rule) => missingOf(rule, agreed)))];
}

/** How many agreements are left over all rules. */
function remaining({ rules }: ApprovalNeed, answers: readonly Agreement[]): number {
  const agreed = answers.filter(({ answer }) => answer === 'approve');
  return rules.reduce((sum, rule) => {
    if (rule.allOf.length > 0) return sum + missingOf(rule, agreed).length;
    const counting = agreed.filter(({ groups }) => counts(rule, groups));
    return sum + Math.max(0, rule.count - counting.length);
  }, 0);
}

/** Whether somebody of these groups has a say under the rule. */
function counts({ allOf, anyOf }: ApprovalNeed['rules'][number], groups: readonly string[]): boolean {
  const asked = [...allOf, ...anyOf];
  return asked.length === 0 || groups.some((group) => asked.includes(group));
}

/** What a question or a run is about: `plan restore`, `the undo of plan restore`. */
export function subjectText({ planId, undoes }: Pick<Approval, 'planId' | 'undoes'>): string {
  return `${undoes === undefined ? '' : 'the undo of '}plan ${planId}`;
}

/** How a question ended, as people are told: `Plan restore was rejected by ana: not at night.` */
export function outcomeText(approval: Approval): string {
  const { status, purpose, planId, answers, missing, expiresAt, voidCause } = approval;
  const last = answers.at(-1);
  const what = subjectText(approval);
  const subject = `${what.charAt(0).toUpperCase()}${what.slice(1)}`;
  switch (status) {
    case 'approved':
      return `${subject} was approved by ${answers.map(({ by }) => by).join(' and ')}.`;
    case 'rejected':
      return `${subject} was rejected by ${last?.by ?? ''}${last?.reason === undefined ? '' : `: ${last.reason}`}.`;
    case 'expired':
      return purpose === 'schedule' ? `Plan ${planId} fell due at ${instantText(expiresAt)}.` : `Not everybody had answered by ${instantText(expiresAt)}; missing: ${missing.join(', ')}.`;
    case 'void':
      return `The approval of ${what} is not needed any more: ${voidText(voidCause)}.`;
    case 'requested':
      return purpose === 'schedule' ? `Plan ${planId} starts at ${instantText(expiresAt)} unless somebody says no.` : `${subject} waits for ${missing.join(', ')}.`;
    default:
      return status satisfies never;
  }
}
