import { fileURLToPath } from 'node:url';
import { type LineProcess, startLineProcess } from './line-process.js';
import { startPostgres } from './postgres-server.js';

const script = (name: string): string => fileURLToPath(new URL(`../servers/${name}`, import.meta.url));

export interface UnleashServer {
  readonly url: string;
  readonly adminToken: string;
  readonly clientToken: string;
  /** Asks the admin API and throws unless it answers 2xx. */
  admin(method: string, path: string, body?: unknown): Promise<unknown>;
  /** A flag with its strategies in the environment `development`. */
  addFlag(name: string, strategies: readonly Readonly<Record<string, unknown>>[]): Promise<void>;
  /** A program with the SDK, asked `FLAG` or `FLAG PLAN`. */
  startClient(): Promise<LineProcess>;
  stop(): Promise<void>;
}

/** Starts a real Unleash server on a real PostgreSQL of its own. */
export async function startUnleash(): Promise<UnleashServer> {
  const postgres = await startPostgres();
  const adminToken = '*:*.admin-secret';
  const clientToken = '*:development.client-secret';
  const server = await startLineProcess(script('unleash.mjs'), { DATABASE_URL: postgres.url, ADMIN_TOKEN: adminToken, CLIENT_TOKEN: clientToken });
  const url = `http://127.0.0.1:${server.firstLine.replace('listening ', '')}`;

  async function admin(method: string, path: string, body?: unknown): Promise<unknown> {
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${url}/api/admin${path}`, { method, headers: { authorization: adminToken, 'content-type': 'application/json' }, ...init });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${String(answer.status)}: ${text}`);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }

  return {
    url,
    adminToken,
    clientToken,
    admin,
    async addFlag(name, strategies) {
      await admin('POST', '/projects/default/features', { name, type: 'release' });
      for (const strategy of strategies) await admin('POST', `/projects/default/features/${name}/environments/development/strategies`, strategy);
      await admin('POST', `/projects/default/features/${name}/environments/development/on`);
    },
    startClient: () => startLineProcess(script('unleash-client.mjs'), { UNLEASH_URL: url, CLIENT_TOKEN: clientToken }),
    async stop() {
      await server.stop();
      await postgres.stop();
    },
  };
}
