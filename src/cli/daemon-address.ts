import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { findDaemon } from '../config/find-daemon.js';
import { readOperatorToken } from '../daemon/operator-token.js';
import { BelayError } from '../fault/belay-error.js';
import type { DaemonAddress } from './daemon-client.js';

/** Where the daemon is: BELAY_URL and BELAY_TOKEN, or what belay.yaml says and the token that the daemon left beside its store. */
export async function daemonAddress(configFile: string, environment: NodeJS.ProcessEnv = process.env): Promise<DaemonAddress> {
  const url = environment['BELAY_URL'];
  const token = environment['BELAY_TOKEN'];
  if (url !== undefined && url !== '') {
    if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw new BelayError('wrong-use', `BELAY_URL must begin with http:// or https:// and name a host, as in http://127.0.0.1:9797`);
    return { url: url.replace(/\/+$/, ''), token };
  }
  const file = resolve(configFile);
  const found = await findDaemon(file, dirname(file), environment);
  const certificate = found.certPath === undefined ? undefined : await readFile(found.certPath, 'utf8');
  return { url: found.url, certificate, token: token ?? (await readOperatorToken(found.storePath)) };
}
