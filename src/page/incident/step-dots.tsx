import type { JSX } from 'preact';
import type { RungStep } from '../../incident/incident.js';
import { stepWords } from './step-words.js';

/** How far a rollback is, in one line. */
export function StepDots({ steps }: { readonly steps: readonly RungStep[] }): JSX.Element | null {
  if (steps.length === 0) return null;
  const done = steps.filter(({ status }) => status !== 'waiting' && status !== 'running' && status !== 'retrying').length;
  return (
    <div class="dots" role="img" aria-label={`${done} of ${steps.length} steps are done`}>
      {steps.map(({ key, status }) => (
        <span key={key} class={stepWords[status].tone} />
      ))}
    </div>
  );
}
