import type { JSX } from 'preact';
import { ApprovalQuestion } from '../actions/approval-question.js';
import { useLive } from '../live/live.js';
import { Badge } from '../view/badge.js';
import { Link } from '../view/link.js';
import { Since } from '../view/times.js';
import { ModeMark } from '../view/mode-mark.js';
import { doingNow } from './doing-now.js';
import { FiringList } from './firing-list.js';
import { IncidentActions } from './incident-actions.js';
import { incidentWords } from './incident-words.js';
import { StepDots } from './step-dots.js';

/** An open incident at a glance: what fires, what Belay does about it and asks of people, and what one can do. */
export function IncidentCard({ id }: { readonly id: string }): JSX.Element | null {
  const incident = useLive(({ incidents }) => incidents.get(id));
  if (incident === undefined) return null;
  const { target, status, mode, openedAt, rungs, approvals, acknowledged } = incident;
  const rung = rungs.at(-1);
  const questions = approvals.filter((approval) => approval.status === 'requested');
  return (
    <article class={`card ${incidentWords[status].tone}`} aria-label={`Incident of ${target}`}>
      <div class="card-head">
        <Badge {...incidentWords[status]} />
        <Link to={{ view: 'incident', id }} class="name">
          {target}
        </Link>
        <ModeMark mode={mode} />
        <span class="dim">
          for <Since at={openedAt} />
          {acknowledged.length > 0 && `, seen by ${acknowledged.map(({ by }) => by).join(', ')}`}
        </span>
      </div>
      {status !== 'awaiting-approval' && <p>{doingNow(incident)}</p>}
      {rung !== undefined && <StepDots steps={rung.steps} />}
      <FiringList incident={incident} />
      {questions.map((approval) => (
        <ApprovalQuestion key={approval.id} approval={approval} target={target} />
      ))}
      <IncidentActions incident={incident} />
    </article>
  );
}
