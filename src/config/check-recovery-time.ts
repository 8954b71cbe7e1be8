import { formatDuration } from '../time/duration.js';
import { reaches } from './asked-levels.js';
import { DEFAULT_HOLD_MS, DEFAULT_TIMEOUT_MS } from './build-config.js';
import { placeOf } from './check-plans-together.js';
import type { PlanPart } from './plans-part.js';
import type { Problem } from './problem.js';
import type { TriggerPart } from './rules-part.js';

/** A trigger keeps its alert firing for longer than the verification of a plan that it starts can wait for the hold after that. */
export function checkRecoveryTime(triggers: readonly TriggerPart[], plans: readonly PlanPart[], directory: string): readonly Problem[] {
  return triggers.flatMap((trigger) => {
    const { document, path, fields: { keepFiringFor } } = trigger;
    if (keepFiringFor === undefined) return [];
    return plans.filter((plan) => starts(trigger, plan)).flatMap((plan) => {
      const { hold = DEFAULT_HOLD_MS, timeout = DEFAULT_TIMEOUT_MS } = plan.fields.verification ?? {};
      if (keepFiringFor + hold <= timeout) return [];
      const place = placeOf(plan.document, plan.path, document, directory);
      return [
        document.problem([...path, 'keepFiringFor'], `the alert ends ${formatDuration(keepFiringFor)} after it was seen to be clear, and plan "${String(plan.written['id'])}" (${place}) then wants ${formatDuration(hold)} without a breach within ${formatDuration(timeout)}: it can hardly ever count as recovered`, {
          severity: 'warning',
          hint: 'shorten keepFiringFor, or lengthen the timeout of the plan\'s verification',
        }),
      ];
    });
  });
}

/** Whether it is known that a trigger may start a plan: what the matrix decides is not. */
function starts({ target, fields }: TriggerPart, { written, fields: { level } }: PlanPart): boolean {
  if (fields.response === 'monitor' || target === undefined || written['target'] !== target || level === undefined) return false;
  return fields.plan === undefined ? reaches(fields, level) : fields.plan === written['id'];
}
