import { readFile, writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { shrink } from './shrink.js';
import { guardedConfig, type History, simulate } from './simulate.js';

interface Options {
  readonly seeds: number;
  readonly from?: number;
  readonly seed?: number;
  readonly trace?: boolean;
  readonly minutes?: number;
  readonly resume?: string;
}

/** How far a run that is taken up again and again has come. */
interface Progress {
  readonly nextSeed: number;
  readonly passed: number;
  readonly failed: readonly number[];
}

const nothingYet: Progress = { nextSeed: 1, passed: 0, failed: [] };
/** Between two lines that say how far it has come. */
const TELL_EVERY_MS = 10_000;

const program = new Command('sim')
  .description('lives through simulated days of the guard, one for each seed, and holds it to its promises')
  .option('--seeds <n>', 'how many seeds', wholeNumber, 100)
  .option('--from <n>', 'the first seed', wholeNumber)
  .option('--seed <n>', 'only this seed', wholeNumber)
  .option('--trace', 'with --seed: everything that happened')
  .option('--minutes <n>', 'end after so long, however many seeds are left', wholeNumber)
  .option('--resume <file>', 'go on after the last seed of this file, and write down there how far it has come');
const options = program.parse().opts<Options>();
process.exitCode = options.seed === undefined ? await many(options) : await one(options.seed, options.trace === true);

async function one(seed: number, trace: boolean): Promise<number> {
  const config = await guardedConfig();
  const history = await simulate(seed, config);
  if (trace) process.stdout.write(`${history.lines.join('\n')}\n`);
  if (history.violations.length === 0) {
    process.stdout.write(`seed ${seed}: every promise kept\n`);
    return 0;
  }
  tell(trace ? history : await shrink(history, config), trace);
  return 1;
}

async function many({ seeds, from, minutes, resume }: Options): Promise<number> {
  const config = await guardedConfig();
  const before = resume === undefined ? nothingYet : await progressIn(resume);
  const firstSeed = from ?? before.nextSeed;
  const startedAt = performance.now();
  const endsAt = minutes === undefined ? Infinity : startedAt + minutes * 60_000;
  const failed: number[] = [];
  let toldAt = startedAt;
  let done = 0;
  for (let seed = firstSeed; seed < firstSeed + seeds && performance.now() < endsAt; seed += 1) {
    const history = await simulate(seed, config);
    done += 1;
    if (history.violations.length > 0) {
      failed.push(seed);
      process.stderr.write(`seed ${seed} breaks a promise; looking for the fewest happenings that do\n`);
      tell(await shrink(history, config), false);
    }
    if (performance.now() - toldAt > TELL_EVERY_MS) {
      toldAt = performance.now();
      process.stderr.write(`${paceText(done, toldAt - startedAt)}, at seed ${seed}\n`);
      if (resume !== undefined) await save(resume, before, seed, done, failed);
    }
  }
  if (resume !== undefined) await save(resume, before, firstSeed + done - 1, done, failed);
  process.stdout.write(`${paceText(done, performance.now() - startedAt)}: ${failed.length === 0 ? 'every promise kept' : `${failed.length} broke a promise (${failed.join(', ')})`}\n`);
  return failed.length === 0 ? 0 : 1;
}

function paceText(done: number, tookMs: number): string {
  return `${done} seeds, ${((done * 1000) / tookMs).toFixed(1)} seeds per second`;
}

function tell({ seed, happenings, violations, lines }: History, isWhole: boolean): void {
  const [first] = violations;
  const out = [`seed ${seed} breaks "${first?.invariant ?? ''}": ${first?.text ?? ''}`];
  if (!isWhole) out.push('', `with these ${happenings.length} happenings:`, ...happenings.map((happening) => `  ${JSON.stringify(happening)}`), '', ...lines);
  process.stdout.write(`${out.join('\n')}\n`);
}

async function progressIn(file: string): Promise<Progress> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Progress;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return nothingYet;
    throw error;
  }
}

async function save(file: string, before: Progress, lastSeed: number, done: number, failed: readonly number[]): Promise<void> {
  const progress: Progress = { nextSeed: lastSeed + 1, passed: before.passed + done - failed.length, failed: [...before.failed, ...failed] };
  await writeFile(file, `${JSON.stringify(progress)}\n`);
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number is wanted');
  return Number(text);
}
