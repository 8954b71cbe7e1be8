import { afterEach, describe, expect, it } from 'vitest';
import type { SharedFateRule } from '../../src/source/shared-fate.js';
import { createHealthSource, type HealthSource } from '../../src/source/health-source.js';
import type { Observation } from '../../src/source/sample.js';
import type { HealthSettings } from '../../src/source/source-settings.js';
import { startAnsweringServer, type AnsweringServer } from '../support/answering-server.js';
import { freePort } from '../support/free-port.js';
import { startRawServer } from '../support/raw-server.js';

const never = new AbortController().signal;
const start = Date.UTC(2026, 0, 1);
const opened: { stop?: () => Promise<void>; close?: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const item of opened.splice(0).reverse()) await (item.stop ?? item.close)?.();
});

async function healthy(): Promise<AnsweringServer> {
  const server = await startAnsweringServer('{"status":"healthy","checks":{"db":"up","cache":"up"}}', { 'content-type': 'application/json' });
  opened.push(server);
  return server;
}
function settings(url: string, changes: Partial<HealthSettings> = {}): HealthSettings {
  return { target: 'shop', url, intervalMs: 5_000, timeoutMs: 1_000, headers: {}, expect: { status: 200, json: { status: 'healthy' } }, ...changes };
}
function sourceOf(health: readonly HealthSettings[], options: { sharedFate?: SharedFateRule | 'never' } = {}): HealthSource {
  const source = createHealthSource(health, options);
  opened.push(source);
  return source;
}
const ask = (source: HealthSource, target = 'shop', at = 0): Promise<Observation> => source.observe({ kind: 'health', target }, start + at, never);
function short(observation: Observation): unknown {
  if (observation.kind === 'error') return observation.reason;
  const sample = observation.series[0]!.sample;
  return sample.kind === 'value' ? sample.value : sample.kind;
}

describe('one endpoint', () => {
  it('is 1 while it answers as expected, and 0 with the reason when it does not', async () => {
    const server = await healthy();
    const source = sourceOf([settings(`${server.url}/health`, { expect: { status: 200, json: { status: 'healthy', checks: { db: 'up' } } } })]);
    expect(await ask(source)).toEqual({ kind: 'vector', at: start, series: [{ labels: {}, sample: { kind: 'value', at: start, value: 1 } }], warnings: [] });
    server.text = '{"status":"healthy","checks":{"db":"down"}}';
    expect(await ask(source, 'shop', 5_000)).toMatchObject({ series: [{ sample: { value: 0 } }], warnings: [`${server.url}/health answered JSON in which $.checks.db is "down" instead of "up"`] });
    server.status = 503;
    expect(await ask(source, 'shop', 10_000)).toMatchObject({ series: [{ sample: { value: 0 } }], warnings: [expect.stringContaining('HTTP 503 instead of 200')] });
  });

  it('goes on when the clock was set back', async () => {
    const server = await healthy();
    const source = sourceOf([settings(`${server.url}/health`)]);
    expect(short(await ask(source, 'shop', 3_600_000))).toBe(1);
    server.status = 503;
    const answers: unknown[] = [];
    for (const at of [0, 5_000, 10_000, 15_000]) answers.push(short(await ask(source, 'shop', at)));
    expect(answers).toEqual(['our-side', 'our-side', 0, 0]);
  });

  it('is 0 when it refuses, resets, hangs, redirects or talks nonsense', async () => {
    const resets = await startRawServer((socket) => socket.resetAndDestroy());
    const hangs = await startRawServer(() => undefined);
    const nonsense = await startRawServer((socket) => socket.end('hello\r\n\r\n'));
    opened.push(resets, hangs, nonsense);
    const redirects = await healthy();
    redirects.status = 302;
    for (const url of [`http://127.0.0.1:${String(await freePort())}`, resets.url, hangs.url, nonsense.url, redirects.url]) {
      expect(short(await ask(sourceOf([settings(url, { timeoutMs: 200 })])))).toBe(0);
    }
  });

  it('is unknown when the fault is on our side', async () => {
    expect(await ask(sourceOf([settings('http://shop.invalid/health')]))).toMatchObject({ kind: 'error', reason: 'our-side', message: expect.stringContaining('does not resolve') as string });
  });

  it('is probed once per instant, over a connection of its own each time', async () => {
    const server = await healthy();
    const ports = new Set<number | undefined>();
    server.respond = (request, response) => {
      ports.add(request.socket.remotePort);
      response.end('{"status":"healthy"}');
    };
    const source = sourceOf([settings(server.url)]);
    expect((await Promise.all([ask(source), ask(source), ask(source, 'shop', 5_000)])).map(short)).toEqual([1, 1, 1]);
    expect(server.requests).toHaveLength(2);
    expect(ports.size).toBe(2);
  });

  it('is a refused question for a target that has none, and for other questions', async () => {
    const source = sourceOf([settings('http://127.0.0.1:1')]);
    expect(short(await ask(source, 'stranger'))).toBe('query-refused');
    expect(await source.observe({ kind: 'promql', expr: 'up' }, start, never)).toMatchObject({ kind: 'error', reason: 'query-refused' });
    await expect(source.observe({ kind: 'health', target: 'shop' }, start, AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
  });
});

describe('several endpoints', () => {
  const names = ['a', 'b', 'c', 'd'];
  async function fleet(options: { sharedFate?: SharedFateRule | 'never' } = {}): Promise<{ source: HealthSource; servers: AnsweringServer[] }> {
    const servers = await Promise.all(names.map(() => healthy()));
    const source = sourceOf(servers.map((server, index) => settings(server.url, { target: names[index]!, intervalMs: (index + 1) * 5_000 })), options);
    return { source, servers };
  }
  const all = async (source: HealthSource, at: number): Promise<unknown[]> => (await Promise.all(names.map((name) => ask(source, name, at)))).map(short);

  it('have intervals of their own', async () => {
    const { source } = await fleet();
    expect(source.intervalMs).toBe(5_000);
    expect([...names, 'stranger'].map((name) => source.intervalMsOf(name))).toEqual([5_000, 10_000, 15_000, 20_000, undefined]);
  });

  it('are all unknown when most turn down together, until one of them answers again', async () => {
    const { source, servers } = await fleet();
    expect(await all(source, 0)).toEqual([1, 1, 1, 1]);
    for (const server of servers.slice(0, 3)) server.status = 500;
    expect(await all(source, 20_000)).toEqual(Array(4).fill('shared-fate'));
    expect(await all(source, 40_000)).toEqual(Array(4).fill('shared-fate'));
    servers[1]!.status = 200;
    expect(short(await ask(source, 'b', 60_000))).toBe(1);
    expect(await all(source, 60_000)).toEqual([0, 1, 0, 1]);
  });

  it('asks the others before it believes the first that is seen to be down', async () => {
    const { source, servers } = await fleet();
    await all(source, 0);
    for (const server of servers) server.status = 500;
    // Only one is asked about, and yet it is not said to be down.
    expect(short(await ask(source, 'a', 5_000))).toBe('shared-fate');
    expect(servers.map((server) => server.requests.length)).toEqual([2, 2, 2, 2]);
  });

  it('are believed at once when one or two are down', async () => {
    const { source, servers } = await fleet();
    await all(source, 0);
    servers[0]!.status = 500;
    expect(short(await ask(source, 'a', 5_000))).toBe(0);
    expect(short(await ask(source, 'a', 10_000))).toBe(0);
    // The others were asked when it fell, not again while it stays down.
    expect(servers.map((server) => server.requests.length)).toEqual([3, 2, 2, 2]);
    servers[1]!.status = 500;
    expect(await all(source, 40_000)).toEqual([0, 0, 1, 1]);
  });

  it('are each believed when the rule is off', async () => {
    const { source, servers } = await fleet({ sharedFate: 'never' });
    for (const server of servers) server.status = 500;
    expect(await all(source, 0)).toEqual([0, 0, 0, 0]);
  });
});
