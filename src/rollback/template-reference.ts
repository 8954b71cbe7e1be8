import { BelayError } from '../fault/belay-error.js';
import type { SecretReader } from '../secret/secret-reader.js';

/** What a reference may begin with. `env:` and `file:` are secrets, filled only at the moment of an attempt. */
export const templateRoots = ['context', 'labels', 'rollbackPoint', 'env', 'file'] as const;
export type TemplateRoot = (typeof templateRoots)[number];

const contextFields = ['environment', 'trigger', 'triggeredBy', 'metadata'];
/** Names that are never looked up, whoever owns them. */
export const unreachableKeys = new Set(['__proto__', 'constructor', 'prototype']);

/** `undefined` when the reference begins with nothing known. */
export function rootOf(reference: string): TemplateRoot | undefined {
  return templateRoots.find((root) => (isSecretRoot(root) ? reference.startsWith(`${root}:`) : reference.split('.')[0] === root));
}

/** What is wrong with a reference whatever the context holds, in words that follow it; `undefined` when it may resolve. */
export function staticProblem(reference: string): string | undefined {
  const root = rootOf(reference);
  if (root === undefined) return `begins with nothing known (available: ${templateRoots.map((name) => (isSecretRoot(name) ? `${name}:…` : `${name}.…`)).join(', ')}); write $\${ where the text \${ itself is meant`;
  if (isSecretRoot(root)) return reference.length > root.length + 1 ? undefined : 'names nothing';
  const [, ...keys] = reference.split('.');
  if (keys.includes('') || (root === 'context' && keys.length === 0)) return 'lacks a name';
  if (keys.some((key) => unreachableKeys.has(key))) return 'is not reachable';
  if (root === 'context' && !contextFields.includes(keys[0] ?? '')) return `is not a field of the context (available: ${contextFields.map((field) => `context.${field}`).join(', ')})`;
  return undefined;
}

function isSecretRoot(root: TemplateRoot): root is 'env' | 'file' {
  return root === 'env' || root === 'file';
}

export function isSecret(reference: string): boolean {
  const root = rootOf(reference);
  return root !== undefined && isSecretRoot(root);
}

/** Throws BelayError `template-unresolved` when the reference is no secret, and what the reader throws. */
export function readSecret(reference: string, secrets: SecretReader): string {
  const root = rootOf(reference);
  const problem = staticProblem(reference);
  if (root === undefined || !isSecretRoot(root) || problem !== undefined) {
    throw new BelayError('template-unresolved', `\${${reference}} ${problem ?? 'is no secret'}`);
  }
  const name = reference.slice(root.length + 1);
  return root === 'env' ? secrets.readEnv(name) : secrets.readFile(name);
}
