import { mkdirSync, writeFileSync } from 'node:fs';
import { symlink, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as waitMs } from 'node:timers/promises';
import { freePort } from './free-port.js';
import type { Pm2Daemon } from './pm2-daemon.js';

const SERVES_WITHIN_MS = 30_000;

export interface Pm2Service {
  readonly url: string;
  /** `releases/VERSION`, and the link `current`. */
  readonly home: string;
  /** What `/health` tells; `undefined` where nobody answers. */
  health(): Promise<{ readonly status: string; readonly version: string } | undefined>;
  /** Moves the link and restarts, as somebody does who deploys by hand. */
  deploy(version: string): Promise<void>;
}

/**
 * The code of a release. It serves `/health` with its version, and `/metrics` with a counter of its answers by status. All
 * else is answered by `answer`, the body of an async function of `path` and `env` that returns `{ status, body }`.
 */
export function releaseCode(version: string, answer: string): string {
  return `import { createServer } from 'node:http';
const answer = async (path, env) => { ${answer} };
const counts = new Map([['200', 0]]);
createServer(async (request, response) => {
  if (request.url === '/health') return response.end(JSON.stringify({ status: 'healthy', version: ${JSON.stringify(version)} }));
  if (request.url === '/metrics') return response.end('# TYPE http_requests_total counter\\n' + [...counts].map(([status, count]) => \`http_requests_total{status="\${status}"} \${count}\\n\`).join(''));
  const { status, body } = await answer(request.url, process.env).catch((error) => ({ status: 500, body: String(error) }));
  counts.set(String(status), (counts.get(String(status)) ?? 0) + 1);
  response.writeHead(status, { 'content-type': typeof body === 'string' ? 'text/html' : 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body));
}).listen(Number(process.env.PORT), '127.0.0.1');
`;
}

/** A pm2 process of this name, started through a link to one of its releases, which stand in a folder of the daemon's home. */
export async function startPm2Service(daemon: Pm2Daemon, name: string, releases: Readonly<Record<string, string>>, current: string, env: Readonly<Record<string, string>> = {}): Promise<Pm2Service> {
  const home = join(daemon.home, name);
  for (const [version, code] of Object.entries(releases)) {
    const file = join(home, 'releases', version, 'server.mjs');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, code);
  }
  const link = join(home, 'current');
  await symlink(join('releases', current), link);
  const port = await freePort();
  const app = { name, script: join(link, 'server.mjs'), cwd: link, env: { ...env, PORT: String(port) } };
  writeFileSync(join(home, 'ecosystem.config.cjs'), `module.exports = ${JSON.stringify({ apps: [app] })};\n`);
  await daemon.pm2('start', join(home, 'ecosystem.config.cjs'));
  const url = `http://127.0.0.1:${port}`;

  async function health(): Promise<{ status: string; version: string } | undefined> {
    return fetch(`${url}/health`).then(
      async (response) => (await response.json()) as { status: string; version: string },
      () => undefined,
    );
  }
  async function serves(version: string): Promise<void> {
    for (let waitedMs = 0; (await health())?.version !== version; waitedMs += 50) {
      if (waitedMs > SERVES_WITHIN_MS) throw new Error(`${name} ${version} does not serve: ${await daemon.pm2('logs', name, '--nostream', '--lines', '20')}`);
      await waitMs(50);
    }
  }

  await serves(current);
  return {
    url,
    home,
    health,
    async deploy(version) {
      await unlink(link);
      await symlink(join('releases', version), link);
      await daemon.pm2('restart', name);
      await serves(version);
    },
  };
}

/** The pm2 program's folder put before the others, for programs that find it by its name. */
export function pathWith(daemon: Pm2Daemon): string {
  return `${dirname(daemon.program)}:${process.env['PATH'] ?? ''}`;
}
