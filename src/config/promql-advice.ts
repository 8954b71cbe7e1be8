import type { SyntaxNode, Tree } from '@lezer/common';
import { topExpression } from '../source/promql-tree.js';
import type { PromqlFault } from './promql-syntax.js';

const comparisons = new Set(['Gtr', 'Lss', 'Gte', 'Lte', 'EqlC', 'Neq']);
const outcomeLabel = /^(?:.*_)?(?:status|code|result|outcome|error|state)(?:_.*)?$/i;
const errorValue = /^\W*(?:[45](?:\d\d|\.\.|xx|.*[.[\]\\d])|.*(?:error|fail|exception|timeout))/i;

/** Expressions that are valid and yet answer with nothing while all is well, which is no data and never an OK. */
export function promqlAdvice(expr: string, tree: Tree): PromqlFault | undefined {
  const top = topExpression(tree);
  if (top === undefined) return undefined;
  return vanishingComparison(top) ?? vanishingErrors(expr, top);
}

function vanishingComparison(top: SyntaxNode): PromqlFault | undefined {
  if (top.name !== 'BinaryExpr' || top.getChild('BoolModifier') !== null) return undefined;
  for (let child = top.firstChild; child !== null; child = child.nextSibling) {
    if (comparisons.has(child.name) && !isConstant(top.firstChild)) {
      return { offset: child.from, message: 'the expression compares, so it answers with nothing while all is well, and the alert cannot clear', hint: 'leave the comparison to "condition"' };
    }
  }
  return undefined;
}

function isConstant(node: SyntaxNode | null): boolean {
  return node?.name === 'NumberLiteral';
}

/** A selector of failures only, with nothing that stands in for it when there are none. */
function vanishingErrors(expr: string, top: SyntaxNode): PromqlFault | undefined {
  for (const selector of selectorsWithoutStandIn(top)) {
    const matchers = selector.getChild('LabelMatchers')?.getChildren('LabelMatcher') ?? [];
    if (matchers.some((matcher) => selectsErrors(expr, matcher))) {
      return {
        offset: selector.from,
        message: 'the expression vanishes while there are no errors, which is no data instead of 0, and the alert cannot clear',
        hint: 'add "or vector(0)" to the part that selects the errors, or use signal: { type: errorRate, … }',
      };
    }
  }
  return undefined;
}

function* selectorsWithoutStandIn(node: SyntaxNode): Generator<SyntaxNode> {
  if (node.name === 'VectorSelector') yield node;
  if (node.name === 'BinaryExpr' && node.getChild('Or') !== null) return;
  // absent() answers exactly when nothing is there; what is not a part of the answer cannot make it vanish.
  if (node.name === 'FunctionCall' && /^(?:Absent|Vector|Scalar)/.test(node.getChild('FunctionIdentifier')?.firstChild?.name ?? '')) return;
  for (let child = node.firstChild; child !== null; child = child.nextSibling) yield* selectorsWithoutStandIn(child);
}

function selectsErrors(expr: string, matcher: SyntaxNode): boolean {
  const text = (child: SyntaxNode | null): string => (child === null ? '' : expr.slice(child.from, child.to));
  const operator = matcher.getChild('MatchOp')?.firstChild?.name;
  const value = text(matcher.getChild('StringLiteral')).slice(1, -1);
  return (operator === 'EqlSingle' || operator === 'EqlRegex') && outcomeLabel.test(text(matcher.getChild('LabelName'))) && errorValue.test(value);
}
