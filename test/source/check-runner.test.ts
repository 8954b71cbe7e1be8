import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as waitMs } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { runCommand } from '../../src/process/run-command.js';
import type { Check, CheckResult } from '../../src/source/check.js';
import { createCheckRunner, judge } from '../../src/source/check-runner.js';
import { parseCondition, type Condition } from '../../src/source/condition.js';
import { createSources } from '../../src/source/create-sources.js';
import type { Labels, Sample } from '../../src/source/sample.js';
import { startAnsweringServer, type AnsweringServer } from '../support/answering-server.js';
import { FakeClock } from '../support/fake-clock.js';
import { freePort } from '../support/free-port.js';
import { carriers } from '../support/processes.js';

const never = new AbortController().signal;
const clock = new FakeClock();
const opened: { stop?: () => Promise<void>; close?: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const item of opened.splice(0).reverse()) await (item.stop ?? item.close)?.();
});

async function answering(text = ''): Promise<AnsweringServer> {
  const server = await startAnsweringServer(text);
  opened.push(server);
  return server;
}
function run(check: Check, sources: ReturnType<typeof createSources> = new Map(), signal = never): Promise<CheckResult> {
  return createCheckRunner({ sources, clock, runCommand }).run(check, signal);
}
function condition(text: string): Condition {
  return parseCondition(text) as Condition;
}
function http(url: string, changes: Partial<Extract<Check, { type: 'http' }>> = {}): Check {
  return { type: 'http', name: 'front page', url, method: 'GET', headers: {}, expect: { status: 200 }, timeoutMs: 500, ...changes };
}

describe('an http check', () => {
  it('holds the answer against what is expected', async () => {
    const server = await answering('Welcome');
    expect(await run(http(server.url, { expect: { status: 200, contains: 'Welcome' } }))).toEqual({ name: 'front page', at: clock.now(), status: 'ok', detail: `${server.url} answered HTTP 200 as expected` });
    expect(await run(http(server.url, { expect: { status: 200, contains: 'Goodbye' } }))).toMatchObject({ status: 'failed', detail: `${server.url} answered without the text "Goodbye"` });
  });

  it('sends what it is told to', async () => {
    const server = await answering();
    await run(http(server.url, { method: 'POST', headers: { 'x-key': '1' }, body: { ping: true } }));
    await run(http(server.url, { method: 'POST', body: 'as it is' }));
    await run(http(server.url, { method: 'HEAD' }));
    expect(server.requests).toMatchObject([
      { method: 'POST', body: '{"ping":true}', headers: { 'x-key': '1', 'content-type': 'application/json' } },
      { method: 'POST', body: 'as it is' },
      { method: 'HEAD', body: '' },
    ]);
  });

  it('is failed when the other side does not answer, and an error when the fault is ours', async () => {
    const server = await answering();
    server.respond = () => undefined;
    expect(await run(http(server.url, { timeoutMs: 100 }))).toMatchObject({ status: 'failed', detail: expect.stringContaining('within 0.1s') as string });
    expect(await run(http(`http://127.0.0.1:${String(await freePort())}`))).toMatchObject({ status: 'failed', detail: expect.stringContaining('refused') as string });
    expect(await run(http('http://shop.invalid/'))).toMatchObject({ status: 'error' });
  });

  it('rejects when its caller aborts', async () => {
    const server = await answering();
    const abort = new AbortController();
    server.respond = () => abort.abort(new Error('cancelled'));
    await expect(run(http(server.url), new Map(), abort.signal)).rejects.toThrow('cancelled');
  });
});

describe('a query check', () => {
  const settings = { intervalMs: 5_000, timeoutMs: 1_000, headers: {} };
  const query = (text: string, changes: Partial<Extract<Check, { type: 'query' }>> = {}): Check => ({
    type: 'query', name: 'queue', source: 'app', signal: { type: 'queueDepth', metric: 'depth', select: {} }, condition: condition(text), timeoutMs: 1_000, ...changes,
  });

  it('asks its source now, and says what came of it', async () => {
    const server = await answering('depth 12\n');
    const sources = createSources([{ type: 'scrape', name: 'app', url: server.url, ...settings }], []);
    opened.push(...sources.values());
    expect(await run(query('< 100'), sources)).toMatchObject({ name: 'queue', status: 'ok', detail: '12 is < 100' });
    expect(await run(query('< 10'), sources)).toMatchObject({ status: 'failed', detail: '12 is not < 10' });
    expect(await run(query('< 10', { signal: { type: 'queueDepth', metric: 'width', select: {} } }), sources)).toMatchObject({ status: 'unknown' });
    expect(await run(query('< 10', { signal: undefined, expr: 'up' }), sources)).toMatchObject({ status: 'error', detail: expect.stringContaining('PromQL') as string });
    expect(await run(query('< 10', { signal: undefined }), sources)).toMatchObject({ status: 'error' });
    expect(await run(query('< 10', { source: 'elsewhere' }), sources)).toMatchObject({ status: 'error', detail: 'there is no source "elsewhere"' });
  });

  it('is an error when it is not answered in time', async () => {
    const server = await answering();
    server.respond = () => undefined;
    const sources = createSources([{ type: 'prometheus', name: 'app', url: server.url, ...settings }], []);
    opened.push(...sources.values());
    expect(await run(query('< 10', { timeoutMs: 100 }), sources)).toMatchObject({ status: 'error', detail: expect.stringContaining('0.1s') as string });
  });

  it('holds every series against its condition, and what is known to be bad weighs most', () => {
    const samples: Record<string, Sample> = {
      ok: { kind: 'value', at: 0, value: 0.01 },
      bad: { kind: 'value', at: 0, value: 0.2 },
      nan: { kind: 'no-data', at: 0, reason: 'nan' },
      old: { kind: 'stale', at: 0 },
      broken: { kind: 'error', at: 0, reason: 'timeout', message: 'too slow' },
    };
    const of = (...names: string[]): string => {
      const series = names.map((name): { labels: Labels; sample: Sample } => ({ labels: { is: name }, sample: samples[name]! }));
      const { status, detail } = judge({ kind: 'vector', at: 0, warnings: [], series }, condition('< 5%'));
      return `${status}: ${detail}`;
    };
    expect(of('ok', 'ok')).toBe('ok: 1% is < 5% for {is="ok"}');
    expect(of('ok', 'bad', 'broken', 'nan')).toBe('failed: 20% is not < 5% for {is="bad"}');
    expect(of('ok', 'nan', 'broken')).toBe('error: too slow for {is="broken"}');
    expect(of('ok', 'nan')).toBe('unknown: there is no data (nan) for {is="nan"}');
    expect(of('old', 'ok')).toBe('unknown: the newest sample is too old for {is="old"}');
    expect(of()).toBe('unknown: nothing matched the query');
  });
});

describe('a command check', () => {
  const command = (...argv: string[]): Check => ({ type: 'command', name: 'probe', argv, timeoutMs: 5_000 });

  it('goes by the exit code', async () => {
    expect(await run(command('true'))).toMatchObject({ status: 'ok', detail: 'true exited with 0' });
    expect(await run(command('sh', '-c', 'echo rows missing >&2; exit 1'))).toMatchObject({ status: 'failed', detail: 'sh exited with 1: rows missing' });
    expect(await run(command('sh', '-c', 'echo cannot tell; exit 2'))).toMatchObject({ status: 'error', detail: 'sh exited with 2: cannot tell' });
    expect(await run(command('sh', '-c', 'kill -KILL $$'))).toMatchObject({ status: 'error', detail: 'sh was ended by SIGKILL' });
    expect(await run(command('belay-no-such-program'))).toMatchObject({ status: 'error', detail: expect.stringContaining('belay-no-such-program') as string });
  });

  it('gets what is declared for it, and nothing else that Belay knows', async () => {
    process.env['BELAY_TEST_SECRET'] = 'of Belay';
    const asked = { ...command('sh', '-c', 'test "$TOKEN$BELAY_TEST_SECRET" = abc'), env: { TOKEN: 'abc' } } as Check;
    expect(await run(asked)).toMatchObject({ status: 'ok' });
    expect(await run({ ...asked, env: {} } as Check)).toMatchObject({ status: 'failed' });
    delete process.env['BELAY_TEST_SECRET'];
  });

  it('is ended after its time, with all that it started', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'belay-check-'));
    const file = join(directory, 'environment');
    const result = await run({ ...command('sh', '-c', `sleep 1000 & env > ${file}; wait`), timeoutMs: 300 });
    expect(result).toMatchObject({ status: 'error', detail: 'not done within 0.3s' });
    const entry = /^BELAY_COMMAND_ID=.*$/m.exec(readFileSync(file, 'utf8'))![0];
    expect(carriers(entry)).toEqual([]);
    rmSync(directory, { recursive: true });
  });

  it('rejects when its caller aborts', async () => {
    const abort = new AbortController();
    const running = run(command('sleep', '1000'), new Map(), abort.signal);
    void waitMs(50).then(() => abort.abort(new Error('cancelled')));
    await expect(running).rejects.toThrow('cancelled');
  });
});

describe('a health check', () => {
  const health: Check = { type: 'health', name: 'health of shop', target: 'shop', timeoutMs: 1_000 };

  it('asks the health source', async () => {
    const server = await answering('fine');
    const settings = { target: 'shop', url: server.url, intervalMs: 5_000, timeoutMs: 500, headers: {}, expect: { status: 200 } };
    const sources = createSources([], [settings]);
    opened.push(...sources.values());
    expect(await run(health, sources)).toMatchObject({ status: 'ok', detail: 'healthy' });
    server.status = 500;
    await clock.advance(5_000);
    expect(await run(health, sources)).toMatchObject({ status: 'failed', detail: `${server.url} answered HTTP 500 instead of 200` });
    expect(await run({ ...health, target: 'stranger' }, sources)).toMatchObject({ status: 'error' });
    expect(await run(health)).toMatchObject({ status: 'error', detail: 'there is no source "health"' });
  });
});
