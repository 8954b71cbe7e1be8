import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestMessage, lateMessage } from '../../src/notify/gathered-message.js';
import type { Message, OutboxItem } from '../../src/notify/message.js';
import { type Backlog, nextDelivery } from '../../src/notify/next-delivery.js';
import { slackCard } from '../../src/notify/slack-card.js';

const NOW = Date.UTC(2026, 0, 1);

/** `a1`: the first message of incident a; `-1`: one without an incident. */
function item(name: string, changes: Partial<OutboxItem> = {}, message: Partial<Message> = {}): OutboxItem {
  const [incident = ''] = name;
  return {
    id: name,
    channel: 'email',
    recipients: [],
    createdAt: NOW,
    attempts: 0,
    nextAttemptAt: NOW,
    message: { kind: 'firing', tone: 'bad', dryRun: false, title: `shop-${incident}: ${name}`, text: '', facts: [], ...(incident === '-' ? {} : { incidentId: `incident-${incident}`, target: `shop-${incident}` }), ...message },
    ...changes,
  };
}

const backlog = (waiting: readonly OutboxItem[], changes: Partial<Backlog> = {}): Backlog => ({ waiting, now: NOW, recent: [], quiet: new Set(), digest: { over: 3, withinMs: 60_000 }, singly: false, ...changes });
const said = (next: ReturnType<typeof nextDelivery>): unknown => (next.kind === 'send' ? next.items.map(({ id }) => id) : next.kind === 'digest' ? next.units.map((unit) => unit.map(({ id }) => id)) : `wait ${(next.until - NOW) / 1_000}`);
const late = { createdAt: NOW - 3_600_000 };
const recent = (...keys: string[]): Backlog['recent'] => keys.map((key) => ({ key, at: NOW - 30_000 }));

describe('what a channel sends next', () => {
  it.each<readonly [string, Backlog, unknown]>([
    ['the oldest message, by itself', backlog([item('a1'), item('a2'), item('b1')]), ['a1']],
    ['what has gathered of an incident, where it is late', backlog([item('a1', late), item('b1', late), item('a2')]), ['a1', 'a2']],
    ['not beyond what a plan says to somebody', backlog([item('a1', late), item('a2', late, { kind: 'plan-notification' }), item('a3', late)]), ['a1']],
    ['a digest of many, each with all that has happened of it', backlog([item('a1'), item('b1'), item('-1'), item('a2'), item('c1')]), [['a1', 'a2'], ['b1'], ['-1'], ['c1']]],
    ['nothing for a moment, when many were told just now', backlog([item('d1')], { recent: recent('a', 'b', 'c') }), 'wait 15'],
    ['after that moment', backlog([item('d1', { createdAt: NOW - 15_000 })], { recent: recent('a', 'b', 'c') }), ['d1']],
    ['at once what seems to come from hours ahead, because the clock was set back', backlog([item('d1', { createdAt: NOW + 3_600_000 })], { recent: recent('a', 'b', 'c') }), ['d1']],
    ['at once what asks somebody', backlog([item('d1'), item('e1', {}, { kind: 'needs-human' })], { recent: recent('a', 'b', 'c') }), [['d1'], ['e1']]],
    ['by itself what came long after the others', backlog([item('d1')], { recent: [{ key: 'a', at: NOW - 61_000 }, ...recent('b', 'c')] }), ['d1']],
    ['first what disturbs nobody', backlog([item('a1'), item('b1'), item('c1'), item('d1')], { quiet: new Set(['incident-c']) }), ['c1']],
    ['one by one where the channel refuses more', backlog([item('a1', late), item('a2'), item('b1'), item('c1'), item('d1')], { singly: true }), ['a1']],
    ['together only what goes to the same people', backlog([item('a1', { addresses: ['x@y'] }), item('b1'), item('c1', { addresses: ['x@y'] }), item('d1')]), [['a1'], ['c1']]],
    ['never together where digests are off', backlog([item('a1'), item('b1'), item('c1'), item('d1')], { digest: undefined }), ['a1']],
  ])('%s', (_, given, expected) => {
    expect(said(nextDelivery(given))).toEqual(expected);
  });

  it('loses nothing and keeps the order of each incident, whatever waits', () => {
    const anyItem = fc.record({ incident: fc.constantFrom('a', 'b', 'c', 'd', 'e', '-'), late: fc.boolean(), kind: fc.constantFrom('firing', 'approval', 'plan-notification', 'recovered'), addressed: fc.boolean() } as const);
    fc.assert(
      fc.property(fc.array(anyItem, { maxLength: 30 }), fc.boolean(), fc.subarray(['incident-a', 'incident-b']), (sorts, singly, quiet) => {
        let waiting: readonly OutboxItem[] = sorts.map(({ incident, kind, addressed, ...sort }, index) => item(`${incident}${index}`, { ...(sort.late ? late : {}), ...(addressed ? { addresses: ['x@y'] } : {}) }, { kind }));
        const sent: OutboxItem[] = [];
        let now = NOW;
        for (let turn = 0; waiting.length > 0; turn += 1) {
          expect(turn).toBeLessThan(200);
          const next = nextDelivery(backlog(waiting, { now, singly, quiet: new Set(quiet), recent: sent.map(({ id }) => ({ key: id, at: now })) }));
          if (next.kind === 'wait') {
            expect(next.until).toBeGreaterThan(now);
            now = next.until;
            continue;
          }
          const items = next.kind === 'send' ? next.items : next.units.flat();
          sent.push(...items);
          waiting = waiting.filter((left) => !items.includes(left));
        }
        expect(sent.length).toBe(sorts.length);
        for (const incident of ['a', 'b', 'c', 'd', 'e']) {
          const order = sent.filter(({ id }) => id.startsWith(incident)).map(({ id }) => Number(id.slice(1)));
          expect(order).toEqual(order.toSorted((a, b) => a - b));
        }
      }),
    );
  });
});

describe('messages made of several', () => {
  const question = (id: string) => [{ approvalId: id, text: 'Roll back?', approve: 'Approve', reject: 'Reject' }];
  const [ana, bo] = [{ name: 'ana', slack: 'U1' }, { name: 'bo' }];

  it('tell what went before, and call whoever is still asked', () => {
    const items = [item('a1', late), item('a2', late, { kind: 'approval', tell: [ana] }), item('a3', {}, { kind: 'escalation', tell: [bo], questions: question('approval-1') })];
    expect(lateMessage(items, NOW, new Set())).toMatchObject({ title: 'shop-a: a3', tell: [ana, bo], facts: [['before that', '2025-12-31 23:00:00 UTC: shop-a: a1\n2025-12-31 23:00:00 UTC: shop-a: a2'], ['told late', 'the first of it was to be told 1h ago']] });
    expect(lateMessage(items, NOW, new Set(['a2', 'a3']))?.tell).toBeUndefined();
    expect(lateMessage([...items, item('a4', {}, { kind: 'recovered' })], NOW, new Set())?.tell).toBeUndefined();
  });

  it('name every incident with its state, and hide no question: 30 at once, in Slack as well', () => {
    const units = Array.from({ length: 30 }, (_, index) => [item(`${String.fromCharCode(97 + (index % 26))}${index}`, {}, { incidentId: `incident-${index}`, ...(index < 7 ? { kind: 'approval', questions: question(`approval-${index}`), tell: [ana] } : {}) })]);
    const message = digestMessage(units);
    expect(message).toMatchObject({ kind: 'digest', tone: 'bad', title: 'Much at once: 30 incidents, 7 of them wait for a person', tell: [ana] });
    const card = JSON.stringify(slackCard(message, [], { withButtons: true }));
    for (let index = 0; index < 30; index += 1) expect(card).toContain(`incident-${index}`);
    for (let index = 0; index < 7; index += 1) expect(card).toContain(`belay approve approval-${index}`);
    expect(card).toContain('<@U1>');
    expect(card.match(/"action_id":"belay.approve"/g)).toHaveLength(5);
  });
});
