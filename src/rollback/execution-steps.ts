import { BelayError } from '../fault/belay-error.js';
import type { SecretReader } from '../secret/secret-reader.js';
import type { ExecutionStep } from './rollback-event.js';
import type { RollbackContext, RollbackPlan, StepType } from './rollback-plan.js';
import { judgeCondition } from './step-condition.js';
import { fillContext, unreadableSecrets } from './template.js';

/** Where the parameters of Belay's own step types hold an address. */
const urlTypes: ReadonlySet<string> = new Set<StepType>(['http', 'check']);
const urlPaths: ReadonlySet<string> = new Set(['parameters.url', 'parameters.undo.url']);

/**
 * The steps of the plans in this order, filled from the context; secrets stay references, and are read only to see that
 * they can be. Throws one BelayError `template-unresolved` that names every reference without a value.
 */
export function executionSteps(plans: readonly RollbackPlan[], context: RollbackContext, secrets: SecretReader): readonly ExecutionStep[] {
  const unresolved: { readonly step: string; readonly path: string; readonly reference: string; readonly message: string }[] = [];
  const steps = plans.flatMap((plan) =>
    plan.steps.map((step): ExecutionStep => {
      const key = `${plan.id}/${step.id}`;
      // A step that is left out for certain needs no values.
      const verdict = step.when === undefined ? undefined : judgeCondition(step.when, context, () => undefined);
      if (verdict?.holds === false) return { key, planId: plan.id, step, skip: verdict.why };
      const { parameters, problems } = fillContext(step.parameters, context, (path) => urlTypes.has(step.type) && urlPaths.has(path));
      for (const problem of [...problems, ...unreadableSecrets(parameters, secrets)]) unresolved.push({ step: key, ...problem });
      return { key, planId: plan.id, step: { ...step, parameters } };
    }),
  );
  if (new Set(steps.map(({ key }) => key)).size < steps.length) {
    throw new BelayError('parameter-invalid', `Two steps of ${plans.map(({ id }) => id).join(', ')} have the same plan and step id`);
  }
  if (unresolved.length > 0) {
    const words = unresolved.map(({ step, message }) => `step ${step}, ${message}`).join('; ');
    throw new BelayError('template-unresolved', `Templates cannot be filled: ${words}`, {
      context: { unresolved: unresolved.map(({ step, path, reference }) => ({ step, path, reference })) },
    });
  }
  return steps;
}
