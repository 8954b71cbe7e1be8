import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { belayProgram } from './programs.js';

export interface CliAnswer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `belay …` in a process of its own, to its end. */
export async function runCli(...argv: readonly string[]): Promise<CliAnswer> {
  const child = spawn(process.execPath, [belayProgram, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}
