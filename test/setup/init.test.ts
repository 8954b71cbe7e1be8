import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { main } from '../../src/cli/main.js';
import { startAnsweringServer } from '../support/answering-server.js';
import { type PrometheusServer, startPrometheus } from '../support/prometheus-server.js';

const MINUTE_S = 60;
const PAST_MINUTES = 36 * 60;

let prometheus: PrometheusServer;
let folder: string;
let stdout = '';
let stderr = '';

interface WrittenTrigger {
  readonly name: string;
  readonly condition: string;
  readonly response?: string;
  readonly levels?: readonly number[];
  readonly level?: number;
}

/** A day and a half of a service that fails in 2 of 100 requests, and for half an hour in 8 of 100. */
function past(nowSeconds: number): string {
  const rows = new Map<string, string[]>();
  const note = (series: string, at: number, value: number): void => {
    const written = rows.get(series) ?? [];
    rows.set(series, written);
    written.push(`${series} ${value} ${at}`);
  };
  let good = 0;
  let bad = 0;
  for (let minute = 0; minute <= PAST_MINUTES; minute++) {
    const at = nowSeconds - (PAST_MINUTES - minute) * MINUTE_S;
    const failing = minute >= 600 && minute < 630 ? 8 : 2;
    good += 100 - failing;
    bad += failing;
    note('http_requests_total{job="checkout",status="200"}', at, good);
    note('http_requests_total{job="checkout",status="500"}', at, bad);
    note('pool_connections_active{job="checkout"}', at, minute > 300 && minute < 400 ? 9.3 : 4);
    note('pool_connections_max{job="checkout"}', at, 10);
    note('mail_queue_depth{job="checkout"}', at, 30 + (minute % 7));
    note('other_requests_total{job="billing",status="500"}', at, minute);
  }
  // One family after another, as OpenMetrics wants it.
  return `${[...rows.values()].flat().join('\n')}\n# EOF\n`;
}

beforeAll(async () => {
  prometheus = await startPrometheus({ openMetrics: past(Math.floor(Date.now() / 1000)) });
});
afterAll(() => prometheus.stop());

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-init-test-'));
  stdout = '';
  stderr = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

function writtenTriggers(file: string): ReadonlyMap<string, WrittenTrigger> {
  const { triggers } = parse(readFileSync(join(folder, 'rules', file), 'utf8')) as { triggers: readonly WrittenTrigger[] };
  return new Map(triggers.map((trigger) => [trigger.name, trigger]));
}

it('learns thresholds from the past of a real Prometheus, under which nothing would have fired', async () => {
  expect(await main(['init', '--prometheus', prometheus.url, '--target', 'checkout', '--out', folder, '--days', '2'])).toBe(0);
  const triggers = writtenTriggers('checkout.yaml');
  // 8% for half an hour is more than 5%; 93% for a hundred minutes is more than 90%; 36 is more than 20.
  expect(triggers.get('CheckoutErrorRateHigh')).toMatchObject({ condition: '> 10%', level: 3 });
  expect(triggers.get('CheckoutPoolConnectionsActiveNearlyFull')).toMatchObject({ condition: '> 95%', response: 'monitor' });
  expect(triggers.get('CheckoutMailQueueDeep')).toMatchObject({ condition: '> 50', response: 'monitor' });
  expect(stdout).toMatch(/In 1\.5 days of values: never fired; .*highest value 8%/);
  expect(stdout).not.toContain('billing');

  const short = join(folder, 'short');
  stdout = '';
  expect(await main(['init', '--prometheus', prometheus.url, '--target', 'checkout', '--out', short, '--days', '0.25'])).toBe(0);
  expect(stdout).toMatch(/In only (?:6h|5h5\dm) of values: /);
  expect(readFileSync(join(folder, 'belay.yaml'), 'utf8')).toContain('\nmode: dry-run\n');

  stdout = '';
  expect(await main(['check', '--config', join(folder, 'belay.yaml')])).toBe(0);
  expect(stdout).toContain('is still to be filled in: the command that deploys a version');
  expect(stdout).toContain('well: 1 target, 3 triggers, 1 plan, mode dry-run');

  stdout = '';
  expect(await main(['backtest', '--config', join(folder, 'belay.yaml'), '--from', '2d', '--json'])).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ fired: false, failed: [] });
});

it('says which jobs there are when it cannot know which is meant, and writes nothing', async () => {
  expect(await main(['init', '--prometheus', prometheus.url, '--target', 'shop', '--out', folder])).toBe(2);
  expect(stderr).toContain('say which with --job: billing, checkout');
  expect(readdirSync(folder)).toEqual([]);
});

it('lets what has fired only tell people, and says when it was', async () => {
  expect(await main(['init', '--prometheus', prometheus.url, '--target', 'shop', '--job', 'billing', '--out', folder, '--days', '2'])).toBe(0);
  expect(writtenTriggers('shop.yaml').get('ShopErrorRateHigh')).toMatchObject({ condition: '> 50%', response: 'monitor' });
  expect(stdout).toMatch(/fired once.*\n.*It fired at .* \(up to 100%\)\. Was that an incident\?/);
});

it('reads a /metrics and a health endpoint, finds a flag file and a compose project, and never writes over a file', async () => {
  const server = await startAnsweringServer();
  server.respond = (request, response) => {
    response.setHeader('content-type', request.url === '/metrics' ? 'text/plain; version=0.0.4' : 'application/json');
    response.end(request.url === '/metrics' ? 'http_requests_total{status="200"} 5\n' : '{"status":"healthy"}');
  };
  try {
    writeFileSync(join(folder, 'flags.json'), '{"flags":{"new-checkout":{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"on"}}}');
    writeFileSync(join(folder, 'compose.yaml'), 'services: { db: { image: "postgres:17" }, api: { image: "shop/api:${API_TAG:-v1}" } }\n');
    const init = ['init', '--metrics', `${server.url}/metrics`, '--health', `${server.url}/health`, '--target', 'web shop', '--out', folder];
    expect(await main(init)).toBe(0);
    expect(writtenTriggers('web-shop.yaml').get('WebShopErrorRateHigh')?.levels).toEqual([1, 3]);
    expect(stdout).toContain('not learned ones');
    expect(await main(['init', '--metrics', `${server.url}/metrics`, '--target', 'plain', '--out', join(folder, 'plain')])).toBe(0);
    expect(readFileSync(join(folder, 'plain/belay.yaml'), 'utf8')).toContain(`# health: { url: "${server.url}/health" }`);
    const belay = readFileSync(join(folder, 'belay.yaml'), 'utf8');
    expect(belay).toContain('json: { status: "healthy" }');
    expect(belay).toContain('type: compose, projectDirectory: ".", service: "api", tagVariable: API_TAG');
    stdout = '';
    expect(await main(['check', '--config', join(folder, 'belay.yaml')])).toBe(0);
    expect(stdout).toMatch(/^[^\n]*: warning: nothing was drilled yet, [^\n]*\n[^\n]*belay drill PLAN\nwell: 1 target, 2 triggers, 2 plans, mode dry-run\n$/);

    rmSync(join(folder, 'belay.yaml'));
    expect(await main(init)).toBe(2);
    expect(stderr).toContain(`${join(folder, 'rules/web-shop.yaml')}, ${join(folder, 'plans/web-shop-flag-off.yaml')}`);
    expect(existsSync(join(folder, 'belay.yaml'))).toBe(false);
  } finally {
    await server.stop();
  }
});

it.each([
  [['--metrics', 'http://127.0.0.1:1/metrics', '--target', 'shop'], 1, 'refused the connection; is the address right'],
  [['--metrics', 'shop:80', '--target', 'shop'], 2, 'must begin with http:// or https://'],
  [['--target', 'shop'], 2, 'give --prometheus URL or --metrics URL (on a terminal belay init asks)'],
  [['--metrics', 'http://a/', '--prometheus', 'http://b/', '--target', 'shop'], 2, 'give either'],
])('init %j is refused', async (argv, code, message) => {
  expect(await main(['init', ...argv, '--out', folder])).toBe(code);
  expect(stderr).toContain(message);
  expect(readdirSync(folder)).toEqual([]);
});
