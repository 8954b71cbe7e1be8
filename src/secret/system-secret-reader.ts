import { readFileSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { BelayError } from '../fault/belay-error.js';
import type { SecretReader } from './secret-reader.js';

const LARGEST_SECRET_BYTES = 64 * 1024;

/** Secrets from the environment and from files; one line break at the end of a file is not part of the secret. Nothing empty is a secret. */
export class SystemSecretReader implements SecretReader {
  readonly #env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  readEnv(name: string): string {
    const value = Object.hasOwn(this.#env, name) ? this.#env[name] : undefined;
    if (value === undefined) throw unresolved(`\${env:${name}}`, 'this environment variable is not set');
    if (value === '') throw unresolved(`\${env:${name}}`, 'this environment variable is empty');
    return value;
  }

  readFile(path: string): string {
    const reference = `\${file:${path}}`;
    if (!isAbsolute(path)) throw unresolved(reference, 'the path of a secret must be absolute');
    const value = readText(path, reference).replace(/\r?\n$/, '');
    if (value === '') throw unresolved(reference, 'the file is empty');
    return value;
  }
}

function readText(path: string, reference: string): string {
  try {
    const stats = statSync(path);
    // A pipe would block the whole process.
    if (!stats.isFile()) throw unresolved(reference, 'this is not a file');
    if (stats.size > LARGEST_SECRET_BYTES) throw unresolved(reference, `the file is larger than ${LARGEST_SECRET_BYTES / 1024} KiB`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof BelayError) throw error;
    throw unresolved(reference, `the file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown fault'})`);
  }
}

function unresolved(reference: string, why: string): BelayError {
  return new BelayError('template-unresolved', `${reference}: ${why}`, { context: { reference } });
}
