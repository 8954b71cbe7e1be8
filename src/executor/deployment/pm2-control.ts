import { once } from 'node:events';
import { connect } from 'node:net';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { runCommand, type CommandResult } from '../../process/run-command.js';
import { argumentList, filePath } from '../calls/command-line.js';
import { commandFailed } from '../calls/provider-command.js';
import type { Effort } from '../state-executor.js';
import { parsePm2List, type Pm2Process } from './pm2-list.js';

/** How a binding reaches a pm2: the program, and the home of the daemon that is meant; without it `~/.pm2`. */
export const pm2Settings = {
  pm2: argumentList.default(['pm2']).describe('The program, as an argument list.'),
  home: filePath.optional().describe('The `PM2_HOME` of the daemon. Without it, `~/.pm2` of Belay\'s user.'),
};

export type Pm2Settings = z.infer<z.ZodObject<typeof pm2Settings>>;

/** The list holds every process with its whole environment. */
const MAX_LIST_BYTES = 16 * 1024 * 1024;

/**
 * One pm2 daemon, asked through the pm2 program. It is never started from here: a daemon would inherit Belay's
 * environment and end with the step. Processes are named exactly and acted on by their id, because pm2 also takes
 * patterns, namespaces and `all` where a name is expected. Rejects with `provider-unreachable` when no daemon runs,
 * `provider-refused` when it has no such process, `command-failed` when pm2 does.
 */
export class Pm2Control {
  readonly home: string;
  readonly #pm2: readonly string[];
  readonly #directory: string;

  constructor({ pm2, home }: Pm2Settings, directory: string) {
    this.home = home === undefined ? join(homedir(), '.pm2') : resolve(directory, home);
    this.#pm2 = pm2;
    this.#directory = directory;
  }

  /** Every process that the daemon knows. */
  async list(effort: Effort): Promise<Pm2Process[]> {
    const result = await this.#ask(['jlist'], effort);
    if (result.truncated) throw new BelayError('command-failed', 'pm2 jlist printed more than can be kept');
    return parsePm2List(result.stdout);
  }

  /** The processes of one name: as many as it has instances, and during a reload those that are about to leave. */
  async processesOf(name: string, effort: Effort): Promise<[Pm2Process, ...Pm2Process[]]> {
    const all = await this.list(effort);
    const [first, ...others] = all.filter((process) => process.name === name);
    if (first !== undefined) return [first, ...others];
    const known = [...new Set(all.map((process) => process.name))].toSorted();
    throw new BelayError('provider-refused', `pm2 in ${this.home} has no process ${JSON.stringify(name)}; it has ${known.join(', ') || 'none at all'}`);
  }

  /** Stops every process of the name, and makes sure that they have really gone. */
  async stop(name: string, effort: Effort): Promise<void> {
    const before = await this.processesOf(name, effort);
    if (before.every(isStopped)) return;
    await this.#act('stop', before, effort);
    const after = await this.processesOf(name, effort);
    const left = after.find((process) => !isStopped(process)) ?? before.find(({ pid }) => pid !== undefined && isAlive(pid));
    if (left !== undefined) {
      throw new BelayError('state-not-as-wanted', `pm2 process ${name} (pid ${left.pid ?? '-'}) was told to stop, and is ${isStopped(left) ? 'still running' : left.status}`, { context: { expected: 'stopped', actual: left.status } });
    }
  }

  /** Starts every process of the name that does not run. pm2 reports as started what may fail a moment later. */
  async start(name: string, effort: Effort): Promise<void> {
    const resting = (await this.processesOf(name, effort)).filter(({ status }) => status !== 'online' && status !== 'launching');
    await this.#act('start', resting, effort);
  }

  /** Replaces processes: `restart` all at once, `reload` one after another, each kept (in a cluster) until the new one listens. */
  async replace(how: 'reload' | 'restart', processes: readonly Pm2Process[], effort: Effort): Promise<void> {
    if (how === 'restart') await this.#act(how, processes, effort);
    else for (const process of processes) await this.#act(how, [process], effort);
  }

  async #act(action: 'start' | 'stop' | 'reload' | 'restart', processes: readonly Pm2Process[], effort: Effort): Promise<void> {
    const ids = processes.flatMap(({ id }) => (id === undefined ? [] : [String(id)]));
    if (ids.length === 0) return;
    const namesake = (await this.list(effort)).find(({ name, namespace }) => ids.includes(name) || (namespace !== undefined && ids.includes(namespace)));
    if (namesake !== undefined) throw new BelayError('provider-refused', `pm2 in ${this.home} has a process or namespace that is named like the id of another (${namesake.name}), so that nobody can say which is meant; rename it`);
    await this.#ask([action, ...ids], effort);
  }

  async #ask(args: readonly string[], { signal, attemptId }: Effort): Promise<CommandResult> {
    if (!(await hasDaemon(this.home, signal))) throw new BelayError('provider-unreachable', `no pm2 daemon runs in ${this.home}; start it (pm2 resurrect) as the user whose processes it keeps`);
    const result = await runCommand({
      argv: [...this.#pm2, ...args],
      cwd: this.#directory,
      // Discrete: no banner, and no question about newer versions.
      env: { PM2_HOME: this.home, PM2_DISCRETE_MODE: 'true' },
      signal,
      attemptId,
      maxOutputBytes: MAX_LIST_BYTES,
    });
    if (result.exitCode === 0) return result;
    // What jlist prints has the environments of all processes in it.
    throw commandFailed(`pm2 ${args[0] ?? ''}`, args[0] === 'jlist' ? { ...result, stdout: '' } : result);
  }
}

/** Nothing of it runs, and pm2 does not start it again by itself. */
export function isStopped({ status, pid }: Pm2Process): boolean {
  return (status === 'stopped' || status === 'errored') && pid === undefined;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const NOBODY_LISTENS = ['ENOENT', 'ECONNREFUSED', 'ENOTDIR'];

/** A pm2 program that finds no daemon starts one, so this is asked first. */
async function hasDaemon(home: string, signal: AbortSignal): Promise<boolean> {
  const socket = connect(join(home, 'rpc.sock'));
  try {
    await once(socket, 'connect', { signal });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    // Whoever may not look (the program may run through sudo) lets pm2 itself tell.
    return !NOBODY_LISTENS.includes((error as NodeJS.ErrnoException).code ?? '');
  } finally {
    socket.destroy();
  }
}
