import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as waitMs } from 'node:timers/promises';
import { freePort } from './free-port.js';

export interface NginxServer {
  readonly url: string;
  /** Its folder: `nginx.conf`, and `blocked/`, of which the server includes every `.conf`. */
  readonly directory: string;
  readonly configFile: string;
  /** nginx with its folder and configuration, to which `-t` or `-s reload` is added. */
  readonly argv: readonly string[];
  status(path: string): Promise<number>;
  stop(): Promise<void>;
}

/** Starts a real nginx on a free port, with a folder of its own, and with the lines of a `server` block. */
export async function startNginx(server: readonly string[]): Promise<NginxServer> {
  const directory = mkdtempSync(join(tmpdir(), 'belay-nginx-'));
  const port = await freePort();
  const configFile = join(directory, 'nginx.conf');
  mkdirSync(join(directory, 'blocked'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${join(directory, name)};`);
  writeFileSync(
    configFile,
    `daemon off;\npid ${join(directory, 'nginx.pid')};\nerror_log ${join(directory, 'error.log')};\nworker_processes 1;\nevents { worker_connections 64; }\nhttp {\n  access_log off;\n  ${temporary.join('\n  ')}\n  server {\n    listen 127.0.0.1:${port};\n    include ${join(directory, 'blocked')}/*.conf;\n    ${server.join('\n    ')}\n  }\n}\n`,
  );
  const program = existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : 'nginx';
  const argv = [program, '-p', directory, '-c', configFile, '-e', join(directory, 'error.log')];
  const child = spawn(program, argv.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const failure = once(child, 'error').then(([error]) => Promise.reject(new Error('nginx is missing: install the Debian package "nginx-light"', { cause: error })));
  failure.catch(() => undefined);
  const url = `http://127.0.0.1:${port}`;
  // A connection of its own each time: one that is kept stays with the worker of before a reload.
  const status = async (path: string): Promise<number> => (await fetch(`${url}${path}`, { headers: { connection: 'close' }, redirect: 'manual' })).status;
  for (let waitedMs = 0; ; waitedMs += 20) {
    const isUp = await Promise.race([status('/').then(() => true, () => false), failure]);
    if (isUp) break;
    if (child.exitCode !== null || waitedMs > 10_000) throw new Error(`nginx did not start: ${said}`);
    await waitMs(20);
  }
  return {
    url,
    directory,
    configFile,
    argv,
    status,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
