import { describe, expect, it } from 'vitest';
import { BelayError } from '../../src/fault/belay-error.js';
import type { Message, OutboxItem } from '../../src/notify/message.js';
import type { NewOutboxItem, Outbox } from '../../src/notify/outbox.js';

const T0 = Date.UTC(2026, 0, 1);

function item(title: string, over: { readonly incidentId?: string; readonly channel?: OutboxItem['channel']; readonly createdAt?: number } = {}): NewOutboxItem {
  const incident = over.incidentId === undefined ? {} : { incidentId: over.incidentId };
  const message: Message = { kind: 'firing', tone: 'bad', ...incident, target: 'checkout', dryRun: false, title, text: 'text', facts: [['target', 'checkout']] };
  return { channel: over.channel ?? 'email', message, recipients: ['ana@example.com'], createdAt: over.createdAt ?? T0 };
}

const titles = (items: readonly OutboxItem[]): string[] => items.map(({ message }) => message.title);

async function oldest(outbox: Outbox): Promise<OutboxItem> {
  const [first] = await outbox.waiting('email', 1);
  return first!;
}

/** What every outbox must hold to. `create` gives an empty one for each test, and ends it when the test is over. */
export function describeOutbox(name: string, create: () => Promise<Outbox> | Outbox): void {
  describe(`outbox contract: ${name}`, () => {
    it('gives back what was enqueued, in that order', async () => {
      const outbox = await create();
      await outbox.enqueue([item('first'), item('second')]);
      await outbox.enqueue([item('third')]);
      const waiting = await outbox.waiting('email', 10);
      expect(titles(waiting)).toEqual(['first', 'second', 'third']);
      expect(new Set(waiting.map(({ id }) => id)).size).toBe(3);
      expect(waiting[0]).toMatchObject({ ...item('first'), attempts: 0, nextAttemptAt: T0 });
      expect(titles(await outbox.waiting('email', 2))).toEqual(['first', 'second']);
    });

    it('takes an item with an id of its own once', async () => {
      const outbox = await create();
      await outbox.enqueue([{ ...item('first'), id: 'run-1/tell' }]);
      await outbox.enqueue([{ ...item('again'), id: 'run-1/tell' }, item('second')]);
      expect(titles(await outbox.waiting('email', 10))).toEqual(['first', 'second']);
      await outbox.markSent('run-1/tell', T0);
      await outbox.enqueue([{ ...item('and again'), id: 'run-1/tell' }]);
      expect(titles(await outbox.waiting('email', 10))).toEqual(['second']);
    });

    it('keeps channels apart', async () => {
      const outbox = await create();
      await outbox.enqueue([item('mail', { incidentId: 'i1' }), item('slack', { incidentId: 'i1', channel: 'slack' }), item('second hook', { channel: 'webhook-2', createdAt: T0 + 5 })]);
      expect(titles(await outbox.waiting('slack', 10))).toEqual(['slack']);
      expect(titles(await outbox.waiting('webhook', 10))).toEqual([]);
      expect(titles(await outbox.waiting('webhook-2', 10))).toEqual(['second hook']);
      expect(await outbox.nextDueAt('webhook-2')).toBe(T0 + 5);
      expect(await outbox.nextDueAt('webhook')).toBeUndefined();
    });

    it('says when the next attempt is due, without counting those that wait behind another', async () => {
      const outbox = await create();
      expect(await outbox.nextDueAt('email')).toBeUndefined();
      await outbox.enqueue([item('first', { incidentId: 'a' }), item('behind', { incidentId: 'a' })]);
      expect(await outbox.nextDueAt('email')).toBe(T0);
      const [first] = await outbox.waiting('email', 10);
      await outbox.markFailed(first!.id, T0, 'refused', T0 + 60_000);
      expect(await outbox.nextDueAt('email')).toBe(T0 + 60_000);
      await outbox.enqueue([item('b1', { incidentId: 'b', createdAt: T0 + 30_000 }), item('of none', { createdAt: T0 + 20_000 })]);
      expect(await outbox.nextDueAt('email')).toBe(T0 + 20_000);
    });

    it('brings forward what would be tried later, on its channel alone', async () => {
      const outbox = await create();
      await outbox.enqueue([item('a1', { incidentId: 'a' }), item('b1', { incidentId: 'b' }), item('elsewhere', { channel: 'slack' })]);
      for (const { id } of [...(await outbox.waiting('email', 1)), ...(await outbox.waiting('slack', 1))]) await outbox.markFailed(id, T0, 'refused', T0 + 3_600_000);
      await outbox.bringForward('email', T0 + 10);
      expect((await outbox.waiting('email', 10)).map(({ nextAttemptAt, attempts }) => [nextAttemptAt, attempts])).toEqual([[T0 + 10, 1], [T0, 0]]);
      expect(await outbox.nextDueAt('slack')).toBe(T0 + 3_600_000);
    });

    it('counts attempts and gives up what can never be delivered', async () => {
      const outbox = await create();
      await outbox.enqueue([item('first', { incidentId: 'a' }), item('second', { incidentId: 'a' })]);
      const first = await oldest(outbox);
      await outbox.markFailed(first.id, T0, 'try again', T0);
      expect(await oldest(outbox)).toMatchObject({ id: first.id, attempts: 1 });
      await outbox.markUndeliverable(first.id, T0, 'no such address');
      expect(await oldest(outbox)).toMatchObject({ message: { title: 'second' }, attempts: 0 });
      await outbox.markSent((await oldest(outbox)).id, T0);
      expect(await outbox.waiting('email', 10)).toEqual([]);
      expect(await outbox.nextDueAt('email')).toBeUndefined();
    });

    it('lists what waits on one channel, due or not', async () => {
      const outbox = await create();
      await outbox.enqueue([item('a1', { incidentId: 'a' }), item('b1', { incidentId: 'b' }), item('a2', { incidentId: 'a' }), item('elsewhere', { incidentId: 'a', channel: 'slack' })]);
      const waiting = await outbox.waiting('email', 10);
      expect(titles(waiting)).toEqual(['a1', 'b1', 'a2']);
      await outbox.markSent(waiting[0]!.id, T0);
      await outbox.markFailed(waiting[1]!.id, T0, 'refused', T0 + 60_000);
      expect(titles(await outbox.waiting('email', 10))).toEqual(['b1', 'a2']);
      expect(titles(await outbox.waiting('email', 1))).toEqual(['b1']);
    });

    it('hands an item over once, and knows what became of it there', async () => {
      const outbox = await create();
      const [a, b] = [{ ...item('a', { incidentId: 'i' }), id: 'a.email' }, { ...item('b'), id: 'b.email', addresses: ['dba@example.com'] }];
      await outbox.enqueue([a, b, { ...item('b', { channel: 'slack' }), id: 'b.slack' }]);
      await outbox.markSent('b.slack', T0);
      for (const copied of [a, b]) await outbox.handOver(copied.id, { ...copied, id: copied.id.replace('email', 'slack'), channel: 'slack' });
      expect((await outbox.waiting('email', 10)).map(({ id, handedTo, addresses }) => [id, handedTo, addresses])).toEqual([['a.email', 'slack', undefined], ['b.email', 'slack', ['dba@example.com']]]);
      expect((await outbox.waiting('slack', 10)).map(({ id }) => id)).toEqual(['a.slack']);
      expect([await outbox.stateOf('a.slack'), await outbox.stateOf('b.slack'), await outbox.stateOf('c.slack')]).toEqual(['waiting', 'sent', undefined]);
    });

    it('tells what became of all messages of one incident, on every channel', async () => {
      const outbox = await create();
      await outbox.enqueue([item('began', { incidentId: 'a', channel: 'customers-email' }), item('began', { incidentId: 'a', channel: 'slack' }), item('other', { incidentId: 'b' }), item('alone'), item('over', { incidentId: 'a', channel: 'customers-email' })]);
      const [first] = await outbox.waiting('customers-email', 10);
      const [inside] = await outbox.waiting('slack', 10);
      await outbox.markFailed(first!.id, T0 + 1, 'refused', T0 + 5);
      expect((await outbox.ofIncident('a')).map(({ channel, message, state, settledAt, lastError }) => [channel, message.title, state, settledAt, lastError])).toEqual([
        ['customers-email', 'began', 'waiting', undefined, 'refused'],
        ['slack', 'began', 'waiting', undefined, undefined],
        ['customers-email', 'over', 'waiting', undefined, undefined],
      ]);
      await outbox.markSent(first!.id, T0 + 6);
      await outbox.markUndeliverable(inside!.id, T0 + 7, 'no such channel');
      expect((await outbox.ofIncident('a')).map(({ state, settledAt, lastError }) => [state, settledAt, lastError])).toEqual([
        ['sent', T0 + 6, undefined],
        ['undeliverable', T0 + 7, 'no such channel'],
        ['waiting', undefined, undefined],
      ]);
      expect(await outbox.ofIncident('c')).toEqual([]);
    });

    it('moves the cursor together with what it stands for, and never back', async () => {
      const outbox = await create();
      expect(await outbox.cursor()).toBe(0);
      await outbox.enqueueUpTo(7, [item('first')]);
      await outbox.enqueueUpTo(9, []);
      expect(await outbox.cursor()).toBe(9);
      for (const stale of [9, 8]) {
        const error = await outbox.enqueueUpTo(stale, [item('twice')]).catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(BelayError);
        expect(error).toMatchObject({ code: 'conflict' });
      }
      expect(await outbox.cursor()).toBe(9);
      expect(titles(await outbox.waiting('email', 10))).toEqual(['first']);
    });

    it('keeps what a channel needs to find its thread again', async () => {
      const outbox = await create();
      expect(await outbox.thread('slack', 'a')).toBeUndefined();
      await outbox.saveThread('slack', 'a', { channel: 'C1', ts: '1.2' });
      await outbox.saveThread('email', 'a', { messageId: '<1@example.com>' });
      await outbox.saveThread('slack', 'a', { channel: 'C1', ts: '1.2', shown: 'item-3' });
      expect(await outbox.thread('slack', 'a')).toEqual({ channel: 'C1', ts: '1.2', shown: 'item-3' });
      expect(await outbox.thread('email', 'a')).toEqual({ messageId: '<1@example.com>' });
      expect(await outbox.thread('slack', 'b')).toBeUndefined();
    });
  });
}
