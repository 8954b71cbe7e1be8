import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as waitMs } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startPm2, type Pm2Daemon } from './pm2-daemon.js';

const servers = fileURLToPath(new URL('../servers/', import.meta.url));
const SERVES_WITHIN_MS = 20_000;

interface ReleasedProcess {
  /** The folder with `releases/` and the link `current`, in which it runs. */
  readonly of: string;
  /** A program of `test/servers`. */
  readonly program: string;
  readonly args: readonly string[];
  readonly errorFile?: string;
}

/** A folder as an installation has it: releases, links to those in use, and processes of a pm2 of its own that run through them. */
export class ReleaseHome {
  private constructor(
    readonly path: string,
    readonly pm2: Pm2Daemon,
  ) {}

  static async create(): Promise<ReleaseHome> {
    const path = realpathSync(mkdtempSync(join(tmpdir(), 'belay-releases-')));
    chmodSync(path, 0o755); // nginx serves from it as a user of its own.
    return new ReleaseHome(path, await startPm2());
  }

  file(path: string): string {
    return join(this.path, path);
  }

  /** What is no text is written as JSON. */
  write(path: string, content: unknown): void {
    mkdirSync(dirname(this.file(path)), { recursive: true });
    writeFileSync(this.file(path), typeof content === 'string' ? content : JSON.stringify(content));
  }

  /** Moves a link, and tells no process. */
  point(what: string, version: string): void {
    rmSync(this.file(`${what}/current`), { force: true });
    symlinkSync(`releases/${version}`, this.file(`${what}/current`));
  }

  async startProcesses(processes: Readonly<Record<string, ReleasedProcess>>): Promise<void> {
    const apps = Object.entries(processes).map(([name, { of, program, args, errorFile }]) => ({
      name, args, script: join(servers, program), cwd: this.file(`${of}/current`), exec_mode: 'cluster', instances: 1, listen_timeout: 4_000, kill_timeout: 2_000,
      ...(errorFile === undefined ? {} : { error_file: errorFile, merge_logs: true }),
    }));
    this.write('ecosystem.config.cjs', `module.exports = ${JSON.stringify({ apps })};\n`);
    await this.pm2.pm2('start', this.file('ecosystem.config.cjs'));
  }

  /** As pm2 says: `online`, `stopped`. */
  async status(name: string): Promise<string | undefined> {
    const list = JSON.parse(await this.pm2.pm2('jlist')) as { name: string; pm2_env: { status: string } }[];
    return list.find((one) => one.name === name)?.pm2_env.status;
  }

  async stop(): Promise<void> {
    await this.pm2.stop();
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The records API of `test/servers`, as its users see it. */
export class RecordsApi {
  constructor(readonly url: string) {}

  /** `undefined` where nobody answers. */
  async version(): Promise<string | undefined> {
    return fetch(`${this.url}/health`).then(
      async (answer) => ((await answer.json()) as { version: string }).version,
      () => undefined,
    );
  }

  async serves(version: string): Promise<void> {
    await this.#eventually(`${version} is served`, async () => (await this.version()) === version || undefined);
  }

  /** The token that a user gets, once it serves. */
  async login(user: string, password: string): Promise<string> {
    return this.#eventually('a login', async () => {
      const answer = await fetch(`${this.url}/api/login`, { method: 'POST', body: JSON.stringify({ user, password }) }).catch(() => undefined);
      return answer?.ok === true ? ((await answer.json()) as { token: string }).token : undefined;
    });
  }

  async #eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    for (let waitedMs = 0; waitedMs < SERVES_WITHIN_MS; waitedMs += 100) {
      const found = await look();
      if (found !== undefined) return found;
      await waitMs(100);
    }
    throw new Error(`not within ${SERVES_WITHIN_MS} ms: ${what} at ${this.url}`);
  }
}
