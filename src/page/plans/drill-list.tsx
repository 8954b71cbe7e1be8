import type { JSX } from 'preact';
import type { DrillView } from '../../http/drill-api.js';
import { useLive } from '../live/live.js';
import { Badge } from '../view/badge.js';
import { dayText, roughText } from '../view/duration-text.js';
import type { StateWord } from '../view/tone.js';

/** What is practised, or should be: how the last drill of each went, and when the next one comes. */
export function DrillList(): JSX.Element | null {
  const drills = useLive(({ status }) => status?.drills ?? none);
  if (drills.length === 0) return null;
  return (
    <section aria-labelledby="drills">
      <h2 id="drills">Drills</h2>
      <ul class="plans">
        {drills.map((drill) => (
          <li key={`${drill.kind} ${drill.name}`}>
            <span class="name">
              {drill.kind === 'plan' ? drill.name : `${drill.kind}: ${drill.name}`} <Badge {...drillState(drill)} />
            </span>
            <span class="facts">
              {drill.last !== undefined && <span>last {dayText(drill.last.startedAt)} UTC</span>}
              {drill.last?.tookMs !== undefined && <span>took {roughText(drill.last.tookMs)}{drill.documentedMs === undefined ? '' : ` of ${roughText(drill.documentedMs)}`}</span>}
              <span>{drill.nextAt === undefined ? 'not scheduled' : `next ${dayText(drill.nextAt)} UTC`}</span>
              {(drill.last?.gaps ?? []).map((gap) => (
                <span key={gap} class="dim">
                  {gap}
                </span>
              ))}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function drillState({ last, warning }: DrillView): StateWord {
  if (last?.status === 'running') return { tone: 'act', word: 'under way' };
  if (warning !== undefined) return last?.status === 'failed' ? { tone: 'bad', word: 'failed' } : { tone: 'warn', word: 'never drilled, or failed' };
  if (last?.status !== 'passed') return { tone: 'idle', word: last?.status ?? 'never drilled' };
  return last.gaps.length === 0 ? { tone: 'ok', word: 'went well' } : { tone: 'warn', word: 'went well, with gaps' };
}

const none = [] as const;
