import { readlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { askHealth, pointCurrentAt } from '../../../src/demo/shop/deployment.js';
import { startTraffic, type Traffic } from '../../../src/demo/shop/traffic.js';
import { startPm2Shop, type Pm2Shop } from '../../support/pm2-shop.js';
import { StepRunner } from '../../support/step-runner.js';

const TIME = 120_000;
const INSTANCES = 2;
const wanted = (version: string): Record<string, unknown> => ({ service: 'shop', version, environment: 'production' });

let shop: Pm2Shop;
/** Customers over kept connections, and customers who each open their own. */
let kept: Traffic;
let own: Traffic;
const runner = (binding: Record<string, unknown> = {}): StepRunner =>
  new StepRunner({
    directory: shop.layout.home,
    bindings: {
      deployments: {
        shop: {
          type: 'pm2', process: 'shop', pm2: [shop.program], home: shop.home, releases: 'releases', link: 'current',
          ready: { url: `${shop.url}/health`, expect: { json: { status: 'healthy' } } },
          current: { url: `${shop.url}/health`, jsonPointer: '/version' },
          stableFor: '1s', startWithin: '20s', ...binding,
        },
      },
    },
  });
const restarts = async (): Promise<number> => {
  const list = JSON.parse(await shop.pm2('jlist')) as { pm2_env: { restart_time: number } }[];
  return list.reduce((sum, { pm2_env }) => sum + pm2_env.restart_time, 0);
};

afterEach(async () => {
  await Promise.all([kept.stop(), own.stop()]);
  await shop.stop();
}, TIME);

async function start(instances: number): Promise<void> {
  shop = await startPm2Shop(instances);
  await vi.waitFor(async () => expect(await askHealth(shop.url)).toMatchObject({ version: 'v2', status: 'healthy' }), { timeout: 30_000, interval: 200 });
  kept = startTraffic({ shopUrl: shop.url, requestsPerSecond: 30 });
  own = startTraffic({ shopUrl: shop.url, requestsPerSecond: 20, keepAlive: false });
}

/** What customers got since the load began. */
function tell(story: string): { readonly answered: number; readonly lostOfOwn: number; readonly lostOfKept: number } {
  const sums = [own.counts(), kept.counts()].map(({ ok, failed, unreachable }) => ({ answered: ok + failed, lost: unreachable }));
  const answered = sums.reduce((sum, counts) => sum + counts.answered, 0);
  const [lostOfOwn = NaN, lostOfKept = NaN] = sums.map(({ lost }) => lost);
  console.info(`${story}: ${answered} requests answered; lost: ${lostOfOwn} over own connections, ${lostOfKept} over kept ones`);
  return { answered, lostOfOwn, lostOfKept };
}

/**
 * An instance that leaves closes the idle connections that were kept to it. A request that is on its way over one of them
 * at that very moment is reset, whoever replaces the instance; two such connections per instance are more than this load keeps.
 */
const MOST_RESETS = 2 * INSTANCES;

describe('two instances in a cluster, under load', () => {
  beforeEach(() => start(INSTANCES), TIME);

  it('go back to the release before one after the other; no customer is lost, and it can be undone', { timeout: TIME }, async () => {
    expect(await runner().describe('deployment', wanted('v1'))).toEqual({ summary: 'deployment of shop in production: v2 → v1', before: 'v2', after: 'v1' });
    const captured = await runner().capture('deployment', wanted('v1'));
    await runner().execute('deployment', wanted('v1'), AbortSignal.timeout(60_000));
    const { answered, lostOfOwn, lostOfKept } = tell('pm2 reload under load');
    expect(await askHealth(shop.url)).toMatchObject({ version: 'v1', status: 'healthy' });
    expect(answered).toBeGreaterThan(100);
    expect(lostOfOwn).toBe(0);
    expect(lostOfKept).toBeLessThanOrEqual(MOST_RESETS);

    const settled = await restarts();
    await runner().execute('deployment', wanted('v1'));
    expect([await runner().state('deployment', wanted('v1')), await restarts()]).toEqual(['applied', settled]);

    await runner().undo('deployment', wanted('v1'), captured, AbortSignal.timeout(60_000));
    expect(await askHealth(shop.url)).toMatchObject({ version: 'v2' });
  });

  it.each([
    ['ends at its start', `process.exit(1);`, /^release v3 of pm2 process shop (does not come up|has not come up within 6 s): .*; v2 was switched back$/],
    ['never listens, which pm2 calls online', `await new Promise(() => { setInterval(() => {}, 1_000); });`, /^release v3 of pm2 process shop has not come up within 6 s: it serves v2; v2 was switched back$/],
  ])('keep serving when the release %s: one is tried, and put back', { timeout: TIME }, async (_how, code, message) => {
    shop.addRelease('v3', code);
    await expect(runner({ startWithin: '6s' }).execute('deployment', wanted('v3'), AbortSignal.timeout(90_000))).rejects.toMatchObject({ code: 'state-not-as-wanted', message: expect.stringMatching(message) as string });
    const { lostOfOwn, lostOfKept } = tell('a release that does not come up');
    expect(readlinkSync(shop.layout.current)).toBe('releases/v2');
    expect(await runner().state('deployment', wanted('v2'))).toBe('applied');
    expect(lostOfOwn).toBe(0);
    expect(lostOfKept).toBeLessThanOrEqual(MOST_RESETS);
  });
});

describe('one instance', () => {
  beforeEach(() => start(1), TIME);

  it('that never listens is taken back by what clients see', { timeout: TIME }, async () => {
    shop.addRelease('v4', `await new Promise(() => { setInterval(() => {}, 1_000); });`);
    await expect(runner({ startWithin: '4s' }).execute('deployment', wanted('v4'), AbortSignal.timeout(90_000))).rejects.toMatchObject({
      code: 'state-not-as-wanted',
      message: expect.stringMatching(/^release v4 of pm2 process shop has not come up within 4 s: .*; v2 was switched back$/) as string,
    });
    expect(await askHealth(shop.url)).toMatchObject({ version: 'v2', status: 'healthy' });
  });

  it('whose time is over in the middle is back on its release within the grace', { timeout: TIME }, async () => {
    shop.addRelease('v4', `await new Promise(() => { setInterval(() => {}, 1_000); });`);
    const abort = new AbortController();
    const outcome = runner().execute('deployment', wanted('v4'), abort.signal).catch((error: unknown) => error);
    await vi.waitFor(() => expect(readlinkSync(shop.layout.current)).toBe('releases/v4'), { timeout: 10_000 });
    abort.abort(new Error('the time is over'));
    const abortedAt = performance.now();
    expect(await outcome).toMatchObject({ message: expect.stringContaining('the time is over') as string });
    expect(performance.now() - abortedAt).toBeLessThan(5_000);
    expect(readlinkSync(shop.layout.current)).toBe('releases/v2');
    await vi.waitFor(async () => expect(await askHealth(shop.url)).toMatchObject({ version: 'v2', status: 'healthy' }), { timeout: 30_000, interval: 200 });
  });

  it('is told apart from the link by where it really runs', { timeout: TIME }, async () => {
    const [current, ready] = [undefined, undefined];
    await pointCurrentAt(shop.layout, 'v1');
    expect((await runner({ current, ready }).describe('deployment', wanted('v1'))).summary).toBe('deployment of shop in production: v1, but shop (pm2 id 0) runs v2 → v1');
    await runner({ current, ready, how: 'restart' }).execute('deployment', wanted('v1'));
    await vi.waitFor(async () => expect(await askHealth(shop.url)).toMatchObject({ version: 'v1' }), { timeout: 30_000, interval: 200 });

    await expect(runner({ process: 'shpo' }).execute('deployment', wanted('v2'))).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringContaining('has no process "shpo"; it has shop') as string });
    await expect(runner({ current, link: '../shop/releases/../other' }).execute('deployment', wanted('v2'))).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringContaining('start it through the link') as string });
    await shop.pm2('kill');
    expect((await runner().describe('deployment', wanted('v1'))).summary).toContain('no pm2 daemon runs in');
  });
});
