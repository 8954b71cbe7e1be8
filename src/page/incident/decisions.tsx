import type { JSX } from 'preact';
import type { Decision } from '../../decision/decision.js';
import { decisionGrounds, policyText } from '../../decision/grounds.js';
import { Instant } from '../view/times.js';

/** Every decision with its reason and what it rests on, the newest first and open. */
export function Decisions({ decisions }: { readonly decisions: readonly Decision[] }): JSX.Element | null {
  if (decisions.length === 0) return null;
  return (
    <section aria-labelledby="decisions">
      <h2 id="decisions">Decisions</h2>
      <ul class="decisions">
        {decisions.toReversed().map((decision, index) => (
          <li key={`${decision.at} ${decisions.length - index}`}>
            <OneDecision decision={decision} isNewest={index === 0} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function OneDecision({ decision, isNewest }: { readonly decision: Decision; readonly isNewest: boolean }): JSX.Element {
  const { at, kind, reason, explanation, level, planId, wouldDo = [] } = decision;
  const policy = policyText(decision);
  const grounds = [...(policy === undefined ? [] : [`policy: ${policy}`]), ...decisionGrounds(decision), ...wouldDo.map(({ step, summary }) => `would do, ${step}: ${summary}`)];
  return (
    <details open={isNewest}>
      <summary>
        <Instant at={at} /> <strong>{kind}</strong> <code>{reason}</code>
        {planId !== undefined && (
          <span class="dim">
            {' '}
            {level !== undefined && `level ${level}, `}
            {planId}
          </span>
        )}
      </summary>
      <p>{explanation}</p>
      <ul class="grounds">
        {grounds.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </details>
  );
}
