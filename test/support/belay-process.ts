import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { IncidentSummary } from '../../src/http/guard-api.js';
import type { Incident } from '../../src/incident/incident.js';
import { freePort } from './free-port.js';
import { belayProgram } from './programs.js';

const START_WITHIN_MS = 30_000;
/** Each look makes the daemon read and write out a whole incident. */
const LOOK_EVERY_MS = 200;

/** Files by their path below the folder of belay.yaml; what is no text is written as JSON, which is YAML too. */
export type BelayFiles = Readonly<Record<string, unknown>>;

interface CliAnswer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real daemon in a process of its own, on its files in a folder of its own. */
export class BelayProcess {
  readonly directory: string;
  readonly url: string;
  #child: ChildProcess | undefined;
  #log = '';

  private constructor(
    directory: string,
    url: string,
    readonly environment: Readonly<Record<string, string>>,
  ) {
    this.directory = directory;
    this.url = url;
  }

  /** Writes the files (`http.listen` of belay.yaml is filled in) and starts, with more in its environment if need be. */
  static async start(files: BelayFiles, environment: Readonly<Record<string, string>> = {}): Promise<BelayProcess> {
    const port = await freePort();
    const belay = new BelayProcess(await mkdtemp(join(tmpdir(), 'belay-e2e-')), `http://127.0.0.1:${port}`, environment);
    const written = files['belay.yaml'] as { readonly http?: object };
    await belay.write({ ...files, 'belay.yaml': { ...written, http: { listen: `127.0.0.1:${port}`, ...written.http } } });
    await belay.start();
    return belay;
  }

  async write(files: BelayFiles): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.directory, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    }
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('belay is not running');
    return pid;
  }

  /** All that it has said on stderr. */
  get log(): string {
    return this.#log;
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [belayProgram, 'run', '--config', join(this.directory, 'belay.yaml')], { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...this.environment } });
    child.stderr.on('data', (chunk: Buffer) => (this.#log += chunk.toString()));
    this.#child = child;
    await this.until('it serves', START_WITHIN_MS, async () => {
      if (child.exitCode !== null) throw new Error(`belay ended with ${child.exitCode}: ${this.#log}`);
      return fetch(`${this.url}/-/healthy`).then(
        (answer) => (answer.ok ? true : undefined),
        () => undefined,
      );
    });
  }

  /** Sends a signal and resolves with the exit code, or the signal that ended it. */
  async end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals> {
    const child = this.#child;
    if (child === undefined) throw new Error('belay is not running');
    this.#child = undefined;
    const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    child.kill(signal);
    const [code, by] = await ended;
    return code ?? by ?? 'SIGKILL';
  }

  async stop(): Promise<void> {
    if (this.#child !== undefined) await this.end('SIGTERM');
    await rm(this.directory, { recursive: true, force: true });
  }

  /** The answer of `belay …` on this daemon; `environment` says who asks, where that is not who asks otherwise. */
  cli(...argv: readonly string[]): Promise<CliAnswer> {
    return this.cliAs({}, ...argv);
  }

  async cliAs(environment: { readonly BELAY_TOKEN?: string }, ...argv: readonly string[]): Promise<CliAnswer> {
    const child = spawn(process.execPath, [belayProgram, '--config', join(this.directory, 'belay.yaml'), ...argv], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...this.environment, ...environment } });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, ...output };
  }

  async get<T>(path: string): Promise<T> {
    return JSON.parse(await this.text(path)) as T;
  }

  async text(path: string): Promise<string> {
    const answer = await fetch(`${this.url}${path}`, { headers: await this.#authorization() });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.text();
  }

  async delete(path: string): Promise<Response> {
    return fetch(`${this.url}${path}`, { method: 'DELETE', headers: await this.#authorization() });
  }

  async post(path: string, body: unknown): Promise<Response> {
    return fetch(`${this.url}${path}`, { method: 'POST', headers: { ...(await this.#authorization()), 'content-type': 'application/json' }, body: JSON.stringify(body) });
  }

  async #authorization(): Promise<Record<string, string>> {
    const token = this.environment['BELAY_TOKEN'] ?? (await readFile(join(this.directory, 'belay.db.token'), 'utf8'));
    return { authorization: `Bearer ${token.trim()}` };
  }

  async incidents(): Promise<readonly IncidentSummary[]> {
    return (await this.get<{ incidents: readonly IncidentSummary[] }>('/api/v1/incidents')).incidents;
  }

  /** The newest incident, once it is as wanted. */
  async incident(what: string, withinMs: number, isWanted: (incident: Incident) => boolean): Promise<Incident> {
    return this.until(what, withinMs, async () => {
      const newest = await this.#newest(() => true);
      return newest !== undefined && isWanted(newest) ? newest : undefined;
    });
  }

  /** The newest incident that climbed to the plan, once it is as wanted: a trigger that only tells people may have opened another since. */
  async incidentOf(plan: string, what: string, withinMs: number, isWanted: (incident: Incident) => boolean): Promise<Incident> {
    return this.until(`${plan}: ${what}`, withinMs, async () => {
      const newest = await this.#newest(({ rungs }) => rungs.some(({ planId }) => planId === plan));
      return newest !== undefined && isWanted(newest) ? newest : undefined;
    });
  }

  async #newest(isOne: (incident: Incident) => boolean): Promise<Incident | undefined> {
    for (const { id } of await this.incidents()) {
      const incident = await this.get<Incident>(`/api/v1/incidents/${id}`);
      if (isOne(incident)) return incident;
    }
    return undefined;
  }

  /** Looks again and again until there is something to return; otherwise fails with the log's end. */
  async until<T>(what: string, withinMs: number, look: () => Promise<T | undefined>): Promise<T> {
    const startedMs = performance.now();
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (performance.now() - startedMs > withinMs) throw new Error(`not within ${withinMs} ms: ${what}\n${this.#log.slice(-4_000)}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
}
