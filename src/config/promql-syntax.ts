import { parser } from '@prometheus-io/lezer-promql';
import type { SyntaxNode, Tree } from '@lezer/common';
import { topExpression } from '../source/promql-tree.js';
import { suggestion } from './closest-word.js';

/** A fault in an expression, `offset` characters into it. */
export interface PromqlFault {
  readonly offset: number;
  readonly message: string;
  readonly hint?: string | undefined;
}

export interface PromqlReading {
  readonly tree: Tree;
  /** The first fault: the ones after it are mostly its consequences. */
  readonly fault?: PromqlFault | undefined;
}

/** Reads a PromQL expression as Prometheus would, as far as its syntax and the type of its answer go. */
export function readPromql(expr: string): PromqlReading {
  const tree = parser.parse(expr);
  let fault: PromqlFault | undefined;
  tree.iterate({
    enter: ({ node, type, from }) => {
      if (type.isError && (fault === undefined || from < fault.offset)) fault = describeFault(node, expr);
    },
  });
  return { tree, fault: fault ?? unusableAnswer(tree) };
}

function describeFault(error: SyntaxNode, expr: string): PromqlFault {
  const offset = error.from;
  const rest = expr.slice(offset).trimStart();
  if (rest === '') return { offset, message: `the expression ends too early${missingBracket(expr)}` };
  const called = /([A-Za-z_]\w*)\s*$/.exec(expr.slice(0, offset))?.[1];
  if (rest.startsWith('(') && called !== undefined) {
    return { offset: expr.lastIndexOf(called, offset), message: `"${called}" is not a function of PromQL`, hint: suggestion(called, functionNames, '')?.replace(/^: .*$/, '') || undefined };
  }
  const word = /^(?:[\w:]+|"[^"]*"|'[^']*'|.)/s.exec(rest)?.[0] ?? '';
  return { offset: expr.length - rest.length >= offset ? expr.indexOf(rest, offset) : offset, message: `not valid PromQL at ${word.startsWith('"') ? word : `"${word}"`}` };
}

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

function missingBracket(expr: string): string {
  const open: string[] = [];
  for (const character of expr.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|#.*/g, '')) {
    if (character in closing) open.push(closing[character] ?? '');
    else if (character === open.at(-1)) open.pop();
  }
  return open.length === 0 ? '' : `: "${open.reverse().join('')}" is missing`;
}

/** Functions and aggregations have node types of their own, named as they are written but in camel case. */
const functionNames = parser.nodeSet.types
  .filter(({ name, isError }) => /^[A-Z][a-z]/.test(name) && !isError)
  .map(({ name }) => name.replace(/(?<=[a-z\d])([A-Z])/g, '_$1').toLowerCase());

/** Only an instant vector or a number can be held against a condition. */
function unusableAnswer(tree: Tree): PromqlFault | undefined {
  const top = topExpression(tree);
  const range = { hint: 'wrap it in a function such as rate(…) or max_over_time(…)' };
  switch (top?.name) {
    case 'MatrixSelector':
    case 'SubqueryExpr':
      return { offset: top.from, message: 'the expression answers with a range of samples for each series, not with one value', ...range };
    case 'StringLiteral':
      return { offset: top.from, message: 'the expression is a text, not a number' };
    default:
      return undefined;
  }
}
