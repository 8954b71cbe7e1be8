import type { JSX } from 'preact';
import type { Incident, IncidentAlert } from '../../incident/incident.js';
import { useLive } from '../live/live.js';
import { triggerKey } from '../live/live-state.js';

/** What fires of an incident, with the value that it has now. */
export function FiringList({ incident: { target, alerts } }: { readonly incident: Incident }): JSX.Element {
  const firing = alerts.filter(({ clearedAt }) => clearedAt === undefined);
  return (
    <ul class="facts">
      {firing.map((alert) => (
        <Firing key={alert.evidence.fingerprint} target={target} alert={alert} />
      ))}
      {alerts.length > 0 && firing.length === 0 && <li>Every alert is clear.</li>}
    </ul>
  );
}

function Firing({ target, alert: { evidence } }: { readonly target: string; readonly alert: IncidentAlert }): JSX.Element {
  const { trigger: name, fingerprint, condition } = evidence;
  const now = useLive(({ triggers }) => triggers.get(triggerKey({ target, name }))?.alerts.find((alert) => alert.fingerprint === fingerprint));
  const value = now === undefined ? evidence.value : now.health === 'err' ? undefined : now.value;
  return (
    <li>
      {name} <strong class="num">{value ?? 'unknown'}</strong> <span class="dim">{condition}</span>
    </li>
  );
}
