import { afterEach, describe, expect, it } from 'vitest';
import type { ChannelEventSink } from '../../src/notify/channel-watch.js';
import type { Message } from '../../src/notify/message.js';
import { Notifier } from '../../src/notify/notifier.js';
import { Redactor } from '../../src/secret/redactor.js';
import { FakeClock } from '../support/fake-clock.js';
import { MemoryOutbox } from '../support/memory-outbox.js';
import { RecordingNotifier } from '../support/recording-notifier.js';

const MINUTE = 60_000;
const started: Notifier[] = [];
type ChannelEvent = Parameters<ChannelEventSink>[0];

/** Slack and mail, on a clock that tests move; `message` goes to the channels that are named. */
function world(outbox = new MemoryOutbox(), clock = new FakeClock()) {
  const [slack, email, outside] = [new RecordingNotifier('slack'), new RecordingNotifier('email'), new RecordingNotifier('customers-email')];
  const events: ChannelEvent[] = [];
  const journal = { entriesAfter: async () => [], entriesOfIncident: async () => [], entriesOfExecution: async () => [] };
  const notifier = new Notifier([slack, email], { journal, outbox, clock, redactor: new Redactor(), customers: { channels: [outside], rules: { fromLevel: 3, services: {} } }, report: (error) => { throw error; }, random: () => 0, noteChannel: async (event) => void events.push(event) });
  notifier.start();
  started.push(notifier);
  const say = async (id: string, channels: readonly ('slack' | 'email' | 'customers-email')[], message: Partial<Message> = {}): Promise<void> => {
    const whole: Message = { kind: 'firing', tone: 'bad', dryRun: false, title: id, text: '', facts: [], incidentId: 'i1', ...message };
    await outbox.enqueue(channels.map((channel) => ({ id: `${id}.${channel}`, channel, message: whole, recipients: [], createdAt: clock.now() })));
    notifier.journalAppended();
  };
  return { slack, email, outside, events, notifier, outbox, clock, say };
}

const down = (error = 'connection refused') => () => ({ kind: 'retry', error }) as const;
const up = () => ({ kind: 'sent' }) as const;

afterEach(async () => {
  for (const notifier of started.splice(0)) await notifier.stop(0);
});

describe('a dead channel', () => {
  it('leaves its messages to the next after two minutes, in order, says why, and is reported', async () => {
    const { slack, email, events, clock, notifier, say } = world();
    slack.answer = down();
    await say('one', ['slack']);
    await say('two', ['slack']);
    await clock.advance(1.9 * MINUTE);
    expect([email.titles, notifier.channels.map(({ isDead }) => isDead)]).toEqual([[], [false, false, false]]);
    await clock.advance(0.3 * MINUTE);
    await say('three', ['slack']);
    await clock.advance(6_000);
    // The first two are late by now, and come together.
    expect(email.titles).toEqual(['two', 'three']);
    expect(email.sent[0]?.facts.map(([label, value]) => [label, value.split('\n').at(-1)])).toEqual([['instead of', 'Slack, which takes no messages since 2026-01-01 00:00:00 UTC: connection refused'], ['before that', '2026-01-01 00:00:00 UTC: one'], ['told late', 'the first of it was to be told 2m ago']]);
    expect(events).toEqual([{ type: 'channel-dead', at: Date.UTC(2026, 0, 1, 0, 2), channel: 'slack', since: Date.UTC(2026, 0, 1), error: 'connection refused', waiting: 2, instead: 'email' }]);
    expect(notifier.channels).toEqual([{ channel: 'slack', failingSince: Date.UTC(2026, 0, 1), error: 'connection refused', isDead: true }, { channel: 'email', isDead: false }, { channel: 'customers-email', isDead: false }]);
  });

  it('tells nobody twice who hears of it by the other channel anyway, and brings Slack up to date without a call when it is back', async () => {
    const { slack, email, events, clock, say } = world();
    slack.answer = down();
    const tell = [{ name: 'ana', slack: 'U1' }];
    await say('one', ['slack', 'email'], { kind: 'needs-human', tell });
    await say('alone', ['slack', 'email'], { incidentId: undefined });
    await clock.advance(3 * MINUTE);
    expect(email.titles).toEqual(['one', 'alone']);
    slack.answer = up;
    await clock.advance(6 * MINUTE);
    await say('two', ['slack', 'email'], { tell });
    await clock.advance(6_000);
    expect(slack.sent.map(({ title, tell: called }) => [title, called])).toEqual([['one', undefined], ['two', tell]]);
    expect(email.titles).toEqual(['one', 'alone', 'two']);
    expect(events.map(({ type }) => type)).toEqual(['channel-dead', 'channel-back']);
  });

  it('calls in Slack after all when the other channel never delivered', async () => {
    const { slack, email, clock, say } = world();
    slack.answer = down();
    email.answer = down();
    await say('one', ['slack'], { tell: [{ name: 'ana', slack: 'U1' }] });
    await clock.advance(3 * MINUTE);
    slack.answer = up;
    await clock.advance(6 * MINUTE);
    expect(slack.sent.map(({ tell }) => tell?.length)).toEqual([1]);
  });

  it('mails what went by Slack too, once it is back: who has an address only was not called there', async () => {
    const { slack, email, clock, say } = world();
    email.answer = down();
    await say('one', ['email'], { kind: 'escalation', tell: [{ name: 'lee', email: 'lee@example.com' }] });
    await say('two', ['email']);
    await clock.advance(3 * MINUTE);
    email.answer = up;
    await clock.advance(6 * MINUTE);
    expect([slack.titles, email.titles]).toEqual([['two'], ['two']]);
    await say('three', ['email']);
    await clock.advance(6 * MINUTE);
    expect([slack.titles, email.titles]).toEqual([['two'], ['two', 'three']]);
  });

  it('has no stand-in when all are dead, and loses nothing', async () => {
    const { slack, email, events, clock, notifier, say, outbox } = world();
    slack.answer = down();
    email.answer = down('550 not you');
    await say('one', ['slack', 'email']);
    await clock.advance(10 * MINUTE);
    expect(notifier.channels.filter(({ isDead }) => isDead).map(({ channel }) => channel)).toEqual(['slack', 'email']);
    expect(events.map(({ channel, ...event }) => [channel, 'instead' in event ? event.instead : undefined])).toEqual([['slack', 'email'], ['email', undefined]]);
    [slack.answer, email.answer] = [up, up];
    await clock.advance(6 * MINUTE);
    expect([slack.titles, email.titles, outbox.records.every(({ state }) => state === 'sent')]).toEqual([['one'], ['one'], true]);
  });

  it('that leads to customers keeps its messages until it is back, each by itself, and is reported', async () => {
    const { slack, email, outside, events, clock, say } = world();
    outside.answer = down('550 not now');
    for (const id of ['one', 'two', 'three']) await say(id, ['customers-email'], { audience: 'customer' });
    await clock.advance(10 * MINUTE);
    expect([slack.titles, email.titles, outside.titles]).toEqual([[], [], []]);
    expect(events.map((event) => [event.type, event.channel, 'instead' in event])).toEqual([['channel-dead', 'customers-email', false]]);
    outside.answer = up;
    await clock.advance(6 * MINUTE);
    expect([outside.titles, outside.sent.flatMap(({ facts }) => facts)]).toEqual([['one', 'two', 'three'], []]);
    expect([slack.titles, email.titles, events.at(-1)?.type]).toEqual([[], [], 'channel-back']);
  });

  it('never leaves what people inside are told to customers', async () => {
    const { slack, email, outside, clock, say } = world();
    [slack.answer, email.answer] = [down(), down()];
    await say('one', ['slack', 'email']);
    await clock.advance(10 * MINUTE);
    expect([outside.attempts.length, slack.attempts.length > 1, email.attempts.length > 1]).toEqual([0, true, true]);
  });

  it('is not one that asks for a little time', async () => {
    const { slack, email, events, clock, say } = world();
    slack.answer = () => ({ kind: 'retry', error: 'rate limited', busy: true, afterMs: 30_000 });
    await say('one', ['slack']);
    await clock.advance(10 * MINUTE);
    expect([email.titles, events]).toEqual([[], []]);
    slack.answer = () => ({ kind: 'retry', error: 'rate limited', busy: true, afterMs: 3_600_000 });
    await clock.advance(4 * MINUTE);
    expect([email.titles, events.map(({ type }) => type)]).toEqual([['one'], ['channel-dead']]);
  });

  it('stays dead over a restart, and is not reported again', async () => {
    const first = world();
    first.slack.answer = down();
    await first.say('one', ['slack']);
    await first.clock.advance(3 * MINUTE);
    await first.notifier.stop(0);
    const second = world(first.outbox, first.clock);
    second.slack.answer = down();
    await second.clock.advance(10 * MINUTE);
    expect([second.events, second.notifier.channels[0]?.isDead]).toEqual([[], true]);
    second.slack.answer = up;
    await second.clock.advance(6 * MINUTE);
    expect(second.events.map(({ type }) => type)).toEqual(['channel-back']);
    expect([first.email.titles, second.email.titles]).toEqual([['one'], []]);
  });
});
