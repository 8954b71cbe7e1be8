import type { JSX } from 'preact';
import { PauseButton } from '../actions/pause-actions.js';
import { IncidentCard } from '../incident/incident-card.js';
import { useLive } from '../live/live.js';
import { Icon } from '../view/icon.js';
import { headline, openIncidents } from './headline.js';
import { Sources } from './sources.js';
import { TargetList } from './target-list.js';

/** What is wrong, what Belay does about it and asks of people, and how every target is. */
export function Overview(): JSX.Element {
  const tone = useLive((state) => headline(state).tone);
  const text = useLive((state) => headline(state).text);
  return (
    <>
      <div class="headline">
        <h1 class={tone}>
          <Icon tone={tone} />
          {text}
        </h1>
        <PauseButton target={undefined} />
      </div>
      <OpenIncidents />
      <TargetList />
      <Sources />
    </>
  );
}

function OpenIncidents(): JSX.Element | null {
  const ids = useLive(({ status }) => (status === undefined ? '' : openIncidents(status.targets).map(({ id }) => id).join(' ')));
  if (ids === '') return null;
  return (
    <section aria-labelledby="open-incidents">
      <h2 id="open-incidents">Open incidents</h2>
      <div class="cards">
        {ids.split(' ').map((id) => (
          <IncidentCard key={id} id={id} />
        ))}
      </div>
    </section>
  );
}
