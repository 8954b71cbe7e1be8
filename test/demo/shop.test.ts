import { execFile } from 'node:child_process';
import { readFile, readlink, rename, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { shipBadChange } from '../../src/demo/shop/bad-change.js';
import { askHealth, deployRelease } from '../../src/demo/shop/deployment.js';
import { formatFlags } from '../../src/demo/shop/flags.js';
import { git } from '../../src/demo/shop/git.js';
import { startTraffic, type Traffic } from '../../src/demo/shop/traffic.js';
import { shopctlProgram } from '../support/programs.js';
import { startTestShop, type TestShop } from '../support/test-shop.js';

const run = promisify(execFile);

let shop: TestShop;
let traffic: Traffic;

beforeAll(async () => {
  shop = await startTestShop();
  traffic = startTraffic({ shopUrl: shop.url, requestsPerSecond: 50 });
});

afterAll(async () => {
  await traffic.stop();
  await shop.stop();
});

/** The share of requests answered with a 5xx, by the shop's own counters, over the next `requests` requests. */
async function errorRatioOverNext(requests: number): Promise<number> {
  const before = await countedRequests();
  return vi.waitFor(async () => {
    const now = await countedRequests();
    const total = now.total - before.total;
    expect(total).toBeGreaterThanOrEqual(requests);
    return (now.failed - before.failed) / total;
  }, { timeout: 20_000, interval: 100 });
}

async function countedRequests(): Promise<{ total: number; failed: number }> {
  const lines = (await metricsText()).split('\n').filter((line) => line.startsWith('http_requests_total{'));
  const counts = lines.map((line) => ({ value: Number(line.split(' ').at(-1)), failed: line.includes('status="5') }));
  const sum = (items: typeof counts): number => items.reduce((total, { value }) => total + value, 0);
  return { total: sum(counts), failed: sum(counts.filter(({ failed }) => failed)) };
}

async function metricsText(): Promise<string> {
  return (await fetch(`${shop.url}/metrics`)).text();
}

function shopctl(...argv: string[]): Promise<{ stdout: string; stderr: string }> {
  return run(process.execPath, [shopctlProgram, ...argv]);
}

async function checkout(basket: unknown): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${shop.url}/checkout`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(basket) });
  return { status: answer.status, body: await answer.json() };
}

describe('the shop', () => {
  it('serves its customers on v1, with metrics that Prometheus can read', async () => {
    expect(await errorRatioOverNext(50)).toBe(0);
    const metrics = await metricsText();
    expect(metrics).toContain('shop_build_info{version="v1"} 1');
    expect(metrics).toMatch(/^http_request_duration_seconds_bucket\{le="0.005",method="POST",route="\/checkout"\} \d+$/m);
    expect(metrics).toMatch(/^shop_queue_depth \d+$/m);
    expect(metrics).toMatch(/^shop_heap_limit_bytes \d{7,}/m);
    expect(metrics).not.toContain('/health');
    expect(await askHealth(shop.url)).toMatchObject({ status: 'healthy', version: 'v1', flags: { 'new-checkout': false } });
  });

  it('takes a wrong basket for the customer\'s fault, not for its own', async () => {
    expect((await checkout({ lines: [] })).status).toBe(400);
    expect((await checkout({ lines: [{ sku: 'sofa', quantity: 1 }] })).status).toBe(422);
    expect(await checkout({ lines: [{ sku: 'tea', quantity: 2 }] })).toMatchObject({ status: 200, body: { total: 22.8, state: 'review' } });
  });

  it('reads its flags again when they change', async () => {
    for (const [on, state] of [[true, 'confirmed'], [false, 'review']] as const) {
      await writeFile(`${shop.layout.flags}.new`, formatFlags({ 'new-checkout': on }));
      await rename(`${shop.layout.flags}.new`, shop.layout.flags);
      await vi.waitFor(async () => expect((await checkout({ lines: [{ sku: 'tea', quantity: 1 }] })).body).toMatchObject({ state }), 5_000);
    }
  });

  it('reads its configuration again when it changes', async () => {
    const text = await readFile(shop.layout.settings, 'utf8');
    await writeFile(shop.layout.settings, text.replace('maxLines: 50', 'maxLines: 1'));
    const twoLines = { lines: [{ sku: 'tea', quantity: 1 }, { sku: 'cup', quantity: 1 }] };
    await vi.waitFor(async () => expect((await checkout(twoLines)).status).toBe(422), 5_000);
    await git(shop.layout.configuration, 'checkout', 'config-v1', '--', 'shop.yaml');
    await vi.waitFor(async () => expect((await checkout(twoLines)).status).toBe(200), 5_000);
  });

  it('breaks with the bad change, stays broken without the flag, and is well again on v1', async () => {
    await shipBadChange(shop.layout, shop.url);
    await vi.waitFor(async () => expect(await askHealth(shop.url)).toMatchObject({ version: 'v2', flags: { 'new-checkout': true } }), 5_000);
    expect(await git(shop.layout.configuration, 'describe', '--tags')).toBe('config-v2');
    const broken = await errorRatioOverNext(100);
    expect(broken).toBeGreaterThan(0.3);
    expect(broken).toBeLessThan(0.5);

    await writeFile(shop.layout.flags, formatFlags({ 'new-checkout': false }));
    await vi.waitFor(async () => expect((await askHealth(shop.url)).flags).toEqual({ 'new-checkout': false }), 5_000);
    expect(await errorRatioOverNext(100)).toBeGreaterThan(0.3);

    expect((await shopctl('deploy', 'v1', '--home', shop.layout.home, '--url', shop.url)).stdout).toBe('v1\n');
    expect(await errorRatioOverNext(100)).toBe(0);
    expect((await shopctl('current', '--url', shop.url)).stdout).toBe('v1\n');
  });

  it('is left alone by a deployment of what runs already', async () => {
    const startedAt = /^process_start_time_seconds (\S+)/m.exec(await metricsText())?.[1];
    await deployRelease(shop.layout, 'v1', { shopUrl: shop.url });
    expect(/^process_start_time_seconds (\S+)/m.exec(await metricsText())?.[1]).toBe(startedAt);
  });

  it('refuses a release that is not there, and leaves the link as it was', async () => {
    const link = await readlink(shop.layout.current);
    await expect(shopctl('deploy', '../v1', '--home', shop.layout.home, '--url', shop.url)).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('there are v1, v2') as string });
    expect(await readlink(shop.layout.current)).toBe(link);
  });

  it('does not take the link for the running process', async () => {
    await expect(shopctl('current', '--url', 'http://127.0.0.1:1')).rejects.toMatchObject({ code: 1, stdout: '' });
  });

  it('comes back by itself when its process dies', async () => {
    const children = async (): Promise<number[]> => {
      const text = await readFile(`/proc/${shop.pid}/task/${shop.pid}/children`, 'utf8');
      return text.trim().split(' ').filter(Boolean).map(Number);
    };
    const [child] = await children();
    process.kill(child!, 'SIGKILL');
    await vi.waitFor(async () => {
      const [next] = await children();
      expect(next).not.toBe(child);
      expect((await askHealth(shop.url)).status).toBe('healthy');
    }, { timeout: 20_000, interval: 100 });
  });
});

describe('the end of the shop', () => {
  it('leaves no process behind when it is stopped, nor when its supervisor is killed', async () => {
    for (const end of [(other: TestShop) => other.stop(), async (other: TestShop) => void process.kill(other.pid, 'SIGKILL')]) {
      const other = await startTestShop();
      const pids = [other.pid, Number((await readFile(`/proc/${other.pid}/task/${other.pid}/children`, 'utf8')).trim())];
      expect(pids.every((pid) => pid > 0)).toBe(true);
      await end(other);
      await vi.waitFor(() => {
        for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
      }, { timeout: 10_000, interval: 50 });
      await other.stop();
    }
  });
});
