import type { JSX } from 'preact';
import type { Rung } from '../../incident/incident.js';
import { formatDuration } from '../../time/duration.js';
import { roughText } from '../view/duration-text.js';
import { Meter } from '../view/meter.js';
import { useNow } from '../view/times.js';

/** The proof of recovery, or how long it may still take. */
export function VerificationPart({ verification }: { readonly verification: NonNullable<Rung['verification']> }): JSX.Element {
  const { result } = verification;
  return (
    <div class="verification">
      <h3>Verification</h3>
      {result === undefined ? (
        <Running {...verification} />
      ) : (
        <>
          <p>
            <strong>{result.outcome.replace('-', ' ')}</strong>. {result.explanation}
          </p>
          {result.results.length > 0 && (
            <ul class="facts">
              {result.results.map((check) => (
                <li key={check.name}>
                  {check.name}: <strong>{check.status}</strong> {check.detail}
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </div>
  );
}

function Running({ startedAt, holdMs, timeoutMs }: NonNullable<Rung['verification']>): JSX.Element {
  const spentMs = useNow() - startedAt;
  return (
    <>
      <p>
        Every check must hold for {formatDuration(holdMs)} without a break, within {formatDuration(timeoutMs)}.
      </p>
      <Meter label="Time of the verification" ratio={spentMs / timeoutMs} text={`${roughText(spentMs)} of ${formatDuration(timeoutMs)}`} tone="act" />
    </>
  );
}
