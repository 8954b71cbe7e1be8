import { basename, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { InvalidArgumentError, type Command } from 'commander';
import { nameField } from '../../config/fields.js';
import { formatProblems } from '../../config/format-problems.js';
import { BelayError } from '../../fault/belay-error.js';
import { init, type InitResult } from '../../setup/init.js';
import type { MetricsPlace } from '../../setup/first-files.js';
import { systemClock } from '../../time/clock.js';
import { Output } from '../output.js';
import { Progress } from '../progress.js';

interface InitOptions {
  readonly prometheus?: string;
  readonly metrics?: string;
  readonly target?: string;
  readonly job?: string;
  readonly health?: string;
  readonly out: string;
  readonly days: number;
  readonly json?: boolean;
}

type Answered = { readonly place: MetricsPlace; readonly target: string; readonly health?: string | undefined };

/** `belay init`: a first configuration, proposed from what a service shows. */
export function initCommand(program: Command): void {
  program
    .command('init')
    .description('look at a service, propose what to watch it for, and write a first configuration in dry-run mode')
    .option('--prometheus <url>', 'the Prometheus that watches the service')
    .option('--metrics <url>', 'the /metrics of the service itself, where there is no Prometheus')
    .option('--target <name>', 'what the service is called')
    .option('--job <name>', 'its job in Prometheus, where that is not called like the target')
    .option('--health <url>', 'its health endpoint')
    .option('--out <folder>', 'where to write belay.yaml, rules/ and plans/', '.')
    .option('--days <count>', 'how many days of the past the thresholds are learned from', days, 7)
    .option('--json', 'for scripts')
    .addHelpText('after', '\nOn a terminal it asks for what is not given. It never writes over a file.\n\nExamples:\n  belay init\n  belay init --prometheus http://127.0.0.1:9090 --target checkout --health http://127.0.0.1:3000/health\n  belay init --metrics http://127.0.0.1:3000/metrics --target checkout --out ./guard')
    .action(async (options: InitOptions) => {
      const { place, target, health } = await answered(options);
      const folder = resolve(options.out);
      const progress = new Progress();
      const onShare = options.json === true ? (): void => undefined : (trigger: string, share: number): void => progress.show(`replaying ${options.days} days: ${trigger}`, share);
      const result = await init({ place, target, job: options.job, healthUrl: health, folder, days: options.days, now: systemClock.now() }, onShare, new AbortController().signal).finally(() => progress.clear());
      new Output().done(options, initText(result, options.out, new Output()), { folder, ...result, bindings: { compose: result.bindings.compose ?? null, flags: result.bindings.flags ?? null } });
    });
}

/** What the flags leave open is asked on a terminal, and wrong use elsewhere. */
async function answered({ prometheus, metrics, target, health }: InitOptions): Promise<Answered> {
  if (prometheus !== undefined && metrics !== undefined) throw new BelayError('wrong-use', 'give either --prometheus or --metrics');
  const given = prometheus === undefined ? metrics : prometheus;
  const place = given === undefined ? undefined : placeOf(prometheus === undefined ? 'scrape' : 'prometheus', given);
  if (place !== undefined && target !== undefined) return { place, target: named(target), health: health === undefined ? undefined : url(health) };
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    const missing = [...(place === undefined ? ['--prometheus URL or --metrics URL'] : []), ...(target === undefined ? ['--target NAME'] : [])];
    throw new BelayError('wrong-use', `give ${missing.join(' and ')} (on a terminal belay init asks)`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // Ctrl-c and ctrl-d end the questions, and nothing has happened yet.
    const left = new Promise<never>((_resolve, reject) => terminal.once('close', () => reject(new BelayError('wrong-use', 'nothing was written'))));
    left.catch(() => undefined);
    const asked = async (question: string, fallback: string): Promise<string> => (await Promise.race([terminal.question(`${question}${fallback === '' ? '' : ` [${fallback}]`}: `), left])).trim() || fallback;
    const wanted = target ?? (await asked('What is the service called?', basename(process.cwd())));
    const where = place ?? (await askedPlace(asked));
    const endpoint = health ?? (await asked('Its health endpoint (empty: none)', ''));
    return { place: where, target: named(wanted), health: endpoint === '' ? undefined : url(endpoint) };
  } finally {
    terminal.close();
  }
}

async function askedPlace(asked: (question: string, fallback: string) => Promise<string>): Promise<MetricsPlace> {
  const address = await asked('Where are its metrics? A Prometheus, or its own /metrics', 'http://127.0.0.1:9090');
  return placeOf(/\/\w*metrics\/?$|\/prometheus\/?$/.test(address) ? 'scrape' : 'prometheus', address);
}

function placeOf(kind: MetricsPlace['kind'], address: string): MetricsPlace {
  return { kind, url: url(address) };
}

function url(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new BelayError('wrong-use', `"${text}" is not an address: it must begin with http:// or https://`);
}

function named(target: string): string {
  if (nameField.safeParse(target).success) return target;
  throw new BelayError('wrong-use', `${JSON.stringify(target)} is not a name for a target: write one line without spaces around it, such as checkout`);
}

function days(text: string): number {
  const count = Number(text);
  if (!(count > 0 && count <= 90)) throw new InvalidArgumentError('it must be a number of days up to 90');
  return count;
}

function initText({ files, triggers, remarks, warnings }: InitResult, out: string, output: Output): string {
  const config = out === '.' ? '' : ` --config ${out.replace(/\/+$/, '')}/belay.yaml`;
  return [
    ...triggers.flatMap(({ name, watches, condition, window, acts, past }) => [
      `${output.style('bold', name)}  ${condition} ${window}${acts ? '' : output.style('dim', '  only tells people')}`,
      output.style('dim', `  ${watches}`),
      ...past.map((line) => `  ${line}`),
    ]),
    '',
    ...remarks.map((remark) => output.style('yellow', remark)),
    `wrote ${files.join(', ')}`,
    ...(warnings.length === 0 ? [] : ['', formatProblems(warnings, { cwd: process.cwd(), color: output.colour }).trimEnd()]),
    '',
    'Nothing is changed yet: it runs in mode dry-run. Next:',
    ...(warnings.length === 0 ? [] : ['  fill in the places that are named above']),
    `  belay doctor${config}    # does it reach everything?`,
    `  belay run${config}       # watch; belay status shows what it sees`,
  ].join('\n');
}
