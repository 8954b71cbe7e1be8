import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { parseCondition, type Condition } from './condition.js';
import { topExpression } from './promql-tree.js';

/** No rule of people is longer; what is comes from somebody who wants to keep a server busy. */
const LONGEST_EXPR = 10_000;
const LONGEST_URL = 4 * LONGEST_EXPR;

/**
 * What is asked to learn whether an alert still fires. An alerting rule answers with nothing while all is well, and so
 * does a server that has lost its data. So what stands left of the rule's comparison is asked, and the values are held
 * against the threshold here: then a value beyond it is known to be clear, and silence is no data.
 */
export interface AlertQuestion {
  readonly expr: string;
  /** Absent where the rule is no comparison with a number: then any answer breaches. */
  readonly condition?: Condition | undefined;
  /** Whether an empty answer is known to be clear: `absent(…)` is empty exactly when what it asks for is there. */
  readonly emptyIsClear: boolean;
}

/** The expression in a Prometheus' address of a graph, as it stands in `generatorURL`. The address itself is never asked. */
export function expressionIn(generatorUrl: string | undefined): string | undefined {
  if (generatorUrl === undefined || generatorUrl.length > LONGEST_URL || !URL.canParse(generatorUrl)) return undefined;
  const { protocol, pathname, searchParams } = new URL(generatorUrl);
  if (!/^https?:$/.test(protocol) || !/\/(?:graph|query)\/?$/.test(pathname)) return undefined;
  return searchParams.get('g0.expr') ?? undefined;
}

/** How an expression is asked; `undefined` for one that is no PromQL, or too long. A `condition` of its own goes with the whole of it. */
export function alertQuestion(expr: string, condition?: Condition): AlertQuestion | undefined {
  if (expr.length > LONGEST_EXPR || expr.trim() === '' || expr.includes('\0')) return undefined;
  const tree = parser.parse(expr);
  const faults: number[] = [];
  tree.iterate({
    enter: ({ type, from }) => {
      if (type.isError) faults.push(from);
    },
  });
  const top = topExpression(tree);
  if (faults.length > 0 || top === undefined) return undefined;
  if (condition !== undefined) return { expr, condition, emptyIsClear: false };
  return comparisonIn(top, expr) ?? { expr, emptyIsClear: isAbsence(top) };
}

const SYMBOLS: Readonly<Record<string, readonly [symbol: string, turnedRound: string]>> = { Gtr: ['>', '<'], Gte: ['>=', '<='], Lss: ['<', '>'], Lte: ['<=', '>='], Eql: ['==', '=='], EqlC: ['==', '=='], Neq: ['!=', '!='] };

/** `A > 5` as the question A with the condition `> 5`; also `5 < A`. */
function comparisonIn(top: SyntaxNode, expr: string): AlertQuestion | undefined {
  if (top.name !== 'BinaryExpr' || top.getChild('BoolModifier') !== null) return undefined;
  const [left, right] = [top.firstChild, top.lastChild];
  const symbols = SYMBOLS[left?.nextSibling?.name ?? ''];
  if (left === null || right === null || symbols === undefined || left.nextSibling?.nextSibling?.from !== right.from) return undefined;
  const text = ({ from, to }: SyntaxNode): string => expr.slice(from, to);
  const [asked, threshold, symbol] = isNumber(right) ? [left, right, symbols[0]] : [right, left, symbols[1]];
  if (!isNumber(threshold) || isNumber(asked)) return undefined;
  const condition = parseCondition(`${symbol} ${text(threshold).replaceAll(/[()\s]/g, '')}`);
  return 'problem' in condition ? undefined : { expr: text(asked), condition, emptyIsClear: false };
}

function isNumber(node: SyntaxNode): boolean {
  return node.name === 'NumberLiteral' || (/^(?:Paren|Unary)Expr$/.test(node.name) && node.lastChild !== null && isNumber(node.lastChild));
}

function isAbsence(top: SyntaxNode): boolean {
  return top.name === 'FunctionCall' && /^Absent/.test(top.getChild('FunctionIdentifier')?.firstChild?.name ?? '');
}
