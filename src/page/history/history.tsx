import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { IncidentSummary } from '../../http/guard-api.js';
import { useAnswer } from '../actions/use-answer.js';
import { incidentWords } from '../incident/incident-words.js';
import { serverClock } from '../live/server-clock.js';
import { askJson } from '../session/api.js';
import type { HistoryFilter } from '../session/route.js';
import { Badge } from '../view/badge.js';
import { dayText, roughText } from '../view/duration-text.js';
import { Link } from '../view/link.js';
import { ModeMark } from '../view/mode-mark.js';
import { FilterForm } from './filter-form.js';
import { isWanted } from './is-wanted.js';

const PAGE = 100;

/** All incidents, newest first, filtered as the address says. */
export function History({ filter }: { readonly filter: HistoryFilter }): JSX.Element {
  const [pages, setPages] = useState(1);
  const answer = useAnswer((signal) => readPages(filter.target, pages, signal), [filter.target, pages]);
  return (
    <>
      <h1>History</h1>
      <FilterForm filter={filter} />
      {answer.kind === 'waiting' && <p class="waiting">Reading the journal …</p>}
      {answer.kind === 'refused' && <p class="error">{answer.message}</p>}
      {answer.kind === 'there' && (
        <>
          <Found incidents={answer.value.incidents.filter((incident) => isWanted(incident, filter, serverClock.now ?? 0))} />
          {answer.value.hasMore && (
            <button type="button" onClick={() => setPages(pages + 1)}>
              Older ones
            </button>
          )}
        </>
      )}
    </>
  );
}

function Found({ incidents }: { readonly incidents: readonly IncidentSummary[] }): JSX.Element {
  if (incidents.length === 0) return <p class="dim">No incident is like that.</p>;
  return (
    <>
      <p class="hidden" role="status">
        {incidents.length} incidents
      </p>
      <ul class="history">
        {incidents.map(({ id, target, status, mode, openedAt, endedAt, resolution, needsHuman }) => (
          <li key={id}>
            <time dateTime={new Date(openedAt).toISOString()} class="num">
              {dayText(openedAt)}
            </time>
            <Badge {...incidentWords[status]} />
            <Link to={{ view: 'incident', id }} class="name">
              {target}
            </Link>
            <span class="facts">
              <ModeMark mode={mode} />
              {endedAt !== undefined && <span class="num">{roughText(endedAt - openedAt)}</span>}
              <span class="dim">{resolution?.explanation ?? needsHuman?.explanation}</span>
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

async function readPages(target: string | undefined, pages: number, signal: AbortSignal): Promise<{ readonly incidents: readonly IncidentSummary[]; readonly hasMore: boolean }> {
  const incidents: IncidentSummary[] = [];
  for (let page = 0; page < pages; page += 1) {
    const before = incidents.at(-1)?.id;
    const query = new URLSearchParams({ limit: String(PAGE), ...(target === undefined ? {} : { target }), ...(before === undefined ? {} : { before }) });
    const answer = await askJson<{ incidents: readonly IncidentSummary[] }>(`/api/v1/incidents?${query.toString()}`, { signal });
    incidents.push(...answer.incidents);
    if (answer.incidents.length < PAGE) return { incidents, hasMore: false };
  }
  return { incidents, hasMore: true };
}
