import { checkExpr, checkQuery } from './check-query.js';
import type { WrittenSource } from './belay-schema.js';
import type { Problem } from './problem.js';
import type { TriggerPart } from './rules-part.js';

/** The question about the impact, which the trigger's own source is asked. */
export function checkImpact({ document, path, fields: { impact } }: TriggerPart, sourceType: WrittenSource['type'] | undefined): readonly Problem[] {
  const at = [...path, 'impact'];
  if (impact === undefined || 'share' in impact) return [];
  return 'expr' in impact ? checkExpr(document, at, impact.expr, sourceType) : checkQuery(document, at, { ...impact, sourceType, conditions: [] });
}

/** Health endpoints and composites have no source that could be asked for a share. */
export function checkUnaskedImpact({ document, path, fields: { impact } }: TriggerPart): readonly Problem[] {
  if (impact === undefined || 'share' in impact) return [];
  return [document.problem([...path, 'impact'], 'this trigger has no source that could be asked for its impact', { hint: 'write all, or a share such as 60%' })];
}
