import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { setImmediate as nextTurn, setTimeout as waitMs } from 'node:timers/promises';
import { BelayError, errorText } from '../fault/belay-error.js';
import { BoundedOutput } from './bounded-output.js';
import { childEnvironment } from './child-environment.js';
import { endProcesses } from './end-processes.js';

/** Carried by every process of an attempt, so that it is found wherever it went. */
const ATTEMPT_VARIABLE = 'BELAY_ATTEMPT_ID';
/** Carried by every process of one command: its timeout must not end what an earlier command of the attempt has deployed. */
const COMMAND_VARIABLE = 'BELAY_COMMAND_ID';

const DEFAULT_MAX_OUTPUT_BYTES = 256 * 1024;
const DEFAULT_KILL_GRACE_MS = 2_000;
/** How long the last output of a command that has exited may take to arrive while something else holds its pipes open. */
const DRAIN_MS = 200;

export interface CommandRequest {
  /** Program and arguments, handed over as they are: no shell reads them. */
  readonly argv: readonly string[];
  readonly cwd?: string | undefined;
  /** On top of what `childEnvironment` passes on. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Written to its standard input, which is empty otherwise. */
  readonly input?: string | undefined;
  /** On abort the command and everything that it started is ended. */
  readonly signal: AbortSignal;
  readonly attemptId?: string | undefined;
  /** Hears what it prints, while it prints it. */
  readonly onOutput?: ((text: string) => void) | undefined;
  /** Per stream; beyond it the beginning and the end are kept. */
  readonly maxOutputBytes?: number | undefined;
  /** Between SIGTERM and SIGKILL. */
  readonly killGraceMs?: number | undefined;
}

export interface CommandResult {
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
}

/**
 * Runs a program to its end and returns how it ended and what it printed; a non-zero exit is an answer, not an error.
 * It resolves when the program itself exits: what it leaves running (a daemon) lives on, and may keep the pipes, which
 * are read and thrown away from then on.
 * When the signal aborts, every process of the command is ended before the promise rejects with the signal's reason.
 * Throws `command-failed` when the program cannot be started, `parameter-invalid` for an argument that no program can be given.
 */
export async function runCommand(request: CommandRequest): Promise<CommandResult> {
  request.signal.throwIfAborted();
  const [program, ...args] = checkedArguments(request.argv);
  await checkDirectory(request.cwd);
  request.signal.throwIfAborted();
  const commandId = randomUUID();
  const env = {
    ...childEnvironment(process.env, request.env),
    [COMMAND_VARIABLE]: commandId,
    ...(request.attemptId === undefined ? {} : { [ATTEMPT_VARIABLE]: request.attemptId }),
  };
  const child = await start(program, () =>
    spawn(program, args, { cwd: request.cwd, env, detached: true, shell: false, stdio: [request.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] }),
  );
  const maxBytes = request.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES;
  const stdout = collect(child.stdout, maxBytes, request.onOutput);
  const stderr = collect(child.stderr, maxBytes, request.onOutput);
  feed(child, request.input);

  const settled = new AbortController();
  try {
    await Promise.race([exitAndDrain(child, settled.signal), rejectOnAbort(request.signal, settled.signal)]);
  } catch (error) {
    const query = { environmentEntry: `${COMMAND_VARIABLE}=${commandId}`, groupId: child.pid };
    await endProcesses(query, request.killGraceMs ?? DEFAULT_KILL_GRACE_MS);
    throw error;
  } finally {
    settled.abort();
    release(child);
  }
  return {
    exitCode: child.exitCode,
    signal: child.signalCode,
    stdout: stdout.text(),
    stderr: stderr.text(),
    truncated: stdout.truncated || stderr.truncated,
  };
}

/**
 * Ends what an attempt has left running, for when Belay itself was killed in the middle of it. Whatever that attempt
 * started counts, also a daemon that a finished command of it left behind: the attempt is not known to have succeeded.
 */
export async function sweepAttempt(attemptId: string, killGraceMs = DEFAULT_KILL_GRACE_MS): Promise<void> {
  await endProcesses({ environmentEntry: `${ATTEMPT_VARIABLE}=${attemptId}` }, killGraceMs);
}

function checkedArguments(argv: readonly string[]): [string, ...string[]] {
  const [program, ...args] = argv;
  if (program === undefined || program === '') throw new BelayError('parameter-invalid', 'a command needs a program to run');
  if (argv.some((argument) => argument.includes('\0'))) {
    throw new BelayError('parameter-invalid', `an argument of ${JSON.stringify(program)} holds a NUL character`);
  }
  return [program, ...args];
}

async function checkDirectory(cwd: string | undefined): Promise<void> {
  if (cwd === undefined) return;
  // Node reports a missing directory as if the program were missing.
  const isDirectory = await stat(cwd).then((stats) => stats.isDirectory(), () => false);
  if (!isDirectory) throw new BelayError('command-failed', `the working directory ${cwd} does not exist`, { context: { cwd } });
}

async function start(program: string, spawnChild: () => ChildProcess): Promise<ChildProcess> {
  try {
    const child = spawnChild();
    await once(child, 'spawn');
    return child;
  } catch (error) {
    throw new BelayError('command-failed', `cannot start ${JSON.stringify(program)}: ${startProblem(error)}`, { context: { program }, cause: error });
  }
}

function startProblem(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'there is no such program (or the interpreter in its first line is missing)';
    case 'EACCES':
      return 'it may not be executed';
    case 'E2BIG':
      return 'its arguments are longer than the system allows';
    default:
      return errorText(error);
  }
}

function collect(stream: Readable | null, maxBytes: number, onOutput: CommandRequest['onOutput']): BoundedOutput {
  const output = new BoundedOutput(maxBytes);
  const decoder = new StringDecoder('utf8');
  stream?.on('data', (chunk: Buffer) => {
    output.add(chunk);
    onOutput?.(decoder.write(chunk));
  });
  return output;
}

function feed(child: ChildProcess, input: string | undefined): void {
  if (child.stdin === null || input === undefined) return;
  // A program that does not read its input closes it early (EPIPE); its exit code says what came of that.
  child.stdin.on('error', () => child.stdin?.destroy());
  child.stdin.end(input);
}

async function exitAndDrain(child: ChildProcess, signal: AbortSignal): Promise<void> {
  const closed = once(child, 'close', { signal });
  if (child.exitCode === null && child.signalCode === null) await Promise.race([closed, once(child, 'exit', { signal })]);
  // A timer that is due runs before data that is due, so one more turn lets the data in.
  await Promise.race([closed, waitMs(DRAIN_MS, undefined, { signal }).then(() => nextTurn())]);
}

function rejectOnAbort(signal: AbortSignal, settled: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true, signal: settled });
    if (signal.aborted) onAbort();
  });
}

/**
 * Pipes that a left-behind process still holds are read on, because closing them would kill it at its next line of
 * output; they do not keep Belay itself alive.
 */
function release(child: ChildProcess): void {
  for (const stream of [child.stdout, child.stderr]) {
    stream?.removeAllListeners('data');
    stream?.resume();
    (stream as Socket | null)?.unref();
  }
}
