import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PlanDescription, PlanSummary } from '../../rollback/plan-description.js';
import { plans, previewPlan } from '../actions/commands.js';
import { useAnswer } from '../actions/use-answer.js';
import { openDialog } from '../dialog/dialogs.js';
import { useStore } from '../live/store.js';
import { mayDo, session } from '../session/session.js';
import { roughText } from '../view/duration-text.js';
import { Link } from '../view/link.js';
import { levelText } from './plan-list.js';
import { StartDialog } from './start-dialog.js';
import { StepPreviews } from './step-previews.js';

/** One plan: what it would change now, from the real state, and the start by hand. */
export function PlanPage({ id }: { readonly id: string }): JSX.Element {
  const answer = useAnswer(plans, []);
  if (answer.kind === 'waiting') return <p class="waiting">Reading the plan …</p>;
  if (answer.kind === 'refused') return <p class="error">{answer.message}</p>;
  const plan = answer.value.find((candidate) => candidate.id === id);
  return plan === undefined ? <h1>There is no plan {id}.</h1> : <Whole plan={plan} />;
}

function Whole({ plan }: { readonly plan: PlanSummary }): JSX.Element {
  const { id, name, description, target, dependencies, estimatedMs, budgetMs } = plan;
  const isOperator = useStore(session, (current) => mayDo(current, 'operator'));
  return (
    <>
      <h1>{name}</h1>
      <p>{description}</p>
      <p class="facts">
        {target !== undefined && <Link to={{ view: 'target', name: target }}>{target}</Link>}
        <span>{levelText(plan)}</span>
        {estimatedMs !== undefined && <span>about {roughText(estimatedMs)}</span>}
        {budgetMs !== undefined && <span>may take {roughText(budgetMs)}</span>}
        {dependencies.length > 0 && <span>first: {dependencies.join(', ')}</span>}
        <span class="dim">{id}</span>
      </p>
      {isOperator ? <Preview plan={plan} /> : <p class="dim">What it would change is asked of the real systems, which takes the role operator.</p>}
    </>
  );
}

function Preview({ plan }: { readonly plan: PlanSummary }): JSX.Element {
  const [asked, setAsked] = useState(0);
  const answer = useAnswer<PlanDescription>((signal) => previewPlan(plan.id, signal), [plan.id, asked]);
  return (
    <section aria-labelledby="preview">
      <div class="section-head">
        <h2 id="preview">What it would change now</h2>
        <button type="button" class="quiet" onClick={() => setAsked(asked + 1)}>
          Look again
        </button>
      </div>
      {answer.kind === 'waiting' && <p class="waiting">Reading the real state …</p>}
      {answer.kind === 'refused' && <p class="error">{answer.message}</p>}
      {answer.kind === 'there' && <StepPreviews steps={answer.value.steps} />}
      <div class="buttons">
        <button type="button" class="grave" onClick={() => openDialog(<StartDialog plan={plan} steps={answer.kind === 'there' ? answer.value.steps : undefined} />)}>
          Start this rollback …
        </button>
      </div>
    </section>
  );
}
