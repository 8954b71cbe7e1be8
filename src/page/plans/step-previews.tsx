import type { JSX } from 'preact';
import type { StepPreview } from '../../rollback/plan-description.js';

/** What each step finds, and what it would make of it. */
export function StepPreviews({ steps }: { readonly steps: readonly StepPreview[] }): JSX.Element {
  return (
    <ol class="steps">
      {steps.map((step) => (
        <li key={step.key}>
          <div class="step-head">
            <span class="step-name">{step.name}</span>
            <span class="dim">{step.type}</span>
          </div>
          {step.skipped !== undefined && <p class="dim">Left out: {step.skipped}</p>}
          {step.error !== undefined && <p class="error">{step.error}</p>}
          {step.summary !== undefined && <p class="change">{step.summary}</p>}
          {step.when !== undefined && <p class="dim">Only when {valueText(step.when)}</p>}
          {(step.before !== undefined || step.after !== undefined) && (
            <dl class="before-after">
              <div>
                <dt>before</dt>
                <dd>
                  <code>{valueText(step.before)}</code>
                </dd>
              </div>
              <div>
                <dt>after</dt>
                <dd>
                  <code>{valueText(step.after)}</code>
                </dd>
              </div>
            </dl>
          )}
        </li>
      ))}
    </ol>
  );
}

function valueText(value: unknown): string {
  if (value === undefined) return 'unknown';
  return typeof value === 'string' ? value : JSON.stringify(value, null, 1);
}
