import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { BelayError, errorText } from '../fault/belay-error.js';

export const DEFAULT_LISTEN = '127.0.0.1:9797';
export const DEFAULT_STORE = 'sqlite:./belay.db';

export interface FoundDaemon {
  readonly url: string;
  readonly storePath: string;
  /** The file with the daemon's own certificate, where it speaks TLS. */
  readonly certPath?: string | undefined;
}

/**
 * Where the daemon of a belay.yaml listens and keeps its store, without asking for anything else in the file: the
 * command line need not know the secrets that the daemon was started with. Throws BelayError `wrong-use`.
 */
export async function findDaemon(file: string, directory: string, environment: NodeJS.ProcessEnv): Promise<FoundDaemon> {
  let declared: unknown;
  try {
    declared = parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new BelayError('wrong-use', `cannot read ${file} (${errorText(cause)}); name the file with --config, or the daemon with BELAY_URL`, { cause });
  }
  const { http, store } = (declared ?? {}) as { http?: { listen?: unknown; tls?: { cert?: unknown } }; store?: unknown };
  const filled = (value: unknown, otherwise: string): string =>
    (typeof value === 'string' ? value : otherwise).replaceAll(/\$\{env:([A-Za-z_]\w*)\}/g, (reference, name: string) => environment[name] ?? reference);
  const [, host = '', port] = /^(.*):(\d+)$/.exec(filled(http?.listen, DEFAULT_LISTEN)) ?? [];
  if (port === undefined) throw new BelayError('wrong-use', `${file} does not say where the daemon listens; name it with BELAY_URL`);
  const everywhere = host === '' || host === '0.0.0.0' || host === '[::]';
  return {
    url: `http${http?.tls === undefined ? '' : 's'}://${everywhere ? '127.0.0.1' : host}:${port}`,
    ...(typeof http?.tls?.cert === 'string' ? { certPath: resolve(directory, filled(http.tls.cert, '')) } : {}),
    storePath: resolve(directory, filled(store, DEFAULT_STORE).replace(/^sqlite:/, '')),
  };
}
