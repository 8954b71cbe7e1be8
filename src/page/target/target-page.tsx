import type { JSX } from 'preact';
import { PauseButton } from '../actions/pause-actions.js';
import { IncidentCard } from '../incident/incident-card.js';
import { useLive } from '../live/live.js';
import { PlanList } from '../plans/plan-list.js';
import { Badge } from '../view/badge.js';
import { Link } from '../view/link.js';
import { noSight, sightOfTargets } from './sight.js';
import { targetState } from './target-state.js';
import { TriggerList } from './trigger-list.js';

/** One target: its incident, its triggers with their series, and the plans that can be started by hand. */
export function TargetPage({ name }: { readonly name: string }): JSX.Element {
  const target = useLive(({ status }) => status?.targets.find((candidate) => candidate.name === name));
  const sight = useLive(({ triggers }) => JSON.stringify(sightOfTargets(triggers).get(name) ?? noSight));
  if (target === undefined) return <h1>There is no target {name}.</h1>;
  const { owners, mode, running, lastGood, versionUnknown, openIncident } = target;
  return (
    <>
      <div class="headline">
        <h1>{name}</h1>
        <Badge {...targetState(target, JSON.parse(sight) as typeof noSight)} />
        <PauseButton target={name} />
      </div>
      <dl class="pairs">
        <Pair name="Mode" value={mode} />
        {owners.length > 0 && <Pair name="Owners" value={owners.join(', ')} />}
        {running !== undefined && <Pair name="Runs" value={running} />}
        {lastGood !== undefined && <Pair name="Last good" value={lastGood} />}
        {versionUnknown !== undefined && <Pair name="Version unknown" value={versionUnknown} />}
      </dl>
      {openIncident !== undefined && <IncidentCard id={openIncident.id} />}
      <TriggerList target={name} />
      <section aria-labelledby="plans">
        <h2 id="plans">Roll back by hand</h2>
        <PlanList target={name} />
      </section>
      <p>
        <Link to={{ view: 'incidents', filter: { target: name } }}>Earlier incidents of {name}</Link>
      </p>
    </>
  );
}

function Pair({ name, value }: { readonly name: string; readonly value: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
