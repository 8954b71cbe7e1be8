import type { SyntaxNode } from '@lezer/common';
import { readPromql } from '../config/promql-syntax.js';
import type { Condition } from '../source/condition.js';
import { topExpression } from '../source/promql-tree.js';

/** The PromQL that has a series exactly where the condition holds for a value of the expression. */
export function ruleExpression(expr: string, { comparison, threshold }: Condition): string {
  const vector = `${isScalar(expr) ? 'vector' : ''}(${onLinesOfItsOwn(expr.trim())})`;
  const compared = `${vector} ${comparison} ${String(threshold)}`;
  // NaN is different from everything, so it would be a breach; compared with itself it falls out.
  return comparison === '!=' ? `(${compared}) == ${vector}` : compared;
}

/** A comment at the end must not swallow what follows. */
function onLinesOfItsOwn(expr: string): string {
  return expr.includes('\n') || expr.includes('#') ? `\n${expr}\n` : expr;
}

/** Prometheus compares two scalars only with `bool`, which never vanishes. */
function isScalar(expr: string): boolean {
  const top = topExpression(readPromql(expr).tree);
  return top !== undefined && isScalarNode(top);
}

function isScalarNode(node: SyntaxNode): boolean {
  switch (node.name) {
    case 'NumberLiteral':
      return true;
    case 'ParenExpr':
    case 'UnaryExpr':
    case 'BinaryExpr':
      return operandsOf(node).every(isScalarNode);
    case 'FunctionCall':
      return /^(?:Scalar|Time|Pi)$/.test(node.getChild('FunctionIdentifier')?.firstChild?.name ?? '');
    default:
      return false;
  }
}

const OPERAND = /(?:Expr|Literal|Selector|Call)$/;

function operandsOf(node: SyntaxNode): readonly SyntaxNode[] {
  const operands: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) if (OPERAND.test(child.name)) operands.push(child);
  return operands;
}
