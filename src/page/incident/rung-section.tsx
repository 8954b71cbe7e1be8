import type { JSX } from 'preact';
import type { Rung } from '../../incident/incident.js';
import { Badge } from '../view/badge.js';
import { durationText, roughText } from '../view/duration-text.js';
import { Meter } from '../view/meter.js';
import { Instant, useNow } from '../view/times.js';
import { rungName } from './doing-now.js';
import { rungWords } from './ladder-steps.js';
import { StepItem } from './step-item.js';
import { useOutputs } from './use-outputs.js';
import { VerificationPart } from './verification-part.js';

/** One plan that is run, or was: its steps as they go, its time against what was estimated, and its verification. */
export function RungSection({ rung }: { readonly rung: Rung }): JSX.Element {
  const { executionId, by, trigger, reason, startedAt, error, cancelReason, steps } = rung;
  const titleId = `rung-${executionId}`;
  const outputs = useOutputs(rung);
  return (
    <section aria-labelledby={titleId} class="rung">
      <div class="section-head">
        <h2 id={titleId}>{rungName(rung)}</h2>
        <Badge {...rungWords(rung)} />
      </div>
      <p class="dim">
        Started <Instant at={startedAt} /> by {by}
        {trigger === 'manual' && ' by hand'}: {reason.replace(/\.?$/, '.')} {cancelReason !== undefined && `Stopped: ${cancelReason}.`}
      </p>
      {error !== undefined && !isSaidByAStep(rung) && <p class="error">{error}</p>}
      <TimeSpent rung={rung} />
      {steps.length === 0 ? (
        <p class="dim">No step has been begun.</p>
      ) : (
        <ol class="steps">
          {steps.map((step) => (
            <StepItem key={step.key} step={step} output={outputs[step.key]} />
          ))}
        </ol>
      )}
      {rung.verification !== undefined && <VerificationPart verification={rung.verification} />}
      {(rung.repeatedVerifications ?? []).map(({ id, by: who, result }) => (
        <p key={id} class="dim">
          Verified once more for {who} at <Instant at={result.endedAt} />: {result.outcome}. {result.explanation}
        </p>
      ))}
    </section>
  );
}

function isSaidByAStep({ error = '', steps }: Rung): boolean {
  return steps.some((step) => step.error !== undefined && error.includes(step.error));
}

function TimeSpent({ rung: { startedAt, endedAt, estimatedMs, budgetMs, overBudgetAt } }: { readonly rung: Rung }): JSX.Element {
  const now = useNow();
  const spentMs = (endedAt ?? now) - startedAt;
  const spent = endedAt === undefined ? roughText(spentMs) : durationText(spentMs);
  const fullMs = estimatedMs ?? budgetMs;
  const parts = [spent, ...(estimatedMs === undefined ? [] : [`estimated ${roughText(estimatedMs)}`]), ...(budgetMs === undefined ? [] : [`may take ${roughText(budgetMs)}`])];
  const isLate = overBudgetAt !== undefined || (budgetMs !== undefined && spentMs > budgetMs);
  if (fullMs === undefined) return <p class="num">{parts.join(', ')}</p>;
  return <Meter label="Time against the estimate" ratio={spentMs / fullMs} text={`${parts.join(', ')}${isLate ? ': over budget' : ''}`} tone={isLate ? 'bad' : endedAt === undefined ? 'act' : 'ok'} />;
}
