import { Command, InvalidArgumentError, Option } from 'commander';
import { guardedConfigurations } from './guarded-configurations.js';
import { liveThroughSeeds } from './many-seeds.js';
import { Progress } from './progress.js';
import { historyText, violationText } from './seed-outcome.js';
import { WORKER_FLAG, workForParent } from './seed-worker.js';
import { shrink } from './shrink.js';
import { simulate } from './simulate.js';

interface Options {
  readonly seeds: number;
  readonly from?: number;
  readonly seed?: number;
  readonly trace?: boolean;
  readonly minutes?: number;
  readonly jobs: number;
  readonly resume?: string;
  readonly worker?: boolean;
}

/** Between two lines that say how far it has come. */
const TELL_EVERY_MS = 10_000;

const program = new Command('sim')
  .description('lives through simulated days of the guard, one for each seed, and holds it to its promises')
  .option('--seeds <n>', 'how many seeds', wholeNumber, 100)
  .option('--from <n>', 'the first seed', wholeNumber)
  .option('--seed <n>', 'only this seed', wholeNumber)
  .option('--trace', 'with --seed: everything that happened')
  .option('--minutes <n>', 'end after so long, however many seeds are left', wholeNumber)
  .option('--jobs <n>', 'so many seeds at once, each in a process of its own', wholeNumber, 1)
  .option('--resume <file>', 'go on after the last seed of this file, and write down there how far it has come')
  .addOption(new Option(WORKER_FLAG).hideHelp());
const options = program.parse().opts<Options>();
if (options.worker === true) await workForParent();
else process.exitCode = options.seed === undefined ? await many(options) : await one(options.seed, options.trace === true);

async function one(seed: number, trace: boolean): Promise<number> {
  const configurations = await guardedConfigurations();
  const history = await simulate(seed, configurations);
  if (trace) process.stdout.write(`${history.lines.join('\n')}\n`);
  if (history.violations.length === 0) process.stdout.write(`seed ${seed}: every promise kept\n`);
  else process.stdout.write(trace ? `${violationText(history)}\n` : historyText(await shrink(history, configurations)));
  return history.violations.length === 0 ? 0 : 1;
}

async function many({ seeds, from, minutes, jobs, resume }: Options): Promise<number> {
  const progress = await Progress.in(resume);
  if (from !== undefined) progress.startFrom(from);
  const firstSeed = progress.nextSeed;
  const startedAt = performance.now();
  const failed: number[] = [];
  let toldAt = startedAt;
  let done = 0;
  const onOutcome = async ({ seed, told }: Parameters<Progress['note']>[0]): Promise<void> => {
    progress.note({ seed, told });
    done += 1;
    if (told !== undefined) {
      failed.push(seed);
      process.stdout.write(told);
    }
    if (performance.now() - toldAt <= TELL_EVERY_MS) return;
    toldAt = performance.now();
    process.stderr.write(`${paceText(done, toldAt - startedAt)}, every seed before ${progress.nextSeed} done\n`);
    if (resume !== undefined) await progress.save(resume);
  };
  await liveThroughSeeds({ firstSeed, seeds, jobs: Math.max(1, jobs), ...(minutes === undefined ? {} : { forMs: minutes * 60_000 }), onOutcome });
  if (resume !== undefined) await progress.save(resume);
  process.stdout.write(`${paceText(done, performance.now() - startedAt)}: ${failed.length === 0 ? 'every promise kept' : `${failed.length} broke a promise (${failed.join(', ')})`}\n`);
  return failed.length === 0 ? 0 : 1;
}

function paceText(done: number, tookMs: number): string {
  return `${done} seeds, ${((done * 1000) / tookMs).toFixed(1)} seeds per second`;
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number is wanted');
  return Number(text);
}
