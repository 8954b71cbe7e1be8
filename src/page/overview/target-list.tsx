import type { JSX } from 'preact';
import type { TargetView } from '../../http/guard-api.js';
import { useLive } from '../live/live.js';
import { noSight, sightOfTargets, type Sight } from '../target/sight.js';
import { byTrouble, targetState } from '../target/target-state.js';
import { Badge } from '../view/badge.js';
import { Link } from '../view/link.js';

/** Every target at a glance, trouble first. */
export function TargetList(): JSX.Element {
  const order = useLive(({ status, triggers }) => orderOf(status?.targets ?? [], sightOfTargets(triggers)));
  return (
    <section aria-labelledby="targets">
      <h2 id="targets">Targets</h2>
      <ul class="targets">
        {(JSON.parse(order) as readonly string[]).map((name) => (
          <TargetRow key={name} name={name} />
        ))}
      </ul>
    </section>
  );
}

function TargetRow({ name }: { readonly name: string }): JSX.Element | null {
  const target = useLive(({ status }) => status?.targets.find((candidate) => candidate.name === name));
  const mode = useLive(({ status }) => status?.mode);
  const total = useLive(({ triggers }) => sightOfTargets(triggers).get(name)?.total ?? 0);
  const blind = useLive(({ triggers }) => sightOfTargets(triggers).get(name)?.blind ?? 0);
  const unknown = useLive(({ triggers }) => sightOfTargets(triggers).get(name)?.unknown ?? 0);
  if (target === undefined) return null;
  const { owners, running, paused, alerts } = target;
  return (
    <li>
      <Badge {...targetState(target, { total, blind, unknown })} />
      <Link to={{ view: 'target', name }} class="name">
        {name}
      </Link>
      <span class="facts">
        {target.mode !== mode && <span class="mode">{target.mode}</span>}
        {paused && <span class="mode">paused</span>}
        {alerts.firing > 0 && <span class="bad">{alerts.firing} firing</span>}
        {alerts.pending > 0 && <span class="warn">{alerts.pending} pending</span>}
        {blind > 0 && <span class="blind">{blind} blind</span>}
        <span>{total === 1 ? '1 trigger' : `${total} triggers`}</span>
        {running !== undefined && <span>runs {running}</span>}
        {owners.length > 0 && <span class="dim">{owners.join(', ')}</span>}
      </span>
    </li>
  );
}

function orderOf(targets: readonly TargetView[], sights: ReadonlyMap<string, Sight>): string {
  const states = targets.map((target) => ({ name: target.name, state: targetState(target, sights.get(target.name) ?? noSight) }));
  return JSON.stringify(states.toSorted((a, b) => byTrouble(a.state, b.state)).map(({ name }) => name));
}
