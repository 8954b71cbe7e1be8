import type { JSX } from 'preact';
import type { Incident } from '../../incident/incident.js';
import { Icon } from '../view/icon.js';
import { ladderSteps } from './ladder-steps.js';

export function Ladder({ incident }: { readonly incident: Incident }): JSX.Element {
  return (
    <section aria-labelledby="ladder">
      <h2 id="ladder">Ladder</h2>
      <ol class="ladder">
        {ladderSteps(incident).map(({ level, name, planId, tone, word }) => (
          <li key={level} class={tone}>
            <span class="level" aria-hidden="true">
              {level}
            </span>
            <span class="level-name">
              <span class="hidden">Level {level}: </span>
              {name}
            </span>
            <span class="level-state">
              <Icon tone={tone} /> {word}
            </span>
            {planId !== undefined && <span class="dim">{planId}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}
