import { outcomeText, subjectText, type Approval } from '../decision/approval.js';
import { formatDuration } from '../time/duration.js';
import { instantText } from '../time/instant-text.js';
import type { Output } from './output.js';

type Shown = Pick<Approval, 'id' | 'purpose' | 'planId' | 'undoes' | 'missing' | 'expiresAt'> & { readonly target: string };

/** What is open, with how long there is left: a countdown for whoever looks again. */
export function openApprovalText(shown: Shown, now: number): string {
  const { id, purpose, planId, missing, expiresAt, target } = shown;
  const left = formatDuration(Math.max(0, Math.round((expiresAt - now) / 1000) * 1000));
  return purpose === 'schedule'
    ? `${target}: plan ${planId} starts in ${left} unless it recovers; belay approve ${id} starts it now, belay reject ${id} keeps it from starting`
    : `${target}: ${subjectText(shown)} waits for ${missing.join(' and ')}, ${left} left: belay approve ${id}`;
}

/** One question of an incident: what was asked, who answered what and how, how it ended. */
export function approvalLines(approval: Approval, output: Output): string[] {
  const { id, purpose, planId, status, question, answers, expiresAt, endedAt } = approval;
  const what = purpose === 'schedule' ? `plan ${planId} starts at ${instantText(expiresAt)}` : subjectText(approval);
  return [
    `  ${what}: ${status}${endedAt === undefined ? ` until ${instantText(expiresAt)}` : ` ${instantText(endedAt)}`}  ${id}`,
    output.style('dim', `    ${question}`),
    ...answers.map(({ answer, by, groups, way, at, reason }) => `    ${instantText(at)}  ${answer === 'approve' ? 'approved' : 'rejected'} by ${by}${groups.length === 0 ? '' : ` (${groups.join(', ')})`}, ${way}${reason === undefined ? '' : `: ${reason}`}`),
    `    ${outcomeText(approval)}`,
  ];
}
