import { randomBytes } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { BelayError } from '../fault/belay-error.js';

/** Where the daemon leaves the token with which the command line on the same machine may operate it. */
export function operatorTokenFile(storePath: string): string {
  return `${storePath}.token`;
}

/** Writes a fresh token that only the daemon's own user can read, and returns it. */
export async function writeOperatorToken(storePath: string): Promise<string> {
  const file = operatorTokenFile(storePath);
  const token = randomBytes(32).toString('base64url');
  try {
    await writeFile(file, `${token}\n`, { mode: 0o600 });
    // The mode above holds for a new file only.
    await chmod(file, 0o600);
  } catch (cause) {
    throw new BelayError('store-unavailable', `cannot write the operator token to ${file}`, { cause, context: { file } });
  }
  return token;
}

/** The token of the daemon that keeps its store at `storePath`; `undefined` when there is none or it may not be read. */
export async function readOperatorToken(storePath: string): Promise<string | undefined> {
  try {
    return (await readFile(operatorTokenFile(storePath), 'utf8')).trim();
  } catch {
    // No file, or not ours to read: the caller goes on as a viewer, and the daemon says what role is missing.
    return undefined;
  }
}
