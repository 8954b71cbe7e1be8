import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createScrapeSource } from '../../src/source/scrape-source.js';
import type { Observation } from '../../src/source/sample.js';
import type { Signal } from '../../src/source/signal.js';
import type { Source } from '../../src/source/source.js';
import { startAnsweringServer, type AnsweringServer } from '../support/answering-server.js';
import { startRawServer } from '../support/raw-server.js';

const never = new AbortController().signal;
const start = Date.UTC(2026, 0, 1);
const errorRate: Signal = { type: 'errorRate', metric: 'requests_total', select: {}, errors: { status: '5..' }, windowMs: 60_000 };
const depth: Signal = { type: 'queueDepth', metric: 'depth', select: {} };

let server: AnsweringServer;
let source: Source;
beforeEach(async () => {
  server = await startAnsweringServer();
  source = scrapeOf(server.url);
});
afterEach(async () => {
  await source.close();
  await server.stop();
});

function scrapeOf(url: string, signals: readonly Signal[] = [], timeoutMs = 2_000): Source {
  return createScrapeSource({ type: 'scrape', name: 'app', url: `${url}/metrics`, intervalMs: 5_000, timeoutMs, headers: { authorization: 'Bearer hunter22' } }, { signals });
}
function ask(signal: Signal, atMs: number, of = source): Promise<Observation> {
  return of.observe({ kind: 'signal', signal }, start + atMs, never);
}
function short(observation: Observation): unknown {
  if (observation.kind === 'error') return observation.reason;
  const sample = observation.series[0]?.sample;
  return sample === undefined ? 'empty' : sample.kind === 'value' ? sample.value : sample.kind === 'no-data' ? sample.reason : sample.kind;
}
const requests = (ok: number, failed: number): string => `requests_total{status="200"} ${String(ok)}\nrequests_total{status="500"} ${String(failed)}\n`;

describe('scraping', () => {
  it('goes on when the clock was set back, and what was seen in the time to come counts for nothing', async () => {
    const hour = 3_600_000;
    for (const [at, ok] of [[hour, 100], [hour + 5_000, 200]] as const) {
      server.text = requests(ok, 0);
      await ask(errorRate, at);
    }
    const answers: unknown[] = [];
    for (const [at, failed] of [[0, 10], [5_000, 20], [10_000, 30], [15_000, 40]] as const) {
      server.text = requests(200, failed);
      answers.push(short(await ask(errorRate, at)));
    }
    expect(answers).toEqual(['our-side', 'our-side', 'too-few-samples', 1]);
    server.text = requests(210, 40);
    expect(short(await ask(errorRate, hour - 1_000))).toBe('too-few-samples');
    server.text = requests(220, 40);
    expect(short(await ask(errorRate, hour + 2_000))).toBe(0);
  });

  it('keeps its order when the clock was set back by a few intervals', async () => {
    for (const [at, failed] of [[60_000, 0], [65_000, 5]] as const) {
      server.text = requests(100, failed);
      await ask(errorRate, at);
    }
    for (const [at, failed] of [[45_000, 10], [50_000, 20], [53_000, 30], [58_000, 40]] as const) {
      server.text = requests(100, failed);
      await ask(errorRate, at);
    }
    server.text = requests(110, 40);
    // Ten more of each since the first scrape after the step; what was scraped in the time to come is not among them.
    expect(short(await ask(errorRate, 63_000))).toBe(0.5);
  });

  it('happens once per instant, for all who ask', async () => {
    server.text = `${requests(0, 0)}depth 3\n`;
    const both = await Promise.all([ask(errorRate, 0), ask(depth, 0), ask(errorRate, 0)]);
    expect(both.map(short)).toEqual(['too-few-samples', 3, 'too-few-samples']);
    expect(short(await ask(depth, 0))).toBe(3);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatchObject({ method: 'GET', url: '/metrics', headers: { authorization: 'Bearer hunter22', accept: expect.stringContaining('openmetrics') as string } });
    server.text = `${requests(75, 25)}depth 4\n`;
    expect(await ask(errorRate, 5_000)).toEqual({ kind: 'vector', at: start + 5_000, series: [{ labels: {}, sample: { kind: 'value', at: start + 5_000, value: 0.25 } }], warnings: [] });
    expect(short(await ask(depth, 5_000))).toBe(4);
    expect(server.requests).toHaveLength(2);
  });

  it('searches the newest document again for what nobody has asked before, and begins to count there', async () => {
    server.text = 'ticks_total 5\n';
    expect(short(await ask(depth, 0))).toBe('empty');
    server.text = requests(100_000, 90_000);
    expect(short(await ask(depth, 5_000))).toBe('empty');
    // Its series have not appeared just now: they were only not looked for before.
    expect(short(await ask(errorRate, 5_000))).toBe('too-few-samples');
    server.text = requests(100_009, 90_001);
    expect(short(await ask(errorRate, 10_000))).toBe(0.1);
    expect(server.requests).toHaveLength(3);
  });

  it('remembers what is declared from its first scrape on', async () => {
    const declared = scrapeOf(server.url, [errorRate]);
    server.text = requests(0, 0);
    await ask(depth, 0, declared);
    server.text = requests(9, 1);
    await ask(depth, 5_000, declared);
    expect(short(await ask(errorRate, 5_000, declared))).toBe(0.1);
    await declared.close();
  });

  it('answers whoever comes a little late from the scrape that came after, and nobody who is long over', async () => {
    server.text = 'depth 1\n';
    await ask(depth, 0);
    server.text = 'depth 2\n';
    await ask(depth, 10_000);
    expect(await ask(depth, 8_000)).toMatchObject({ at: start + 8_000, series: [{ sample: { at: start + 8_000, value: 2 } }] });
    expect(short(await ask(depth, 1_000))).toBe('our-side');
    expect(server.requests).toHaveLength(2);
  });

  it('keeps two that overlap in the order of their instants', async () => {
    const answers: (() => void)[] = [];
    server.respond = (_request, response) => {
      const text = requests(answers.length * 9, answers.length);
      answers.push(() => void response.writeHead(200, server.headers).end(text));
    };
    const first = ask(errorRate, 0);
    await until(() => answers.length === 1);
    const second = ask(errorRate, 5_000);
    await until(() => answers.length === 2);
    answers[1]!();
    answers[0]!();
    expect([await first, await second].map(short)).toEqual(['too-few-samples', 0.1]);
  });

  it('is not ended for the others when one who asks gives up', async () => {
    const abort = new AbortController();
    server.respond = (_request, response) => {
      abort.abort(new Error('gave up'));
      setTimeout(() => response.writeHead(200, server.headers).end('depth 7\n'), 50);
    };
    const gone = source.observe({ kind: 'signal', signal: depth }, start, abort.signal);
    const patient = ask(depth, 0);
    await expect(gone).rejects.toThrow('gave up');
    expect(short(await patient)).toBe(7);
  });

  it('ends when the source is closed', async () => {
    server.respond = () => void source.close();
    expect(short(await ask(depth, 0))).toBe('our-side');
  });

  it('answers no PromQL and no health', async () => {
    expect(await source.observe({ kind: 'promql', expr: 'up' }, start, never)).toMatchObject({ kind: 'error', reason: 'query-refused', message: expect.stringContaining('signal') as string });
    expect(await source.observe({ kind: 'health', target: 'shop' }, start, never)).toMatchObject({ kind: 'error', reason: 'query-refused' });
    expect(server.requests).toEqual([]);
  });
});

describe('the window', () => {
  it('forgets what is older, and goes on over scrapes that failed', async () => {
    server.text = requests(0, 1_000);
    await ask(errorRate, 0);
    server.text = requests(100, 2_000);
    expect(short(await ask(errorRate, 5_000))).toBe(1_000 / 1_100);
    server.status = 500;
    expect(short(await ask(errorRate, 10_000))).toBe('http-status');
    server.status = 200;
    server.text = requests(190, 2_010);
    expect(short(await ask(errorRate, 65_000))).toBe(0.1);
    expect(short(await ask(errorRate, 125_000))).toBe('nan');
    expect(short(await ask(errorRate, 200_000))).toBe('too-few-samples');
  });

  it('says so when there are more series than can be remembered', async () => {
    server.text = Array.from({ length: 10_001 }, (_, index) => `requests_total{status="200",user="${String(index)}"} 1\n`).join('');
    expect(await ask(errorRate, 0)).toMatchObject({ kind: 'error', reason: 'bad-answer', message: expect.stringContaining('10000') as string });
    // Others do not count.
    expect(short(await ask(depth, 5_000, scrapeOf(server.url)))).toBe('empty');
  });

  it('is cut short, and says that too, when its scrapes have too many samples together', async () => {
    const hour: Signal = { ...errorRate, windowMs: 3_600_000 };
    const users = Array.from({ length: 9_000 }, (_, index) => `requests_total{user="${String(index)}"}`);
    let observation: Observation | undefined;
    for (let round = 0; round < 57; round += 1) {
      server.text = users.map((user) => `${user} ${String(round)}\n`).join('');
      observation = await ask(hour, round * 5_000);
      if (round < 50) expect(observation).toMatchObject({ warnings: [] });
    }
    expect(observation).toMatchObject({ kind: 'vector', series: [{ sample: { value: 0 } }], warnings: [expect.stringContaining('shorter')] });
  });
});

describe('documents', () => {
  it('may be OpenMetrics, compressed, or of no declared type', async () => {
    server.headers = { 'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8' };
    server.text = 'depth 5 # {trace="x"} 1\n# EOF\n';
    expect(short(await ask(depth, 0))).toBe(5);
    server.headers = {};
    server.text = 'depth 6';
    expect(short(await ask(depth, 5_000))).toBe(6);
    server.respond = (_request, response) => void response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }).end(gzipSync('depth 7\n'));
    expect(short(await ask(depth, 10_000))).toBe(7);
  });

  it.each<[string, string, Record<string, string>, string]>([
    ['HTML', '<html>Sign in</html>', { 'content-type': 'text/html' }, 'line 1'],
    ['a malformed line among metrics that nobody asks about', 'depth 5\nother{a=b} 1\n', {}, 'line 2'],
    ['OpenMetrics without its end', 'depth 5\n', { 'content-type': 'application/openmetrics-text' }, 'EOF'],
  ])('are not believed: %s', async (_what, text, headers, said) => {
    server.headers = headers;
    server.text = text;
    expect(await ask(depth, 0)).toMatchObject({ kind: 'error', reason: 'bad-answer', message: expect.stringContaining(said) as string });
    server.headers = {};
    server.text = 'depth 6\n';
    expect(short(await ask(depth, 5_000))).toBe(6);
  });

  it('are not believed when they may have been cut off on the way', async () => {
    const raw = await startRawServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\ndepth 12'));
    const cut = scrapeOf(raw.url);
    expect(await ask(depth, 0, cut)).toMatchObject({ kind: 'error', reason: 'bad-answer', message: expect.stringContaining('cut off') as string });
    await cut.close();
    await raw.stop();
  });

  it('have to be there in time', async () => {
    const slow = scrapeOf(server.url, [], 100);
    server.respond = () => undefined;
    expect(short(await ask(depth, 0, slow))).toBe('timeout');
    await slow.close();
  });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
