import type { JSX } from 'preact';
import type { Incident } from '../../incident/incident.js';
import { ApprovalQuestion } from '../actions/approval-question.js';
import { useAnswer } from '../actions/use-answer.js';
import { useLive } from '../live/live.js';
import { askJson } from '../session/api.js';
import { Badge } from '../view/badge.js';
import { roughText } from '../view/duration-text.js';
import { Link } from '../view/link.js';
import { Instant, Since } from '../view/times.js';
import { ModeMark } from '../view/mode-mark.js';
import { AlertEvidenceList } from './alert-evidence.js';
import { Decisions } from './decisions.js';
import { doingNow } from './doing-now.js';
import { IncidentActions } from './incident-actions.js';
import { incidentWords } from './incident-words.js';
import { IncidentReport } from './incident-report.js';
import { Ladder } from './ladder.js';
import { RungSection } from './rung-section.js';
import { Timeline } from './timeline.js';

/** One incident, whole: live while it is open, and afterwards as the journal keeps it. */
export function IncidentPage({ id }: { readonly id: string }): JSX.Element {
  const current = useLive(({ incidents }) => incidents.get(id));
  const answer = useAnswer((signal) => askJson<Incident>(`/api/v1/incidents/${encodeURIComponent(id)}`, { signal }), [id, current === undefined]);
  const incident = current ?? (answer.kind === 'there' ? answer.value : undefined);
  if (incident !== undefined) return <Whole incident={incident} />;
  return answer.kind === 'refused' ? <h1>{answer.message}</h1> : <p class="waiting">Reading the incident …</p>;
}

function Whole({ incident }: { readonly incident: Incident }): JSX.Element {
  const { id, target, status, mode, openedAt, endedAt, rungs, approvals, acknowledged } = incident;
  const open = approvals.filter((approval) => approval.status === 'requested');
  return (
    <>
      <div class="headline">
        <h1>
          <Link to={{ view: 'target', name: target }}>{target}</Link>
        </h1>
        <Badge {...incidentWords[status]} />
        <ModeMark mode={mode} />
        <span class="dim">
          began <Instant at={openedAt} />, {endedAt === undefined ? <>for <Since at={openedAt} /></> : `lasted ${roughText(endedAt - openedAt)}`} · {id}
        </span>
      </div>
      <p class={`now ${incidentWords[status].tone}`}>{doingNow(incident)}</p>
      {acknowledged.length > 0 && (
        <p class="dim">
          Seen by{' '}
          {acknowledged.map(({ by, at }, index) => (
            <span key={by}>
              {index > 0 && ', '}
              {by} at <Instant at={at} />
            </span>
          ))}
          .
        </p>
      )}
      <IncidentActions incident={incident} />
      {open.map((approval) => (
        <ApprovalQuestion key={approval.id} approval={approval} target={target} />
      ))}
      <Ladder incident={incident} />
      {rungs.toReversed().map((rung) => (
        <RungSection key={rung.executionId} rung={rung} />
      ))}
      <IncidentReport incident={incident} />
      <AlertEvidenceList alerts={incident.alerts} />
      <Decisions decisions={incident.decisions} />
      <Timeline incident={incident} />
    </>
  );
}
