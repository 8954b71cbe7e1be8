import { type Condition, conditionHolds } from '../source/condition.js';
import type { MatrixQuestion, MatrixRow } from '../decision/matrix.js';
import { severities } from '../trigger/trigger.js';

/**
 * Questions that a row matches, so many that rows before it which take them all take everything: its cells change their
 * minds at thresholds only, so each threshold of any row and a value between each two stand for all values. Where the row
 * has no cell, an unknown is the question that is hardest to take.
 */
export function representativeQuestions(row: MatrixRow, rows: readonly MatrixRow[]): readonly MatrixQuestion[] {
  const shares = valuesFor(row.impact, rows.flatMap(({ impact }) => impact ?? []), { least: 0, most: 1 });
  const seconds = valuesFor(row.timeToFix, rows.flatMap(({ timeToFix }) => timeToFix ?? []), { least: Number.MIN_VALUE, most: Infinity });
  return (row.severities ?? severities).flatMap((severity) =>
    shares.flatMap((share) =>
      seconds.map((time): MatrixQuestion => ({
        severity,
        impact: share === undefined ? undefined : { kind: 'known', share },
        timeToFixMs: time === undefined ? undefined : time * 1000,
        issueType: row.issueType,
      })),
    ),
  );
}

function valuesFor(cell: Condition | undefined, all: readonly Condition[], { least, most }: { readonly least: number; readonly most: number }): readonly (number | undefined)[] {
  if (cell === undefined) return [undefined];
  const thresholds = [...new Set([least, ...all.map(({ threshold }) => threshold), most])].sort((a, b) => a - b);
  const between = thresholds.slice(1).map((threshold, index) => {
    const below = thresholds[index] ?? 0;
    return threshold === Infinity ? below * 2 + 1 : (below + threshold) / 2;
  });
  return [...thresholds, ...between].filter((value) => value >= least && value <= most && Number.isFinite(value) && conditionHolds(cell, value));
}
