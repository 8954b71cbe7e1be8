import { levelNames } from '../../decision/ladder.js';
import type { Incident, Rung } from '../../incident/incident.js';

/** In one or two sentences: what Belay does about an incident now, or why nothing. */
export function doingNow(incident: Incident): string {
  const { status, rungs, decisions, approvals, needsHuman, resolution } = incident;
  const rung = rungs.at(-1);
  switch (status) {
    case 'rolling-back':
      return rung === undefined ? 'A rollback begins.' : `${rungName(rung)}: ${stepText(rung)}`;
    case 'verifying':
      return rung === undefined ? 'It is being verified.' : `${rungName(rung)} is done. Belay watches whether the target has recovered.`;
    case 'awaiting-approval': {
      const open = approvals.find((approval) => approval.status === 'requested');
      return open === undefined ? 'It waits for an approval.' : `${open.question} Missing: ${open.missing.join(', ')}.`;
    }
    case 'needs-human':
      return needsHuman?.explanation ?? 'Nothing more happens without a person.';
    case 'recovered':
    case 'closed':
      return resolution?.explanation ?? 'It is over.';
    case 'open':
      return decisions.at(-1)?.explanation ?? 'An alert fires; Belay decides.';
    default:
      return status satisfies never;
  }
}

/** `Level 3 (code), plan release-back`. */
export function rungName({ level, planId, mode, undoes }: Pick<Rung, 'level' | 'planId' | 'mode' | 'undoes'>): string {
  const plan = `${undoes === undefined ? 'plan' : 'undo of plan'} ${planId}`;
  const name = level === undefined ? plan : `level ${level} (${levelNames[level]}), ${plan}`;
  const all = mode === 'enforce' ? name : `dry run of ${name}`;
  return all.charAt(0).toUpperCase() + all.slice(1);
}

function stepText({ steps, cancelReason }: Rung): string {
  if (cancelReason !== undefined) return `it is being stopped (${cancelReason}).`;
  const index = steps.findIndex(({ status }) => status === 'running' || status === 'retrying');
  const step = steps[index];
  if (step !== undefined) return `step ${index + 1} of ${steps.length}, ${step.name}${step.status === 'retrying' ? `, is tried again (${step.attempts} so far)` : ''}.`;
  const done = steps.filter(({ status }) => status !== 'waiting').length;
  return steps.length === 0 ? 'it is about to begin.' : `${done} of ${steps.length} steps are done.`;
}
