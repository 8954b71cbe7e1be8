import type { JSX } from 'preact';
import { levelNames } from '../../decision/ladder.js';
import type { PlanSummary } from '../../rollback/plan-description.js';
import { plans } from '../actions/commands.js';
import { useAnswer } from '../actions/use-answer.js';
import { roughText } from '../view/duration-text.js';
import { Link } from '../view/link.js';

/** The plans of a target, or all. */
export function PlanList({ target }: { readonly target: string | undefined }): JSX.Element {
  const answer = useAnswer(plans, []);
  if (answer.kind === 'waiting') return <p class="waiting">Reading the plans …</p>;
  if (answer.kind === 'refused') return <p class="error">{answer.message}</p>;
  const shown = answer.value.filter((plan) => target === undefined || plan.target === target).toSorted((a, b) => (a.target ?? '').localeCompare(b.target ?? '') || (a.level ?? 9) - (b.level ?? 9));
  if (shown.length === 0) return <p class="dim">There is no plan{target === undefined ? '' : ' for it'}.</p>;
  return (
    <ul class="plans">
      {shown.map((plan) => (
        <li key={plan.id}>
          <Link to={{ view: 'plans', id: plan.id }} class="name">
            {plan.name}
          </Link>
          <span class="facts">
            {target === undefined && plan.target !== undefined && <span>{plan.target}</span>}
            <span>{levelText(plan)}</span>
            <span>{plan.stepCount === 1 ? '1 step' : `${plan.stepCount} steps`}</span>
            {plan.estimatedMs !== undefined && <span>about {roughText(plan.estimatedMs)}</span>}
            <span class="dim">{plan.id}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

export function levelText({ level }: Pick<PlanSummary, 'level'>): string {
  const name = Object.entries(levelNames).find(([text]) => Number(text) === level)?.[1];
  return name === undefined ? 'by hand only' : `level ${level ?? ''}, ${name}`;
}
