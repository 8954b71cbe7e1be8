import type { JSX } from 'preact';
import type { Incident } from '../../incident/incident.js';
import { incidentTimeline } from '../../report/incident-timeline.js';
import { Instant } from '../view/times.js';

/** The story, oldest first: the same lines as in the report. */
export function Timeline({ incident }: { readonly incident: Incident }): JSX.Element {
  return (
    <section aria-labelledby="timeline">
      <h2 id="timeline">Timeline</h2>
      <ol class="timeline">
        {incidentTimeline(incident).map(({ at, what }, index) => (
          <li key={`${at} ${index}`}>
            <Instant at={at} />
            <span>{what}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
