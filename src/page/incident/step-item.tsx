import type { JSX } from 'preact';
import type { RungStep } from '../../incident/incident.js';
import { Badge } from '../view/badge.js';
import { durationText } from '../view/duration-text.js';
import { Since } from '../view/times.js';
import { stepWords } from './step-words.js';

/** One step: what it changes, how it goes, what it says. */
export function StepItem({ step, output }: { readonly step: RungStep; readonly output: string | undefined }): JSX.Element {
  const { name, type, status, attempts, timeoutMs, estimatedMs, startedAt, endedAt, error, description, alreadySo, skipped } = step;
  return (
    <li class={stepWords[status].tone}>
      <div class="step-head">
        <Badge {...stepWords[status]} />
        <span class="step-name">{name}</span>
        <span class="dim">{type}</span>
        <span class="space" />
        {attempts > 1 && <span class="warn">attempt {attempts}</span>}
        {startedAt !== undefined && (
          <span class="num">
            {endedAt === undefined ? <Since at={startedAt} /> : durationText(endedAt - startedAt)}{' '}
            <span class="dim">{estimatedMs === undefined ? `limit ${durationText(timeoutMs)}` : `estimated ${durationText(estimatedMs)}`}</span>
          </span>
        )}
      </div>
      {description !== undefined && <p class="change">{description.summary}</p>}
      {output !== undefined && output !== '' && (
        <pre class="output" tabIndex={0} role="region" aria-label={`Output of ${name}`}>
          {output}
        </pre>
      )}
      {alreadySo === true && <p class="dim">It was so already after a restart, and was not done again.</p>}
      {skipped !== undefined && <p class="dim">{skipped}</p>}
      {error !== undefined && <p class="error">{error}</p>}
    </li>
  );
}
