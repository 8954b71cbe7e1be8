import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BelayError } from '../../src/fault/belay-error.js';
import { AlertReceiver } from '../../src/guard/alert-receiver.js';
import type { ReceivedAlertStore } from '../../src/guard/received-alert-store.js';
import { Redactor } from '../../src/secret/redactor.js';
import type { AlertMessage, ReceivedAlert } from '../../src/source/received-alert.js';
import { ReceivedAlerts } from '../../src/source/received-alerts.js';
import { openSqliteStore, type SqliteStore } from '../../src/store/sqlite-store.js';
import { FakeClock } from '../support/fake-clock.js';

let folder: string;
let store: SqliteStore;
let redactor: Redactor;
const clock = new FakeClock();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'belay-receiver-'));
  redactor = new Redactor();
  store = await openSqliteStore({ path: join(folder, 'belay.db'), clock, redactor });
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const message = (pod: string, status: 'firing' | 'resolved' = 'firing', startsAt = 1_000): AlertMessage => ({
  groupKey: pod,
  receiver: 'belay',
  truncatedAlerts: 0,
  alerts: [{ status, labels: { alertname: 'Down', pod }, annotations: {}, startsAt, ...(status === 'resolved' ? { endsAt: startsAt + 1_000 } : {}) }],
});

function receiver(over: ReceivedAlertStore = store.received): { readonly book: ReceivedAlerts; readonly changed: ReceivedAlert[]; readonly receiver: AlertReceiver } {
  const book = new ReceivedAlerts();
  const changed: ReceivedAlert[] = [];
  return { book, changed, receiver: new AlertReceiver(book, { store: over, clock, onChanged: (alerts) => changed.push(...alerts) }) };
}

const statuses = (book: ReceivedAlerts): Readonly<Record<string, string>> => Object.fromEntries(book.matching([]).map(({ labels, status }) => [String(labels['pod']), status]));

test('what was received is there after a restart, and nothing of it begins again', async () => {
  const first = receiver();
  await Promise.all([first.receiver.receive(message('a'), 'am'), first.receiver.receive(message('b'), 'am'), first.receiver.receive(message('b', 'resolved'), 'am')]);
  expect(first.changed.map(({ labels, status }) => `${labels['pod'] ?? ''} ${status}`)).toEqual(['a firing', 'b resolved']);
  const second = receiver();
  await second.receiver.restore();
  expect(statuses(second.book)).toEqual({ a: 'firing', b: 'resolved' });
  await second.receiver.receive(message('a'), 'am');
  await second.receiver.receive(message('b'), 'am');
  expect(second.changed).toEqual([]);
});

test('messages that come at once share transactions, in their order', async () => {
  const sizes: number[] = [];
  const counting: ReceivedAlertStore = {
    loadReceived: () => store.received.loadReceived(),
    saveReceived: (messages, ...rest) => {
      sizes.push(messages.length);
      return store.received.saveReceived(messages, ...rest);
    },
  };
  const { receiver: own, book } = receiver(counting);
  await Promise.all(Array.from({ length: 5_000 }, (_, index) => own.receive(message(`p${index}`), 'am')));
  expect(book.matching([])).toHaveLength(5_000);
  expect(sizes.length).toBeLessThan(10);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(5_000);
  expect(await store.received.loadReceived()).toHaveLength(5_000);
});

test('what cannot be stored is refused and leaves nothing, and the next message goes through', async () => {
  let isFull = true;
  const full: ReceivedAlertStore = {
    loadReceived: () => store.received.loadReceived(),
    saveReceived: (...all) => (isFull ? Promise.reject(new BelayError('store-unavailable', 'The disk is full.')) : store.received.saveReceived(...all)),
  };
  const { receiver: own, book, changed } = receiver(full);
  await expect(own.receive(message('a'), 'am')).rejects.toMatchObject({ code: 'store-unavailable' });
  expect([statuses(book), changed]).toEqual([{}, []]);
  isFull = false;
  await own.receive(message('a'), 'am');
  expect(statuses(book)).toEqual({ a: 'firing' });
});

test('more than can wait is refused, so that memory has an end', async () => {
  const never: ReceivedAlertStore = { loadReceived: () => Promise.resolve([]), saveReceived: () => new Promise(() => undefined) };
  const { receiver: own } = receiver(never);
  const large: AlertMessage = { ...message('a'), alerts: Array.from({ length: 60_000 }, () => message('a').alerts[0]!) };
  void own.receive(large, 'am');
  await expect(own.receive(large, 'am')).rejects.toMatchObject({ code: 'store-unavailable' });
});

test('a secret in a message is not written, and the alert keeps its identity', async () => {
  redactor.add('hunter2-hunter2');
  const { receiver: own } = receiver();
  await own.receive(message('hunter2-hunter2'), 'am');
  expect(JSON.stringify(await store.received.loadReceived())).not.toContain('hunter2-hunter2');
  const next = receiver();
  await next.receiver.restore();
  await next.receiver.receive(message('hunter2-hunter2'), 'am');
  expect(next.changed).toEqual([]);
});

test('what was resolved long ago is forgotten', async () => {
  const { receiver: own, book } = receiver();
  await own.receive(message('a'), 'am');
  await own.receive(message('a', 'resolved'), 'am');
  await clock.advance(2 * 86_400_000);
  await own.receive(message('b'), 'am');
  expect(statuses(book)).toEqual({ b: 'firing' });
  expect((await store.received.loadReceived()).map(({ labels }) => labels['pod'])).toEqual(['b']);
});
