import { createHash, randomUUID } from 'node:crypto';
import type { RollbackContext } from '../../rollback/rollback-plan.js';

/**
 * Which rollback a change of data belongs to. That a backup was once restored says nothing about today, so what is made
 * carries the name of the rollback that made it, and only that is "there already".
 */
export function runIdentity(context: RollbackContext): string {
  const id: unknown = context.metadata['executionId'];
  // Without a name nothing that is there can be of this rollback.
  return typeof id === 'string' && id !== '' ? id : `run-${randomUUID()}`;
}

/** Ten letters that stay the same for the same parts, for names of things that a rollback makes. */
export function shortHash(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 10);
}

/** An instant as it stands in names: `20261125T101553Z`. */
export function instantInName(at: number): string {
  return new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
