import { request } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import type { JournalEvent } from '../../src/incident/incident-event.js';
import { AlertedShop, deliveringTo, WEBHOOK_TOKEN } from '../support/alerted-shop.js';
import { startAlertmanager } from '../support/alertmanager-server.js';

const second = 1_000;
let shop: AlertedShop | undefined;
afterEach(async () => {
  await shop?.stop();
  shop = undefined;
});

const firing = (service: string, pod: string): object => ({
  version: '4',
  groupKey: `{}:{pod="${pod}"}`,
  truncatedAlerts: 0,
  status: 'firing',
  receiver: 'belay',
  groupLabels: {},
  commonLabels: {},
  commonAnnotations: {},
  externalURL: 'http://127.0.0.1:1',
  alerts: [{ status: 'firing', labels: { alertname: 'ShopDown', service, pod }, annotations: {}, startsAt: '2026-01-01T00:00:00Z', endsAt: '0001-01-01T00:00:00Z', generatorURL: '', fingerprint: pod }],
});

/** As Alertmanager does for each group by itself, nobody waiting for anybody. */
function send(url: string, body: string): Promise<{ readonly status: number; readonly tookMs: number }> {
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/api/v1/alertmanager`, { method: 'POST', agent: false, headers: { authorization: `Bearer ${WEBHOOK_TOKEN}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }, (response) => {
      response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, tookMs: performance.now() - startedMs }));
    });
    sent.on('error', reject).end(body);
  });
}

const MOST_TRIES = 5;

/** Sends again what fails or is answered 5xx, as Alertmanager does; any other answer is the last. */
async function sendUntilAnswered(url: string, body: string): Promise<{ readonly status: number; readonly tookMs: number; readonly tries: number }> {
  for (let tries = 1; ; tries += 1) {
    const answer = await send(url, body).catch((error: unknown) => {
      if (tries === MOST_TRIES) throw error;
      return undefined;
    });
    if (answer !== undefined && (answer.status < 500 || tries === MOST_TRIES)) return { ...answer, tries };
  }
}

function inStore<T>(directory: string, ask: (database: SqliteDatabase.Database) => T): T {
  const database = new SqliteDatabase(join(directory, 'belay.db'), { readonly: true });
  try {
    return ask(database);
  } finally {
    database.close();
  }
}

const count = (directory: string, sql: string): number => inStore(directory, (database) => (database.prepare(sql).get() as { readonly n: number }).n);
const journalOf = (directory: string): readonly JournalEvent[] =>
  inStore(directory, (database) => (database.prepare('select data from journal order by seq').all() as readonly { readonly data: string }[]).map(({ data }) => JSON.parse(data) as JournalEvent));

describe('ten thousand alerts in ten thousand groups at once', () => {
  it('are all stored, and start one rollback of each target', { timeout: 240 * second }, async () => {
    const targets = Array.from({ length: 5 }, (_, index) => `shop${index}`);
    shop = await AlertedShop.start({}, { targets, trigger: { confirm: 'none' } });
    const { belay } = shop;
    const bodies = Array.from({ length: 10_000 }, (_, index) => JSON.stringify(firing(targets[index % targets.length]!, `pod-${index}`)));
    const startedMs = performance.now();
    const answers = await Promise.all(bodies.map((body) => sendUntilAnswered(belay.url, body)));
    const tookMs = performance.now() - startedMs;
    expect(answers.filter(({ status }) => status !== 204)).toEqual([]);
    const sorted = answers.map((answer) => answer.tookMs).toSorted((a, b) => a - b);
    console.log(`10,000 messages at once: all answered in ${Math.round(tookMs)} ms; p50 ${Math.round(sorted[5_000]!)} ms, p99 ${Math.round(sorted[9_900]!)} ms, ${answers.filter(({ tries }) => tries > 1).length} sent more than once, resident ${residentMb(belay.pid)} MB`);
    expect(count(belay.directory, 'select count(distinct group_key) as n from received_message')).toBe(10_000);
    expect(count(belay.directory, 'select count(*) as n from received_alert')).toBe(10_000);
    const versions = (): readonly string[] => (shop?.effects ?? []).toSorted();
    await belay.until('a rollback of every target', 90 * second, () => Promise.resolve(versions().length >= targets.length ? true : undefined));
    // Every seventh once more, as by another replica.
    expect((await Promise.all(bodies.filter((_, index) => index % 7 === 0).map((body) => sendUntilAnswered(belay.url, body)))).every(({ status }) => status === 204)).toBe(true);
    const started = journalOf(belay.directory).filter(({ type }) => type === 'rung-started');
    expect(started.map((event) => ('target' in event ? event.target : '')).toSorted()).toEqual(targets);
    expect(versions()).toEqual(targets.map((target) => `version-${target}.txt`));
    expect(residentMb(belay.pid)).toBeLessThan(600);
  });
});

it('ten thousand alerts of a real Alertmanager, each a group of its own, are all stored, none given up, and start one rollback of each target', { timeout: 300 * second }, async () => {
  const targets = Array.from({ length: 5 }, (_, index) => `shop${index}`);
  const running = (shop = await AlertedShop.start({}, { targets, trigger: { confirm: 'none' } }));
  const { belay } = running;
  // Once each, so that what is given up is seen to be missing, and does not come with the next repeat.
  const alertmanager = await startAlertmanager(deliveringTo(belay.url, { group_interval: '10m', repeat_interval: '4h' }));
  try {
    const alerts = Array.from({ length: 10_000 }, (_, index) => ({ labels: { alertname: 'ShopDown', service: targets[index % targets.length], pod: `pod-${index}` }, startsAt: '2026-01-01T00:00:00Z', endsAt: '2099-01-01T00:00:00Z' }));
    const told = await fetch(`${alertmanager.url}/api/v2/alerts`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(alerts) });
    expect(told.status).toBe(200);
    await belay.until('all are stored', 200 * second, () => Promise.resolve(count(belay.directory, 'select count(*) as n from received_alert') === alerts.length ? true : undefined));
    await belay.until('a rollback of every target', 60 * second, () => Promise.resolve(running.effects.length >= targets.length ? true : undefined));
    const metrics = await (await fetch(`${alertmanager.url}/metrics`)).text();
    expect(/^alertmanager_notifications_failed_total\{integration="webhook"[^}]*\} (\d+)$/m.exec(metrics)?.[1]).toBe('0');
    expect(running.effects.toSorted()).toEqual(targets.map((target) => `version-${target}.txt`));
    expect(journalOf(belay.directory).filter(({ type }) => type === 'rung-started')).toHaveLength(targets.length);
  } finally {
    await alertmanager.stop();
  }
});

function residentMb(pid: number): number {
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024);
}

describe('kill -9 on the way from the message to the rollback', () => {
  /** The instants at which it is killed, as they can be seen from outside; each the first time that it is reached. */
  const deaths: readonly (readonly [name: string, reached: (directory: string, answered: boolean) => boolean])[] = [
    ['stored', (directory) => count(directory, 'select count(*) as n from received_message') > 0],
    ['answered', (_directory, answered) => answered],
    ['matched', (directory) => count(directory, 'select count(*) as n from alert') > 0],
    ['incident opened', (directory) => journalOf(directory).some(({ type }) => type === 'incident-opened')],
    ['decided', (directory) => journalOf(directory).some(({ type }) => type === 'decision-made')],
    ['rung started', (directory) => journalOf(directory).some(({ type }) => type === 'rung-started')],
    ['started', (directory) => journalOf(directory).some(({ type }) => type === 'rollback-started')],
    ['step begun', (directory) => journalOf(directory).some(({ type }) => type === 'step-attempt-started')],
    ['ended', (directory) => journalOf(directory).some(({ type }) => type === 'rollback-ended')],
  ];

  it.each(deaths)('%s: the alert is not lost, and starts one rollback', { timeout: 120 * second }, async (_name, reached) => {
    shop = await AlertedShop.start({}, { trigger: { confirm: 'none' } });
    const { belay } = shop;
    const { directory } = belay;
    let answered = false;
    const body = JSON.stringify(firing('shop', 'a'));
    const delivered = send(belay.url, body).then(
      ({ status }) => (answered = status === 204),
      () => false,
    );
    while (!reached(directory, answered)) await new Promise((resolve) => setImmediate(resolve));
    await belay.end('SIGKILL');
    const wasAnswered = await delivered;
    await belay.start();
    // What was not answered comes again, as Alertmanager sends it.
    if (!wasAnswered) expect((await send(belay.url, body)).status).toBe(204);
    await belay.until('the rollback', 60 * second, () => Promise.resolve(shop?.effects.length === 1 ? true : undefined));
    const resolved = JSON.stringify({ ...firing('shop', 'a'), status: 'resolved', alerts: [{ status: 'resolved', labels: { alertname: 'ShopDown', service: 'shop', pod: 'a' }, annotations: {}, startsAt: '2026-01-01T00:00:00Z', endsAt: '2026-01-01T01:00:00Z' }] });
    await send(belay.url, resolved);
    await send(belay.url, body);
    const incident = await belay.incident('recovered', 60 * second, ({ endedAt }) => endedAt !== undefined);
    expect(incident).toMatchObject({ status: 'recovered', alerts: [{ evidence: { labels: { pod: 'a' } } }], rungs: [{ outcome: 'success' }] });
    expect(await belay.incidents()).toHaveLength(1);
    expect(shop.effects).toEqual(['version-shop.txt']);
  });

  it('before it is stored: it is not answered, and comes again', { timeout: 60 * second }, async () => {
    shop = await AlertedShop.start({}, { trigger: { confirm: 'none' } });
    const { belay } = shop;
    const body = JSON.stringify(firing('shop', 'a'));
    const half = request(`${belay.url}/api/v1/alertmanager`, { method: 'POST', headers: { authorization: `Bearer ${WEBHOOK_TOKEN}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } });
    const failed = new Promise((resolve) => half.once('error', resolve));
    half.write(body.slice(0, 20));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await belay.end('SIGKILL');
    await failed;
    await belay.start();
    expect(count(belay.directory, 'select count(*) as n from received_message')).toBe(0);
    expect((await send(belay.url, body)).status).toBe(204);
    await belay.until('the rollback', 60 * second, () => Promise.resolve(shop?.effects.length === 1 ? true : undefined));
  });
});
