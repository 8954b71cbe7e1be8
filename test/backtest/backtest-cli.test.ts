import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BacktestSummary, TriggerSummary } from '../../src/backtest/backtest-summary.js';
import { type ConfigFiles, configFolder } from '../support/config-folder.js';
import { startPrometheus, type PrometheusServer } from '../support/prometheus-server.js';
import { runCli } from '../support/run-cli.js';

const STEP_S = 15;
const startS = Date.UTC(2026, 0, 1) / 1_000;
const TICKS = 3 * 5_760;
/** When the shop is bad, in ticks of 15 s: half an hour of errors, and ten minutes later twenty of a deep queue. */
const errors = { from: 8_000, to: 8_120 };
const queue = { from: 8_060, to: 8_160 };

let prometheus: PrometheusServer;
beforeAll(async () => {
  prometheus = await startPrometheus({ openMetrics: threeDays() });
});
afterAll(() => prometheus.stop());

function threeDays(): string {
  const ok: string[] = [];
  const failed: string[] = [];
  const depth: string[] = [];
  let okCount = 0;
  let failedCount = 0;
  for (let tick = 0; tick < TICKS; tick += 1) {
    const at = startS + tick * STEP_S;
    const isBad = tick >= errors.from && tick < errors.to;
    okCount += isBad ? 60 : 99;
    failedCount += isBad ? 40 : 1;
    ok.push(`requests_total{job="shop",status="200"} ${okCount} ${at}`);
    failed.push(`requests_total{job="shop",status="500"} ${failedCount} ${at}`);
    depth.push(`depth{queue="a"} ${tick >= queue.from && tick < queue.to ? 5_000 : 10} ${at}`);
    depth.push(`depth{queue="b"} 20 ${at}`);
  }
  return ['# TYPE requests counter', ...ok, ...failed, '# TYPE depth gauge', ...depth.filter((_, index) => index % 2 === 0), ...depth.filter((_, index) => index % 2 === 1), '# EOF', ''].join('\n');
}

function files(url: string): ConfigFiles {
  const plan = (id: string, level: number): string =>
    `id: ${id}\nname: ${id}\ntarget: shop\nlevel: ${level}\nsteps:\n  - { id: off, name: Off, type: feature-flag, parameters: { flagKey: new, targetState: false }, timeout: 10 }\n`;
  return {
    'belay.yaml': `environment: test
mode: observe
sources:
  prom: { type: prometheus, url: "${url}", interval: 15s }
  app: { type: scrape, url: "http://127.0.0.1:1/metrics" }
targets:
  shop: { health: { url: "http://127.0.0.1:1/health" } }
featureFlags: { default: { type: file, path: flags.json } }
`,
    'rules/shop.yaml': `target: shop
triggers:
  - name: Errors
    source: prom
    signal: { type: errorRate, metric: requests_total, select: { job: shop }, errors: { status: "5.." }, window: 1m }
    condition: "> 10%"
    for: 5m
    levels: [1, 3]
  - name: QueueDeep
    source: prom
    expr: depth
    condition: "> 1000"
    for: 5m
    levels: [2, 3]
  - name: Broken
    source: prom
    expr: depth / ignoring(queue) depth
    condition: "> 1"
    for: 5m
    response: monitor
  - name: HeapFull
    source: app
    signal: { type: saturation, used: heap_used, limit: heap_limit }
    condition: "> 95%"
    for: 5m
    response: monitor
  - name: QueueGrown
    source: prom
    expr: depth{queue="a"}
    condition: "> 300% of baseline"
    baseline: { offset: 1h, window: 30m }
    minTraffic: { expr: "sum(rate(requests_total[1m]))", atLeast: 1 }
    for: 5m
    response: monitor
  - name: Both
    all: [Errors, QueueDeep]
    for: 2m
    level: 1
  - name: Either
    any: [QueueDeep, HeapFull]
    for: 0s
    response: monitor
  - name: Unhealthy
    source: health
    for: { consecutive: 4 }
    response: monitor
`,
    'plans/a.yaml': plan('flag-off', 1),
    'plans/b.yaml': plan('code-back', 3),
  };
}

const at = (tick: number): number => (startS + tick * STEP_S) * 1_000;
const range = ['--from', '2026-01-01T00:00:00Z', '--to', String(startS + (TICKS - 1) * STEP_S)];
const named = (summary: BacktestSummary, name: string): TriggerSummary => {
  const found = summary.triggers.find(({ trigger }) => trigger === name);
  if (found === undefined) throw new Error(`${name} was not replayed`);
  return found;
};

describe('belay backtest on a real Prometheus', () => {
  it('replays a baseline before a change once the deployments of the past are given', async () => {
    const sinceDeploy = '  - { name: QueueSinceDeploy, source: prom, expr: \'depth{queue="a"}\', condition: "> 300% of baseline", baseline: { before: change, window: 30m }, for: 5m, response: monitor }\n';
    const written = files(prometheus.url);
    const config = configFolder({ ...written, 'rules/shop.yaml': `${String(written['rules/shop.yaml'])}${sinceDeploy}` });
    const backtest = (...more: string[]): ReturnType<typeof runCli> => runCli('--config', config, 'backtest', ...range, '--trigger', 'QueueSinceDeploy', ...more);
    expect((await backtest()).stderr).toMatch(/no change of shop is given: --change shop=INSTANT/);
    expect(await backtest('--change', 'shop')).toMatchObject({ code: 2, stderr: expect.stringContaining('TARGET=INSTANT') as string });
    const { code, stdout } = await backtest('--change', `shop=${at(queue.from) / 1_000 - 1}`, '--change', 'other=2026-01-01T00:00:00Z', '--json');
    expect(code).toBe(1);
    expect(named(JSON.parse(stdout) as BacktestSummary, 'QueueSinceDeploy').firings).toMatchObject([{ firedAt: at(queue.from + 20), clearedAt: at(queue.to), worst: '50000%' }]);
  });

  it('says what would have fired and what would have started, and exits 1', async () => {
    const config = configFolder(files(prometheus.url));
    const html = join(dirname(config), 'page.html');
    const { code, stdout, stderr } = await runCli('--config', config, 'backtest', ...range, '--json', '--html', html);
    expect(stderr).toBe('');
    expect(code).toBe(1);
    const summary = JSON.parse(stdout) as BacktestSummary;

    const [errorsFired] = named(summary, 'Errors').firings;
    // The ratio over one minute passes 10% two samples after the errors have begun, and 10% again soon after their end.
    expect(errorsFired?.firedAt).toBeGreaterThanOrEqual(at(errors.from + 20));
    expect(errorsFired?.firedAt).toBeLessThanOrEqual(at(errors.from + 22));
    expect(errorsFired?.clearedAt).toBeLessThanOrEqual(at(errors.to + 5));
    expect(errorsFired).toMatchObject({ decision: 'execute', reason: 'sustained-breach', level: 1, plan: 'flag-off', worst: '40%' });
    expect(named(summary, 'Errors')).toMatchObject({ ticks: TICKS, stepMs: 15_000, fromAt: at(0), toAt: at(TICKS - 1) });
    expect(named(summary, 'Errors').firingsPerWeek).toBeCloseTo(7 / 3, 1);

    // While the errors still fire, the ladder begins at the highest low end: level 2, which has no plan, so level 3.
    expect(named(summary, 'QueueDeep').firings).toEqual([
      expect.objectContaining({ labels: { queue: 'a' }, activeAt: at(queue.from), firedAt: at(queue.from + 20), clearedAt: at(queue.to), level: 3, plan: 'code-back' }),
    ]);
    expect(named(summary, 'QueueGrown').firings).toMatchObject([{ firedAt: at(queue.from + 20), clearedAt: at(queue.to), worst: '50000%' }]);
    expect(named(summary, 'QueueGrown').unknownShare).toBeGreaterThan(0);
    expect(named(summary, 'Both').firings).toMatchObject([{ activeAt: at(queue.from + 20), firedAt: at(queue.from + 28), clearedAt: errorsFired?.clearedAt, worst: '2', level: 3 }]);
    // Of two, the one without a history is unknown: what the other says is enough to fire, and not to clear.
    expect(named(summary, 'Either')).toMatchObject({ firings: [{ firedAt: at(queue.from + 20), clearedAt: null }], faults: [expect.stringMatching(/^HeapFull is unknown throughout: app/)] });
    expect(summary.failed).toEqual([{ trigger: 'Broken', target: 'shop', reason: expect.stringMatching(/past of source prom cannot be read: execution: .*many-to-many|found duplicate series/) as unknown }]);
    expect(summary.notReplayed).toEqual([
      { trigger: 'HeapFull', target: 'shop', reason: expect.stringMatching(/app, a scraped endpoint, keeps no history.*--csv/) as unknown },
      { trigger: 'Unhealthy', target: 'shop', reason: expect.stringMatching(/health endpoint keeps no history.*--csv/) as unknown },
    ]);

    const page = readFileSync(html, 'utf8');
    expect(page.match(/<svg /g)).toHaveLength(5);
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)|<link|@import/);
    expect(page.length).toBeLessThan(250_000);
  });

  it('is for people, with progress on stderr, and exits 0 when nothing fires', async () => {
    const config = configFolder(files(prometheus.url));
    const { code, stdout, stderr } = await runCli('--config', config, 'backtest', '--from', '2026-01-01T00:00:00Z', '--to', '2026-01-01T12:00:00Z', '--trigger', 'QueueDeep', '--step', '1m');
    expect(code).toBe(0);
    expect(stdout).toContain('QueueDeep (shop)  never fired');
    expect(stdout).toContain('721 ticks 1m apart');
    expect(stdout).toContain('highest value 20 at 2026-01-01 00:00:00Z, 2% of the threshold{queue="b"}');
    expect(stderr).toContain('QueueDeep: 100%');
  });

  it.each([
    [['--trigger', 'HeapFull'], /HeapFull cannot be replayed: app, a scraped endpoint, keeps no history; give it as files with --csv/],
    [['--trigger', 'Erors'], /no trigger "Erors": did you mean "Errors"\?/],
    [['--from', '2026-01-02T00:00:00Z', '--to', '2026-01-01T00:00:00Z'], /must be before --to/],
    [['--from', 'yesterday', '--step', '-5m'], /an instant is RFC 3339/],
  ])('refuses %j', async (argv, message) => {
    const config = configFolder(files(prometheus.url));
    const { code, stderr } = await runCli('--config', config, 'backtest', ...range, ...argv);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it('fails when nobody answers', async () => {
    const { code, stdout } = await runCli('--config', configFolder(files('http://127.0.0.1:1')), 'backtest', ...range, '--trigger', 'Errors');
    expect(stdout).toMatch(/failed: Errors: the past of source prom cannot be read: .* refused the connection/);
    expect(code).toBe(1);
  });
});

describe('belay backtest on files', () => {
  it('replays those that are there, whatever the source of their trigger is', async () => {
    const config = configFolder({ ...files('http://127.0.0.1:1'), 'csv/HeapFull.csv': `timestamp,value\n${Array.from({ length: 30 }, (_, index) => `${startS + index * 30},${index < 5 ? 0.9 : 0.97}`).join('\n')}\n` });
    const { code, stdout } = await runCli('--config', config, 'backtest', '--csv', join(dirname(config), 'csv'), '--json');
    expect(code).toBe(1);
    const summary = JSON.parse(stdout) as BacktestSummary;
    expect(summary.triggers.map(({ trigger }) => trigger)).toEqual(['HeapFull', 'Either']);
    expect(named(summary, 'Either').firings).toMatchObject([{ firedAt: (startS + 450) * 1_000 }]);
    expect(named(summary, 'HeapFull')).toMatchObject({ stepMs: 30_000, firings: [{ activeAt: (startS + 150) * 1_000, firedAt: (startS + 450) * 1_000, decision: 'notify-only', reason: 'monitor-only', worst: '97%' }] });
    expect(summary.notReplayed.map(({ trigger }) => trigger)).toEqual(['Errors', 'QueueDeep', 'Broken', 'QueueGrown', 'Both', 'Unhealthy']);
  });

  it('names bad lines', async () => {
    const config = configFolder(files('http://127.0.0.1:1'));
    const folder = dirname(config);
    writeFileSync(join(folder, 'Errors.csv'), '1000,0.5\n1015,much\n');
    const { code, stdout } = await runCli('--config', config, 'backtest', '--csv', folder, '--trigger', 'Errors');
    expect(stdout).toContain(`failed: Errors: ${join(folder, 'Errors.csv')}:2: "much" is not a value`);
    expect(code).toBe(1);
  });
});
