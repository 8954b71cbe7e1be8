import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { AlertedShop, AlertingPrometheus, deliveringTo } from '../support/alerted-shop.js';
import { startAlertmanager, type AlertmanagerServer } from '../support/alertmanager-server.js';
import { freePort } from '../support/free-port.js';

const second = 1_000;
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface World {
  readonly shop: AlertedShop;
  readonly prometheus: AlertingPrometheus;
  readonly alertmanagers: readonly Replica[];
}

/** One Alertmanager that can be started again where it was. */
class Replica {
  #server: AlertmanagerServer | undefined;

  constructor(
    readonly url: string,
    readonly start: () => Promise<AlertmanagerServer>,
  ) {}

  async run(): Promise<void> {
    this.#server = await this.start();
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }
}

async function world(replicas: 1 | 2): Promise<World> {
  const [prometheusPort, ...ports] = await Promise.all(Array.from({ length: 5 }, () => freePort()));
  const prometheusUrl = `http://127.0.0.1:${prometheusPort}`;
  const shop = await AlertedShop.start({ prometheus: { type: 'prometheus', url: prometheusUrl, interval: '1s', timeout: '2s' } });
  cleanups.push(() => shop.stop());
  const config = deliveringTo(shop.belay.url);
  const alertmanagers = await Promise.all(
    Array.from({ length: replicas }, async (_, index) => {
      const directory = await mkdtemp(join(tmpdir(), 'belay-replica-'));
      cleanups.push(() => rm(directory, { recursive: true, force: true }));
      const [port = 0, own = 0, peer = 0] = [ports[index], ports[2 + index], ports[3 - index]];
      return new Replica(`http://127.0.0.1:${port}`, () => startAlertmanager(config, { port, directory, ...(replicas === 1 ? {} : { cluster: { port: own, peer } }) }));
    }),
  );
  for (const replica of alertmanagers) cleanups.push(() => replica.stop());
  await Promise.all(alertmanagers.map((replica) => replica.run()));
  const prometheus = await AlertingPrometheus.start(shop.metricsUrl, alertmanagers.map(({ url }) => url), prometheusPort ?? 0);
  cleanups.push(() => prometheus.stop());
  return { shop, prometheus, alertmanagers };
}

const messagesOf = async (shop: AlertedShop): Promise<number> => {
  const metrics = await shop.belay.text('/metrics');
  return [...metrics.matchAll(/^belay_received_alerts_total\{.*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
};

/** So many more messages have come in, so that what follows from each of them has had its time. */
async function moreMessages(shop: AlertedShop, count: number): Promise<void> {
  const before = await messagesOf(shop);
  await shop.belay.until(`${count} more messages`, 60 * second, async () => ((await messagesOf(shop)) >= before + count ? true : undefined));
}

async function expectOneRollback(shop: AlertedShop): Promise<void> {
  expect(await shop.belay.incidents()).toMatchObject([{ status: 'recovered', resolution: { how: 'rolled-back' } }]);
  expect(shop.effects).toEqual(['version-shop.txt']);
}

/** Lets nothing start until something has been done to those who watch and tell, and what they tell has come in again. */
async function heldBackWhile(shop: AlertedShop, act: () => Promise<void>): Promise<void> {
  await shop.belay.post('/api/v1/pauses', { reason: 'until all have been restarted' });
  const { id } = await shop.belay.incident('held back', 60 * second, ({ decisions }) => decisions.at(-1)?.reason === 'paused');
  await act();
  await moreMessages(shop, 3);
  const { pauses } = await shop.belay.get<{ pauses: readonly { id: string }[] }>('/api/v1/status');
  await shop.belay.delete(`/api/v1/pauses/${pauses[0]?.id ?? ''}`);
  const incident = await shop.belay.incident('recovered', 60 * second, ({ endedAt }) => endedAt !== undefined);
  expect(incident.id).toBe(id);
}

describe('a real Prometheus and a real Alertmanager', () => {
  it('start one rollback, although the alert is sent again every second and both are restarted', { timeout: 180 * second }, async () => {
    const { shop, prometheus, alertmanagers } = await world(1);
    const incident = await shop.belay.incident('recovered', 60 * second, ({ endedAt }) => endedAt !== undefined);
    expect(incident.alerts).toMatchObject([{ evidence: { trigger: 'Down-shop', labels: { alertname: 'ShopDown', service: 'shop', severity: 'page' } } }]);
    expect(incident.decisions.at(0)).toMatchObject({ kind: 'execute', reason: 'sustained-breach' });
    await alertmanagers[0]?.stop();
    await alertmanagers[0]?.run();
    await prometheus.restart();
    await shop.belay.until('the alert is resolved', 60 * second, async () => ((await shop.belay.text('/metrics')).includes('belay_received_alerts_total{effect="ended"}') ? true : undefined));
    await expectOneRollback(shop);
  });

  it('start one rollback when an Alertmanager and Prometheus are restarted while it fires', { timeout: 180 * second }, async () => {
    const { shop, prometheus, alertmanagers } = await world(1);
    await heldBackWhile(shop, async () => {
      await alertmanagers[0]?.stop();
      await alertmanagers[0]?.run();
      await prometheus.restart();
    });
    await expectOneRollback(shop);
  });

  it('start one rollback as a pair of replicas, of which one after the other is restarted while it fires', { timeout: 180 * second }, async () => {
    const { shop, alertmanagers } = await world(2);
    await heldBackWhile(shop, async () => {
      for (const replica of alertmanagers) {
        await replica.stop();
        await moreMessages(shop, 2);
        await replica.run();
      }
    });
    await expectOneRollback(shop);
  });

  it('start one rollback as a pair of replicas, one of which dies', { timeout: 180 * second }, async () => {
    const { shop, alertmanagers } = await world(2);
    await shop.belay.incident('recovered', 90 * second, ({ endedAt }) => endedAt !== undefined);
    await alertmanagers[0]?.stop();
    await shop.belay.until('the alert is resolved', 60 * second, async () => ((await shop.belay.text('/metrics')).includes('belay_received_alerts_total{effect="ended"}') ? true : undefined));
    await expectOneRollback(shop);
  });
});
