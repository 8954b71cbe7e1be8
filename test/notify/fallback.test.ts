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
  const [slack, email] = [new RecordingNotifier('slack'), new RecordingNotifier('email')];
  const events: ChannelEvent[] = [];
  const journal = { entriesAfter: async () => [], entriesOfIncident: async () => [], entriesOfExecution: async () => [] };
  const notifier = new Notifier([slack, email], { journal, outbox, clock, redactor: new Redactor(), report: (error) => { throw error; }, random: () => 0, noteChannel: async (event) => void events.push(event) });
  notifier.start();
  started.push(notifier);
  const say = async (id: string, channels: readonly ('slack' | 'email')[], message: Partial<Message> = {}): Promise<void> => {
    const whole: Message = { kind: 'firing', tone: 'bad', dryRun: false, title: id, text: '', facts: [], incidentId: 'i1', ...message };
    await outbox.enqueue(channels.map((channel) => ({ id: `${id}.${channel}`, channel, message: whole, recipients: [], createdAt: clock.now() })));
    notifier.journalAppended();
  };
  return { slack, email, events, notifier, outbox, clock, say };
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
    expect([email.titles, notifier.channels.map(({ isDead }) => isDead)]).toEqual([[], [false, false]]);
    await clock.advance(0.3 * MINUTE);
    await say('three', ['slack']);
    await clock.advance(6_000);
    // The first two are late by now, and come together.
    expect(email.titles).toEqual(['two', 'three']);
    expect(email.sent[0]?.facts.map(([label, value]) => [label, value.split('\n').at(-1)])).toEqual([['instead of', 'Slack, which takes no messages since 2026-01-01 00:00:00 UTC: connection refused'], ['before that', '2026-01-01 00:00:00 UTC: one'], ['told late', 'the first of it was to be told 2m ago']]);
    expect(events).toEqual([{ type: 'channel-dead', at: Date.UTC(2026, 0, 1, 0, 2), channel: 'slack', since: Date.UTC(2026, 0, 1), error: 'connection refused', waiting: 2, instead: 'email' }]);
    expect(notifier.channels).toEqual([{ channel: 'slack', failingSince: Date.UTC(2026, 0, 1), error: 'connection refused', isDead: true }, { channel: 'email', isDead: false }]);
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
    expect(notifier.channels.every(({ isDead }) => isDead)).toBe(true);
    expect(events.map(({ channel, ...event }) => [channel, 'instead' in event ? event.instead : undefined])).toEqual([['slack', 'email'], ['email', undefined]]);
    [slack.answer, email.answer] = [up, up];
    await clock.advance(6 * MINUTE);
    expect([slack.titles, email.titles, outbox.records.every(({ state }) => state === 'sent')]).toEqual([['one'], ['one'], true]);
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
