import { afterEach, describe, expect, it } from 'vitest';
import { createPrometheusSource } from '../../src/source/prometheus-source.js';
import type { Observation } from '../../src/source/sample.js';
import type { PrometheusSettings } from '../../src/source/source-settings.js';
import type { Source } from '../../src/source/source.js';
import { startAnsweringServer, type AnsweringServer } from '../support/answering-server.js';
import { freePort } from '../support/free-port.js';
import { startRawServer, type RawServer } from '../support/raw-server.js';

const never = new AbortController().signal;
const at = Date.UTC(2026, 0, 1);
const opened: { stop?: () => Promise<void>; close?: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const item of opened.splice(0).reverse()) await (item.stop ?? item.close)?.();
});

function sourceAt(url: string, settings: Partial<PrometheusSettings> = {}): Source {
  const source = createPrometheusSource({ type: 'prometheus', name: 'prometheus', url, intervalMs: 1_000, timeoutMs: 2_000, headers: {}, ...settings });
  opened.push(source);
  return source;
}
async function answering(text: string, status = 200): Promise<AnsweringServer> {
  const server = await startAnsweringServer(text, { 'content-type': 'application/json' });
  server.status = status;
  opened.push(server);
  return server;
}
async function raw(...args: Parameters<typeof startRawServer>): Promise<RawServer> {
  const server = await startRawServer(...args);
  opened.push(server);
  return server;
}
const ask = (source: Source, signal = never): Promise<Observation> => source.observe({ kind: 'promql', expr: 'up' }, at, signal);
const vector = (result: unknown): string => JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });
const refusal = (errorType: string): string => JSON.stringify({ status: 'error', errorType, error: 'because' });

describe('answers that are none', () => {
  const html = '<!DOCTYPE html><title>Sign in</title>';
  it.each<[string, string, number, string]>([
    ['HTML', html, 200, 'bad-answer'],
    ['an empty body', '', 200, 'bad-answer'],
    ['half of a JSON text', vector([]).slice(0, -3), 200, 'bad-answer'],
    ['JSON of another shape', '{"status":"success"}', 200, 'bad-answer'],
    ['a JSON null', 'null', 200, 'bad-answer'],
    ['a value that is no number', vector([{ metric: {}, value: [1, 'many'] }]), 200, 'bad-answer'],
    ['a number that is not written as a text', vector([{ metric: {}, value: [1, 5] }]), 200, 'bad-answer'],
    ['a series without a value', vector([{ metric: {} }]), 200, 'bad-answer'],
    ['a label that is no text', vector([{ metric: { a: 1 }, value: [1, '1'] }]), 200, 'bad-answer'],
    ['a native histogram', vector([{ metric: {}, histogram: [1, {}] }]), 200, 'wrong-type'],
    ['a refused query', refusal('bad_data'), 400, 'query-refused'],
    ['a query that failed', refusal('execution'), 422, 'query-refused'],
    ['a query that took too long', refusal('timeout'), 503, 'timeout'],
    ['a failure of the server', refusal('internal'), 500, 'http-status'],
    ['an error with a name of every object', refusal('constructor'), 500, 'http-status'],
    ['a proxy without a server behind it', html, 502, 'http-status'],
    ['an answer that only the status spoils', vector([]), 500, 'http-status'],
    ['a redirect', '', 302, 'http-status'],
  ])('%s', async (_what, text, status, reason) => {
    const server = await answering(text, status);
    expect(await ask(sourceAt(server.url))).toMatchObject({ kind: 'error', at, reason });
    expect(server.requests).toHaveLength(1);
  });

  it('a body that ends before its announced length', async () => {
    const server = await raw((socket) => socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n${vector([])}`));
    expect(await ask(sourceAt(server.url))).toMatchObject({ kind: 'error', reason: 'bad-answer' });
  });

  it('something that is not HTTP', async () => {
    const server = await raw((socket) => socket.end('220 mail.example.com ESMTP\r\n'));
    expect(await ask(sourceAt(server.url))).toMatchObject({ kind: 'error', reason: 'bad-answer' });
  });

  it('an answer larger than 32 MiB, of which the rest is not read', async () => {
    let written = 0;
    const server = await raw((socket) => {
      const chunk = Buffer.alloc(1024 * 1024, ' ');
      socket.write('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n');
      const pour = (): void => {
        if (socket.destroyed || written >= 200) return;
        written += 1;
        socket.write(chunk, pour);
      };
      pour();
    });
    expect(await ask(sourceAt(server.url, { timeoutMs: 20_000 }))).toMatchObject({ kind: 'error', reason: 'bad-answer' });
    expect(written).toBeLessThan(60);
  });
});

describe('servers that do not answer', () => {
  it('refuse', async () => {
    const port = await freePort();
    expect(await ask(sourceAt(`http://127.0.0.1:${String(port)}`))).toMatchObject({ kind: 'error', reason: 'unreachable', message: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/api\/v1\/query refused the connection$/) as string });
  });

  it('reset the connection', async () => {
    const server = await raw((socket) => socket.resetAndDestroy());
    expect(await ask(sourceAt(server.url))).toMatchObject({ kind: 'error', reason: 'unreachable' });
  });

  it('have a name that does not resolve', async () => {
    expect(await ask(sourceAt('http://prometheus.invalid:9090'))).toMatchObject({ kind: 'error', reason: 'our-side' });
  });

  it.each<[string, Parameters<typeof startRawServer>[0]]>([
    ['say nothing', () => undefined],
    ['stop after the headers', (socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"status"')],
    [
      'send a byte now and then',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
        const drip = setInterval(() => socket.write(' '), 20);
        socket.on('close', () => clearInterval(drip));
      },
    ],
    [
      'send a byte of the headers now and then',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nx: ');
        const drip = setInterval(() => socket.write('x'), 20);
        socket.on('close', () => clearInterval(drip));
      },
    ],
  ])('%s: the deadline ends it', async (_what, onRequest) => {
    const closed: Promise<unknown>[] = [];
    const server = await raw((socket, head) => {
      closed.push(new Promise((resolve) => socket.once('close', resolve)));
      onRequest(socket, head);
    });
    const startedMs = performance.now();
    expect(await ask(sourceAt(server.url, { timeoutMs: 300 }))).toMatchObject({ kind: 'error', at, reason: 'timeout', message: expect.stringContaining('0.3s') as string });
    expect(performance.now() - startedMs).toBeLessThan(1_500);
    // Nothing is left open behind it.
    await Promise.all(closed);
  });
});

describe('the caller', () => {
  it('ends the request by aborting, which alone rejects', async () => {
    const abort = new AbortController();
    let closed: Promise<unknown> = Promise.resolve();
    const server = await raw((socket) => {
      closed = new Promise((resolve) => socket.once('close', resolve));
      abort.abort(new Error('shutting down'));
    });
    await expect(ask(sourceAt(server.url), abort.signal)).rejects.toThrow('shutting down');
    await closed;
    await expect(ask(sourceAt(server.url), abort.signal)).rejects.toThrow('shutting down');
  });

  it('has its token sent and never told', async () => {
    const server = await answering(refusal('internal'), 500);
    const source = sourceAt(`${server.url.replace('//', '//user:hunter22@')}/prometheus/?key=sesame`, { headers: { authorization: 'Bearer hunter22' } });
    const refused = await ask(source);
    expect(server.requests[0]).toMatchObject({ method: 'GET', url: expect.stringMatching(/^\/prometheus\/api\/v1\/query\?key=sesame&query=up&time=1767225600\.000&timeout=2s$/) as string });
    await server.stop();
    opened.splice(opened.indexOf(server), 1);
    const unreachable = await ask(source);
    expect(unreachable).toMatchObject({ kind: 'error', reason: 'unreachable' });
    expect(JSON.stringify([refused, unreachable])).not.toMatch(/hunter22|sesame/);
  });
});

describe('warnings and connections', () => {
  it('hands warnings and infos on', async () => {
    const server = await answering(JSON.stringify({ status: 'success', warnings: ['partial'], infos: ['not a counter'], data: { resultType: 'scalar', result: [at / 1000, '4'] } }));
    expect(await ask(sourceAt(server.url))).toEqual({ kind: 'vector', at, series: [{ labels: {}, sample: { kind: 'value', at, value: 4 } }], warnings: ['partial', 'not a counter'] });
  });

  it.each([
    ['vector', (time: number) => [{ metric: {}, value: [time, '4'] }]],
    ['scalar', (time: number) => [time, '4']],
  ])('takes a %s of another time than was asked about for stale', async (resultType, result) => {
    for (const skewS of [-61, 61]) {
      const server = await answering(JSON.stringify({ status: 'success', data: { resultType, result: result(at / 1000 + skewS) } }));
      expect(await ask(sourceAt(server.url))).toMatchObject({ series: [{ sample: { kind: 'stale', at } }] });
    }
  });

  it('hears of no leak when many questions share one signal', async () => {
    const warned: Error[] = [];
    const onWarning = (warning: Error): void => void warned.push(warning);
    process.on('warning', onWarning);
    const source = sourceAt((await answering(vector([]))).url);
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 30 }, () => ask(source, signal)));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', onWarning);
    expect(warned).toEqual([]);
  });

  it('keeps a connection, and makes a new one when the server has closed it just then', async () => {
    const answer = `HTTP/1.1 200 OK\r\ncontent-length: ${String(vector([]).length)}\r\n\r\n${vector([])}`;
    let answered = 0;
    const server = await raw((socket) => {
      answered += 1;
      // The third request finds its connection closed in the very moment that it is sent.
      if (answered === 3) socket.resetAndDestroy();
      else socket.write(answer);
    });
    const source = sourceAt(server.url);
    for (let round = 0; round < 4; round += 1) expect(await ask(source)).toMatchObject({ kind: 'vector' });
    expect(server.connections).toBe(2);
  });

  it('asks for small answers unpacked and for the long ones of the past packed', async () => {
    const server = await answering(vector([]));
    const source = sourceAt(server.url);
    await ask(source);
    await source.history?.({ kind: 'promql', expr: 'up' }, at - 1_000, at, 1_000, never);
    expect(server.requests.map(({ headers }) => headers['accept-encoding'])).toEqual(['identity', expect.stringContaining('gzip')]);
  });

  it('does not follow a redirect with its token', async () => {
    const other = await answering(vector([]));
    const server = await answering('');
    server.respond = (_request, response) => void response.writeHead(307, { location: other.url }).end();
    expect(await ask(sourceAt(server.url, { headers: { authorization: 'Bearer hunter22' } }))).toMatchObject({ kind: 'error', reason: 'http-status' });
    expect(other.requests).toEqual([]);
  });
});

it('leaves no listener on a signal that lives on', async () => {
  const server = await answering(vector([]));
  const source = sourceAt(server.url);
  const long = new AbortController();
  let listeners = 0;
  const signal = long.signal;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners += 1;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...args);
  };
  for (let round = 0; round < 5; round += 1) await ask(source, signal);
  expect(listeners).toBe(0);
});
