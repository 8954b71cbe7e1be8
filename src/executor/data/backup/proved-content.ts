import { basename } from 'node:path';
import { BelayError } from '../../../fault/belay-error.js';
import type { BackupManifest } from './backup-manifest.js';
import type { Backups } from './backup-place.js';
import { checksumsBeside, holdAgainst } from './checksum.js';

/**
 * Reads a whole backup and holds it against its checksum: `NAME.sha256` beside it, or `sha256` of its manifest. False
 * where there is none and none is required. Throws `backup-unfit`.
 */
export async function proveContent(path: string, { checksum }: Backups, manifest: BackupManifest, signal: AbortSignal): Promise<boolean> {
  const name = basename(path);
  const sums = (await checksumsBeside(path)) ?? (manifest.sha256 === undefined ? undefined : new Map([[name, manifest.sha256.toLowerCase()]]));
  if (sums !== undefined) {
    await holdAgainst(sums, path, signal);
    return true;
  }
  if (checksum === 'optional') return false;
  throw new BelayError('backup-unfit', `${name} has no checksum: write one beside it as ${name}.sha256 (sha256sum ${name} > ${name}.sha256), or set backups.checksum: optional`);
}
