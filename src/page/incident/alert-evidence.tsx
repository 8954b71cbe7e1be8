import type { JSX } from 'preact';
import { samplesText } from '../../decision/grounds.js';
import type { IncidentAlert } from '../../incident/incident.js';
import { Badge } from '../view/badge.js';
import { Instant } from '../view/times.js';
import { labelText } from '../target/alert-line.js';

/** What was seen of each alert. */
export function AlertEvidenceList({ alerts }: { readonly alerts: readonly IncidentAlert[] }): JSX.Element | null {
  if (alerts.length === 0) return null;
  return (
    <section aria-labelledby="alerts">
      <h2 id="alerts">Alerts</h2>
      <ul class="evidence">
        {alerts.map((alert) => (
          <Evidence key={alert.evidence.fingerprint} alert={alert} />
        ))}
      </ul>
    </section>
  );
}

function Evidence({ alert: { evidence, firedAt, clearedAt, duringRollback } }: { readonly alert: IncidentAlert }): JSX.Element {
  const { trigger, labels, severity, value, condition, window, summary, query } = evidence;
  const samples = samplesText(evidence);
  return (
    <li>
      <div class="step-head">
        <Badge {...(clearedAt === undefined ? { tone: 'bad', word: 'fires' } : { tone: 'ok', word: 'clear' })} />
        <span class="step-name">{trigger}</span>
        <span class={`severity ${severity}`}>{severity}</span>
        <span class="dim">{Object.keys(labels).length > 0 && labelText(labels)}</span>
      </div>
      <p>
        <strong>{value ?? 'unknown'}</strong>, held against {condition} {window}. {summary}
      </p>
      <p class="dim">
        Fired <Instant at={firedAt} />
        {clearedAt !== undefined && (
          <>
            , clear <Instant at={clearedAt} />
          </>
        )}
        {duringRollback && ', during a rollback: evidence, no reason to start another'}.
      </p>
      <details>
        <summary>Query and samples</summary>
        <p>
          <code>{query}</code>
        </p>
        {samples !== undefined && <p>Samples, oldest first: {samples}</p>}
      </details>
    </li>
  );
}
