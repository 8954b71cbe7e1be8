import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs promtool to its end. Rejects only when it is not there. */
export async function promtool(...argv: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn('promtool', argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close').catch((error: unknown) => {
    throw new Error('promtool is missing: install the Debian package "prometheus"', { cause: error });
  })) as [number | null];
  return { code, output };
}
