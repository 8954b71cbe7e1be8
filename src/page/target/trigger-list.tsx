import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useLive } from '../live/live.js';
import type { LiveState } from '../live/live-state.js';
import { TriggerRow } from './trigger-row.js';
import { triggerRank } from './trigger-state.js';

/** From so many on, one may look for them by name. */
const MANY = 12;

/** The triggers of a target, trouble first. Which row is where changes only when a state does. */
export function TriggerList({ target }: { readonly target: string }): JSX.Element {
  const [wanted, setWanted] = useState('');
  const order = useLive(({ triggers }) => orderOf(triggers, target));
  const keys = JSON.parse(order) as readonly string[];
  const shown = wanted === '' ? keys : keys.filter((key) => key.slice(target.length + 1).toLowerCase().includes(wanted.toLowerCase()));
  return (
    <section aria-labelledby="triggers">
      <div class="section-head">
        <h2 id="triggers">Triggers</h2>
        {keys.length > MANY && (
          <label class="search">
            <span class="hidden">Show triggers whose name has</span>
            <input type="search" placeholder={`Search ${keys.length} triggers`} value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} />
          </label>
        )}
      </div>
      {keys.length === 0 && <p class="dim">Nothing watches this target.</p>}
      {keys.length > 0 && shown.length === 0 && <p class="dim">No trigger has “{wanted}” in its name.</p>}
      <ul class="triggers">
        {shown.map((key) => (
          <TriggerRow key={key} triggerKey={key} />
        ))}
      </ul>
    </section>
  );
}

function orderOf(triggers: LiveState['triggers'], target: string): string {
  const own = [...triggers].filter(([, trigger]) => trigger.target === target).map(([key, trigger]) => ({ key, rank: triggerRank(trigger) }));
  return JSON.stringify(own.toSorted((a, b) => a.rank - b.rank).map(({ key }) => key));
}
