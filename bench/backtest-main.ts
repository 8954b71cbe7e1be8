import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { BacktestSummary } from '../src/backtest/backtest-summary.js';
import { startPrometheus } from '../test/support/prometheus-server.js';

/** The same month through Belay's backtest, from a file and from a Prometheus, and through `promtool test rules`. */
const BIN = fileURLToPath(new URL('../dist/bin.js', import.meta.url));
const STEP_S = 15;
const START_S = Date.UTC(2026, 0, 1) / 1_000;
const THRESHOLD = 0.1;
const FOR_TICKS = 20;

const { values } = parseArgs({ options: { repeats: { type: 'string', default: '5' }, days: { type: 'string', default: '30' } } });
const [repeats, days] = [Number(values.repeats), Number(values.days)];
const ticks = (days * 86_400) / STEP_S;
const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`);

const directory = await mkdtemp(join(tmpdir(), 'belay-bench-'));
try {
  process.stdout.write(await measure());
} finally {
  await rm(directory, { recursive: true, force: true });
}

async function measure(): Promise<string> {
  // Noise below the threshold, a spike that does not last for every 1,000 ticks, and one lasting breach a week.
  const series = Array.from({ length: ticks }, (_, tick) => (0.03 + 0.02 * Math.sin(tick / 900) + (tick % 1_000 < 6 || tick % 40_320 > 40_000 ? 0.2 : 0)).toFixed(5));
  const firingTicks = countFiringTicks(series.map(Number));
  say(`${ticks} samples, ${firingTicks} of them firing; preparing a Prometheus that has them`);
  const prometheus = await startPrometheus({ openMetrics: ['# TYPE error_ratio gauge', ...series.map((value, tick) => `error_ratio ${value} ${START_S + tick * STEP_S}`), '# EOF', ''].join('\n') });
  try {
    await writeFiles(series, firingTicks, prometheus.url);
    const range = ['--from', String(START_S), '--to', String(START_S + (ticks - 1) * STEP_S)];
    const belay = (...argv: readonly string[]): Promise<number> => belaySeconds(firingTicks, ['--config', join(directory, 'belay.yaml'), 'backtest', '--json', ...argv]);
    const contenders: readonly (readonly [string, () => Promise<number>])[] = [
      ['`belay backtest --csv`, from a file', () => belay('--csv', directory)],
      ['`belay backtest`, from a Prometheus', () => belay(...range)],
      ['`promtool test rules`', () => promtoolSeconds()],
    ];
    const seconds = new Map<string, number[]>(contenders.map(([name]) => [name, []]));
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      for (const [name, run] of contenders) seconds.get(name)?.push(await run());
      say(`round ${repeat + 1} of ${repeats}`);
    }
    return report(seconds);
  } finally {
    await prometheus.stop();
  }
}

/** What a rule with `> 0.1` for 20 ticks makes of the series, counted by hand. */
function countFiringTicks(series: readonly number[]): number {
  let breaching = 0;
  let firing = 0;
  for (const value of series) {
    breaching = value > THRESHOLD ? breaching + 1 : 0;
    if (breaching > FOR_TICKS) firing += 1;
  }
  return firing;
}

async function writeFiles(series: readonly string[], firingTicks: number, url: string): Promise<void> {
  const write = (name: string, content: unknown): Promise<void> => writeFile(join(directory, name), typeof content === 'string' ? content : JSON.stringify(content));
  await Promise.all(['rules', 'plans'].map((folder) => mkdir(join(directory, folder))));
  await write('belay.yaml', { environment: 'bench', sources: { prometheus: { type: 'prometheus', url, interval: `${STEP_S}s` } }, targets: { shop: {} } });
  await write('rules/shop.yaml', { target: 'shop', triggers: [{ name: 'Errors', source: 'prometheus', expr: 'error_ratio', condition: `> ${THRESHOLD}`, for: `${FOR_TICKS * STEP_S}s`, response: 'monitor' }] });
  await write('Errors.csv', series.map((value, tick) => `${START_S + tick * STEP_S},${value}`).join('\n'));
  await write('alerts.yaml', { groups: [{ name: 'shop', interval: `${STEP_S}s`, rules: [{ alert: 'Errors', expr: `error_ratio > ${THRESHOLD}`, for: `${FOR_TICKS * STEP_S}s` }] }] });
  await write('tests.yaml', {
    rule_files: ['alerts.yaml'],
    evaluation_interval: `${STEP_S}s`,
    tests: [
      {
        interval: `${STEP_S}s`,
        input_series: [{ series: 'error_ratio', values: series.join(' ') }],
        promql_expr_test: [{ expr: `sum(count_over_time(ALERTS{alertstate="firing"}[${days + 1}d]))`, eval_time: `${(ticks - 1) * STEP_S}s`, exp_samples: [{ labels: '{}', value: firingTicks }] }],
      },
    ],
  });
}

/** Seconds from the start of the process to its end; a wrong answer is no time. */
async function belaySeconds(firingTicks: number, argv: readonly string[]): Promise<number> {
  const { seconds, stdout } = await timed(process.execPath, [BIN, ...argv]);
  const { triggers } = JSON.parse(stdout) as BacktestSummary;
  const found = (triggers[0]?.firingMs ?? 0) / (STEP_S * 1_000);
  if (found !== firingTicks) throw new Error(`Belay finds ${found} firing ticks, not ${firingTicks}`);
  return seconds;
}

async function promtoolSeconds(): Promise<number> {
  const { seconds, code, stdout } = await timed('promtool', ['test', 'rules', join(directory, 'tests.yaml')]);
  if (code !== 0) throw new Error(stdout);
  return seconds;
}

async function timed(command: string, argv: readonly string[]): Promise<{ readonly seconds: number; readonly code: number | null; readonly stdout: string }> {
  const startedMs = performance.now();
  const child = spawn(command, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { seconds: (performance.now() - startedMs) / 1_000, code, stdout };
}

function report(seconds: ReadonlyMap<string, readonly number[]>): string {
  const promtool = median(seconds.get('`promtool test rules`') ?? []);
  const rows = [...seconds].map(([name, times]) => {
    const middle = median(times);
    const thousands = Math.round(ticks / middle / 1_000);
    return `| ${name} | ${middle.toFixed(2)} s | ${Math.min(...times).toFixed(2)} s | ${Math.max(...times).toFixed(2)} s | ${thousands},000 | × ${(promtool / middle).toFixed(2)} |`;
  });
  return [
    `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC; ${cpus().length} cores (${cpus()[0]?.model ?? 'of unknown kind'}), Linux ${release()}, Node ${process.versions.node}; load average ${loadavg().map((load) => load.toFixed(1)).join(' ')}; ${ticks} samples, ${repeats} rounds`,
    '',
    '| | median | min | max | samples per second | speed of promtool |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}
