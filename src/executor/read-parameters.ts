import { BelayError } from '../fault/belay-error.js';
import type { RollbackContext, RollbackStep, StepType } from '../rollback/rollback-plan.js';
import { stepParameterSchemas, type StepParameters } from './step-parameters.js';
import type { TemplateValues } from './calls/template.js';

/** The checked parameters of a step whose templates are filled. Throws `parameter-missing` or `parameter-invalid`, naming each. */
export function readParameters<T extends StepType>(type: T, step: RollbackStep): StepParameters<T> {
  const read = stepParameterSchemas[type].safeParse(step.parameters);
  if (read.success) return read.data as StepParameters<T>;
  const missing = read.error.issues.filter(({ path }) => path.length === 1 && step.parameters[String(path[0])] === undefined);
  if (missing.length > 0) {
    const names = missing.map(({ path }) => String(path[0])).join(', ');
    throw new BelayError('parameter-missing', `step ${step.id}: missing required parameter: ${names}`, { context: { step: step.id } });
  }
  const problems = read.error.issues.map(({ path, message }) => `${['parameters', ...path.map((key) => shownKey(String(key)))].join('.')}: ${message}`).join('; ');
  throw new BelayError('parameter-invalid', `step ${step.id}: ${problems}`, { context: { step: step.id } });
}

const SHOWN_CHARACTERS = 80;

/** A key is whatever somebody wrote. */
function shownKey(key: string): string {
  return key.length > SHOWN_CHARACTERS ? `${key.slice(0, SHOWN_CHARACTERS)}…` : key;
}

/** What the templates of a binding may refer to: every parameter that the step gives, and the environment. */
export function templateValues(parameters: TemplateValues, context: RollbackContext): TemplateValues {
  return { environment: context.environment, ...parameters };
}
