import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { BelayError } from '../../../fault/belay-error.js';

/** What may stand beside a backup as `NAME.json`, written when it was made. */
const manifestSchema = z.strictObject({
  database: z.string().min(1).optional(),
  madeAt: z.iso.datetime({ offset: true }).optional(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/i).optional(),
  /** By table (`schema.table`, or the table alone where it is in `public`), how many rows there were. */
  rows: z.record(z.string(), z.int().min(0)).optional(),
});
export type BackupManifest = z.infer<typeof manifestSchema>;

/** The manifest beside a backup; an empty one when there is none. Throws `backup-unfit` for one that cannot be understood. */
export async function manifestBeside(path: string): Promise<BackupManifest> {
  const shown = `${basename(path)}.json`;
  let text: string;
  try {
    text = await readFile(`${path}.json`, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new BelayError('backup-unfit', `${shown} is not JSON`, { cause: error });
  }
  const read = manifestSchema.safeParse(json);
  if (read.success) return read.data;
  const problems = read.error.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`).join('; ');
  throw new BelayError('backup-unfit', `${shown} is not a manifest: ${problems}`);
}
