import { DOWNTIME } from '../report/measured-impact.js';
import type { BelayPart } from './belay-part.js';
import { checkKnown } from './check-known.js';
import { checkQuery } from './check-query.js';
import { listOf, recordOf } from './check-schema.js';
import type { Problem } from './problem.js';

/** What the schema cannot see of `reports`: whom its measures ask, and whether what they ask can be read. */
export function checkReports({ document, sources, targets }: BelayPart): readonly Problem[] {
  return listOf(recordOf(recordOf(document.data)['reports'])['impact']).flatMap((measure, index) => {
    const path = ['reports', 'impact', index];
    const { source, target, expr } = recordOf(measure);
    const sourceType = typeof source === 'string' ? sources?.get(source)?.type : undefined;
    return [
      ...checkKnown(document, [...path, 'source'], source, sources, 'source', 'belay.yaml'),
      ...checkKnown(document, [...path, 'target'], target, targets, 'target', 'belay.yaml'),
      // A duration as long as the placeholder, so that a fault is told at its own column.
      ...(typeof expr === 'string' ? checkQuery(document, path, { expr: expr.replaceAll(DOWNTIME, '1234567890s'), conditions: [], sourceType }) : []),
    ];
  });
}
