import { spawn } from 'node:child_process';
import { once } from 'node:events';

const READY_WITHIN_MS = 30_000;
/** Belay itself gives a running step 20 s. */
const ENDS_WITHIN_MS = 30_000;

export interface RunningProgram {
  readonly pid: number;
  /** All that it has printed so far. */
  output(): string;
  stop(): Promise<void>;
}

/** Starts a program and waits until it prints what `saysReady` matches. Rejects with what it has printed when it ends before. */
export async function startProgram(command: string, argv: readonly string[], { saysReady }: { readonly saysReady: RegExp }): Promise<RunningProgram> {
  const child = spawn(command, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const ready = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${argv.join(' ')} was not ready within ${READY_WITHIN_MS} ms: ${output}`)), READY_WITHIN_MS);
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      if (!saysReady.test(output)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${argv.join(' ')} ended with ${String(code)}: ${output}`)));
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const killer = setTimeout(() => child.kill('SIGKILL'), ENDS_WITHIN_MS);
    child.kill('SIGTERM');
    await once(child, 'exit');
    clearTimeout(killer);
  };
  try {
    await ready;
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid: child.pid as number, output: () => output, stop };
}
