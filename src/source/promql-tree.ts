import type { SyntaxNode, Tree } from '@lezer/common';

/** The outermost expression, without comments and parentheses. */
export function topExpression(tree: Tree): SyntaxNode | undefined {
  let node = expressionIn(tree.topNode);
  while (node?.name === 'ParenExpr') node = expressionIn(node);
  return node;
}

function expressionIn(parent: SyntaxNode): SyntaxNode | undefined {
  for (let child = parent.firstChild; child !== null; child = child.nextSibling) {
    if (child.name !== 'LineComment') return child;
  }
  return undefined;
}
