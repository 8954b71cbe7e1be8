/**
 * The decision matrix: from severity, impact, time to fix and type of issue to what is done. Rows are tried in the order
 * in which they are written, and the first that matches answers. A cell that a row leaves out matches anything; one that
 * it has matches only what is known.
 */
import { type Condition, conditionHolds, formatValue } from '../source/condition.js';
import { formatDuration } from '../time/duration.js';
import type { Level, LevelRange, Severity } from '../trigger/trigger.js';
import { type Impact, undeclaredImpact } from './impact.js';

export type MatrixOutcome =
  | { readonly kind: 'levels'; readonly levels: LevelRange }
  /** `level`: where that plan stands. */
  | { readonly kind: 'plan'; readonly planId: string; readonly level: Level; readonly target: string }
  | { readonly kind: 'fix-forward' };

export interface MatrixRow {
  /** Its place among the rows as they are written, from 1. */
  readonly number: number;
  readonly severities?: readonly Severity[] | undefined;
  /** On a share of the users, 0 to 1. */
  readonly impact?: Condition | undefined;
  /** On seconds. */
  readonly timeToFix?: Condition | undefined;
  readonly issueType?: string | undefined;
  readonly outcome: MatrixOutcome;
  /** A scenario of the approvals that what it leads to takes, besides what its level does. */
  readonly approval?: string | undefined;
}

export interface MatrixQuestion {
  readonly severity: Severity;
  readonly impact?: Impact | undefined;
  readonly timeToFixMs?: number | undefined;
  readonly issueType?: string | undefined;
}

export type MatrixAnswer =
  | { readonly kind: 'row'; readonly row: MatrixRow }
  | { readonly kind: 'none' }
  /** The impact is unknown, and `row` would do more than `milder`, which a known impact might have met before it. */
  | { readonly kind: 'turns-on-impact'; readonly row: MatrixRow; readonly milder: MatrixRow };

/** The first row that matches. What is not known matches no row that needs it, and never leads to more than it might have if it were known. */
export function matrixAnswer(matrix: readonly MatrixRow[], question: MatrixQuestion): MatrixAnswer {
  const { impact = undeclaredImpact } = question;
  const open: MatrixRow[] = [];
  for (const row of matrix) {
    if (!matchesBesideImpact(row, question)) continue;
    if (row.impact === undefined || (impact.kind === 'known' && conditionHolds(row.impact, impact.share))) {
      const milder = open.find((other) => isMilder(other.outcome, row.outcome));
      return milder === undefined ? { kind: 'row', row } : { kind: 'turns-on-impact', row, milder };
    }
    if (impact.kind === 'unknown') open.push(row);
  }
  return { kind: 'none' };
}

function matchesBesideImpact({ severities, timeToFix, issueType }: MatrixRow, question: MatrixQuestion): boolean {
  if (severities?.includes(question.severity) === false) return false;
  if (timeToFix !== undefined && (question.timeToFixMs === undefined || !conditionHolds(timeToFix, question.timeToFixMs / 1000))) return false;
  return issueType === undefined || issueType === question.issueType;
}

/** Whether the first outcome does less than the second in any respect. */
function isMilder(first: MatrixOutcome, second: MatrixOutcome): boolean {
  const [one, other] = [reachOf(first), reachOf(second)];
  return one.from < other.from || one.to < other.to;
}

function reachOf(outcome: MatrixOutcome): { readonly from: number; readonly to: number } {
  switch (outcome.kind) {
    case 'levels':
      return outcome.levels;
    case 'plan':
      return { from: outcome.level, to: outcome.level };
    case 'fix-forward':
      return { from: 0, to: 0 };
    default:
      throw new TypeError(`unknown outcome ${JSON.stringify(outcome satisfies never)}`);
  }
}

/** A matrix as one target sees it: a row that names the plan of another target is none of its own. */
export function matrixOf(target: string, matrix: readonly MatrixRow[]): readonly MatrixRow[] {
  return matrix.filter(({ outcome }) => outcome.kind !== 'plan' || outcome.target === target);
}

/** `row 1 of the matrix (critical, impact >= 100%, time to fix > 1h)`. */
export function rowText({ number, severities, impact, timeToFix, issueType }: MatrixRow): string {
  const cells = [
    severities?.join(' or '),
    impact === undefined ? undefined : `impact ${impact.text}`,
    timeToFix === undefined ? undefined : `time to fix ${timeToFix.text}`,
    issueType === undefined ? undefined : `issue type ${issueType}`,
  ].filter((cell) => cell !== undefined);
  return `row ${number} of the matrix (${cells.length === 0 ? 'anything' : cells.join(', ')})`;
}

/** `critical, impact 62%, time to fix 2h`. */
export function questionText({ severity, impact = undeclaredImpact, timeToFixMs, issueType }: MatrixQuestion): string {
  const cells = [
    severity,
    impact.kind === 'known' ? `impact ${formatValue(impact.share, 'ratio')}` : `impact unknown because ${impact.why}`,
    `time to fix ${timeToFixMs === undefined ? 'unknown' : formatDuration(timeToFixMs)}`,
    ...(issueType === undefined ? [] : [`issue type ${issueType}`]),
  ];
  return cells.join(', ');
}
