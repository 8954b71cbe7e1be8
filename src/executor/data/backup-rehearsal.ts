import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BelayError } from '../../fault/belay-error.js';
import { ownBinding } from '../plugin/plugin-manifest.js';
import type { Effort } from '../state-executor.js';
import type { BackupJudgeSetting } from './backup-judge.js';
import { newestBackup, type Backups } from './backup/backup-place.js';
import { rehearseFiles, verifySnapshot } from './files-data.js';
import { rehearsePostgres } from './postgres/scratch-restore.js';
import { verifyDumpOf } from './postgres/verify-dump-of.js';
import { rehearseSqlite, verifySqliteBackup } from './sqlite-data.js';

export interface RehearsalRequest {
  /** An entry of `databases`. */
  readonly database: string;
  /** Whose `rpo` says how old the backup may be. */
  readonly target?: string | undefined;
  /** Names what is started for it. */
  readonly executionId: string;
}

/**
 * Brings the newest backup of a database back where nobody uses it, looks at it as a restore does, and takes it away
 * again. Resolves to a line for people, or to `undefined` for a type that cannot do that.
 */
export function createBackupRehearsal({ databases, recoveryPointMs, ...surroundings }: BackupJudgeSetting): { readonly rehearse: (request: RehearsalRequest, signal: AbortSignal) => Promise<string | undefined> } {
  return {
    async rehearse({ database, target, executionId }, signal) {
      const binding = ownBinding(Object.hasOwn(databases, database) ? databases[database] : undefined);
      if (binding === undefined) throw new BelayError('parameter-invalid', `databases has no entry ${JSON.stringify(database)} of a type of Belay's own, so its backups cannot be restored`);
      const rpoMs = target === undefined ? undefined : recoveryPointMs(target);
      const effort: Effort = { signal, attemptId: executionId };
      const newest = (backups: Backups): Promise<string> => newestBackup(backups, surroundings.directory);
      switch (binding.type) {
        case 'postgres': {
          const id = await newest(binding.backups);
          await rehearsePostgres(binding, await verifyDumpOf(binding, surroundings, id, rpoMs, effort), effort);
          return `backup ${id} was restored into a database of its own, its keys, rows and checks are well, and it is dropped again`;
        }
        case 'sqlite': {
          const id = await newest(binding.backups);
          const backup = await verifySqliteBackup(binding, surroundings, id, rpoMs, effort);
          await inScratchDirectory((directory) => rehearseSqlite(binding, backup, directory));
          return `backup ${id} was restored into a file of its own, and its integrity, rows and checks are well`;
        }
        case 'files': {
          const id = await newest(binding.backups);
          const { path } = await verifySnapshot(binding, surroundings, id, rpoMs, effort);
          await inScratchDirectory((directory) => rehearseFiles(path, directory, signal));
          return `snapshot ${id} was copied into a directory of its own, and every file of it is there`;
        }
        case 'migrations':
        case 'command':
          return undefined;
        default:
          return binding satisfies never;
      }
    },
  };
}

async function inScratchDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'belay-drill-'));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
