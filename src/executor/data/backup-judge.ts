import { BelayError } from '../../fault/belay-error.js';
import type { BackupJudge } from '../../source/check.js';
import type { Bindings } from '../bindings.js';
import { ownBinding } from '../plugin/plugin-manifest.js';
import type { Effort } from '../state-executor.js';
import { newestBackup, type Backups } from './backup/backup-place.js';
import { commandData } from './command-data.js';
import type { DataSurroundings } from './data-request.js';
import type { DatabaseBinding } from './database-bindings.js';
import { verifySnapshot } from './files-data.js';
import { verifyDumpOf } from './postgres/verify-dump-of.js';
import { verifySqliteBackup } from './sqlite-data.js';

export interface BackupJudgeSetting extends DataSurroundings {
  readonly databases: Bindings['databases'];
  /** The `rpo` of a target. */
  readonly recoveryPointMs: (target: string) => number | undefined;
}

/** Judges backups as a `data` step does before it begins, without a step. Throws `parameter-invalid` where the database has none to be judged. */
export function createBackupJudge({ databases, recoveryPointMs, ...surroundings }: BackupJudgeSetting): BackupJudge {
  return {
    async verify({ database, snapshotId, target }, signal) {
      const binding = ownBinding(Object.hasOwn(databases, database) ? databases[database] : undefined);
      if (binding === undefined) throw new BelayError('parameter-invalid', `databases has no entry ${JSON.stringify(database)} of a type of Belay's own, so its backups cannot be judged`);
      const rpoMs = target === undefined ? undefined : recoveryPointMs(target);
      return await judge(binding, surroundings, { database, snapshotId, rpoMs }, { signal });
    },
  };
}

interface Asked {
  readonly database: string;
  readonly snapshotId: string | undefined;
  readonly rpoMs: number | undefined;
}

async function judge(binding: DatabaseBinding, surroundings: DataSurroundings, { database, snapshotId, rpoMs }: Asked, effort: Effort): Promise<string> {
  const idIn = async (backups: Backups): Promise<string> => snapshotId ?? (await newestBackup(backups, surroundings.directory));
  switch (binding.type) {
    case 'postgres':
      return (await verifyDumpOf(binding, surroundings, await idIn(binding.backups), rpoMs, effort)).words;
    case 'migrations': {
      const { backups } = binding;
      if (backups === 'none') throw new BelayError('parameter-invalid', `${database} is declared to have no backups`);
      return (await verifyDumpOf({ ...binding, backups }, surroundings, await idIn(backups), rpoMs, effort)).words;
    }
    case 'sqlite':
      return (await verifySqliteBackup(binding, surroundings, await idIn(binding.backups), rpoMs, effort)).words;
    case 'files':
      return (await verifySnapshot(binding, surroundings, await idIn(binding.backups), rpoMs, effort)).words;
    case 'command': {
      const values = { database, ...(snapshotId === undefined ? {} : { snapshotId }) };
      const { ready } = commandData(binding, surroundings.directory, { parameters: values, values, run: '', rpoMs });
      if (ready === undefined) throw new BelayError('parameter-invalid', `${database} is reached by commands, and has no checkBackup`);
      return await ready(effort);
    }
    default:
      return binding satisfies never;
  }
}
