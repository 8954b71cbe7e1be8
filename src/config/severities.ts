import { type Condition, conditionHolds } from '../source/condition.js';
import { severities as fromWorst, type Severity } from '../trigger/trigger.js';
import type { Doubt } from './condition-sense.js';
import type { WrittenTrigger } from './rules-schema.js';

/** The conditions of a trigger with several severities, worst first; empty for any other. */
export function severitiesOf({ severities = {} }: Pick<WrittenTrigger, 'severities'>): readonly (readonly [Severity, Condition])[] {
  return fromWorst.flatMap((severity) => {
    const condition = severities[severity];
    return condition === undefined ? [] : [[severity, condition] as const];
  });
}

/** What the trigger of one severity is called. */
export function severityName(name: string, severity: Severity): string {
  return `${name}:${severity}`;
}

/** The names under which what is called so may fire: its own, and those of its severities. */
export function firingNames(name: string): readonly string[] {
  return [name, ...fromWorst.map((severity) => severityName(name, severity))];
}

/** Whether a worse severity is what a lesser one is, and more. */
export function doubtfulSeverities(severities: readonly (readonly [Severity, Condition])[]): (Doubt & { readonly severity: Severity }) | undefined {
  for (const [index, [severity, condition]] of severities.entries()) {
    const { comparison, unit, text } = condition;
    if (comparison === '==' || comparison === '!=') return { severity, message: `"${text}" has no more and less`, hint: 'severities are told apart by > >= < <=' };
    const [worse, worst] = severities[index - 1] ?? [];
    if (worse === undefined || worst === undefined) continue;
    if (worst.unit !== unit || direction(worst) !== direction(condition)) return { severity, message: `"${text}" and "${worst.text}" (${worse}) are not thresholds of one thing` };
    if (worst.threshold === condition.threshold || !conditionHolds(condition, worst.threshold)) return { severity, message: `"${text}" must be met before "${worst.text}" (${worse}) is` };
  }
  return undefined;
}

function direction({ comparison }: Condition): string {
  return comparison.charAt(0);
}
