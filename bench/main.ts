import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureIdle } from './idle.js';
import { measureReactions } from './reaction.js';
import { report } from './report.js';

const USAGE = `usage: npm run bench -- [--repeats N] [--for SECONDS] [--triggers N] [--idle SECONDS] [--write]
  --repeats   breaches, each at a random moment (10)
  --for       the window of rule, trigger and poller, in seconds (5)
  --triggers  quiet triggers of the idle part (100)
  --idle      how long the idle part measures, in seconds (20)
  --write     also write the result to bench/RESULTS.md
`;

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort(new Error(`interrupted by ${name}`)));

try {
  process.exitCode = await main();
} catch (error) {
  const reason: unknown = interrupted.signal.aborted ? interrupted.signal.reason : error;
  process.stderr.write(`bench: ${reason instanceof Error ? reason.message : String(reason)}\n`);
  process.exitCode = 1;
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  const { repeats, forSeconds, triggers, idleSeconds, write } = options;
  const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`);
  const directory = await mkdtemp(join(tmpdir(), 'belay-bench-'));
  try {
    say(`about ${Math.ceil(repeats * 1.5 + forSeconds + 45 + idleSeconds + 15)} s in all`);
    const common = { directory, signal: interrupted.signal, say };
    const overheads = await measureReactions({ ...common, lanes: repeats, forSeconds });
    const idle = await measureIdle({ ...common, triggers, seconds: idleSeconds });
    const text = report({ at: new Date(), forSeconds, overheads, triggers, idleSeconds, idle });
    process.stdout.write(text);
    if (write) await writeFile(fileURLToPath(new URL('RESULTS.md', import.meta.url)), `# Last results\n\n${text}`);
    return 0;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function readOptions(): { repeats: number; forSeconds: number; triggers: number; idleSeconds: number; write: boolean } | undefined {
  try {
    const { values } = parseArgs({
      options: {
        repeats: { type: 'string', default: '10' },
        for: { type: 'string', default: '5' },
        triggers: { type: 'string', default: '100' },
        idle: { type: 'string', default: '20' },
        write: { type: 'boolean', default: false },
      },
    });
    const numbers = { repeats: Number(values.repeats), forSeconds: Number(values.for), triggers: Number(values.triggers), idleSeconds: Number(values.idle) };
    return Object.values(numbers).every((number) => Number.isInteger(number) && number > 0) ? { ...numbers, write: values.write } : undefined;
  } catch {
    return undefined; // An option that there is not.
  }
}
