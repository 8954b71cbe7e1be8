import { afterEach, describe, expect, it } from 'vitest';
import { Notifier } from '../../src/notify/notifier.js';
import type { Attempt } from '../../src/notify/channel-dispatcher.js';
import type { Message } from '../../src/notify/message.js';
import { Redactor } from '../../src/secret/redactor.js';
import type { JournalEntry } from '../../src/incident/incident-event.js';
import { FakeClock } from '../support/fake-clock.js';
import { recoveredByLevelThree } from '../support/incident-story.js';
import { MemoryOutbox } from '../support/memory-outbox.js';
import { RecordingNotifier } from '../support/recording-notifier.js';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1, 4);

class Journal {
  entries: JournalEntry[] = [];
  /** When what is appended happens. */
  now = (): number => START;
  entriesAfter = async (seq: number, limit: number) => this.entries.filter((entry) => entry.seq > seq).slice(0, limit);
  entriesOfIncident = async (id: string) => this.entries.filter(({ event }) => 'incidentId' in event && event.incidentId === id);
  entriesOfExecution = async (id: string) => this.entries.filter(({ event }) => 'executionId' in event && event.executionId === id);

  append(entries: readonly JournalEntry[]): void {
    this.entries = [...this.entries, ...entries.map(({ event }) => ({ seq: 0, event: { ...event, at: this.now() } }))].map(({ event }, index) => ({ seq: index + 1, event }));
  }
}

interface World {
  readonly clock: FakeClock;
  readonly journal: Journal;
  readonly outbox: MemoryOutbox;
  readonly faults: unknown[];
  readonly attempts: Attempt[];
  readonly notifier: Notifier;
}

const started: Notifier[] = [];

function world(channels: readonly RecordingNotifier[], options: { readonly outbox?: MemoryOutbox; readonly journal?: Journal; readonly redactor?: Redactor } = {}): World {
  const clock = new FakeClock(START);
  const { journal = new Journal(), outbox = new MemoryOutbox(), redactor = new Redactor() } = options;
  journal.now = () => clock.now();
  const faults: unknown[] = [];
  const attempts: Attempt[] = [];
  const notifier = new Notifier(channels, { journal, outbox, clock, redactor, attempted: (attempt) => attempts.push(attempt), report: (error) => faults.push(error), random: () => 0 });
  notifier.start();
  started.push(notifier);
  return { clock, journal, outbox, faults, attempts, notifier };
}

afterEach(async () => {
  for (const notifier of started.splice(0)) await notifier.stop(0);
});

function loose(title: string, incidentId?: string): Message {
  return { kind: 'blind', tone: 'bad', dryRun: false, incidentId, title, text: '', facts: [] };
}

async function enqueue({ outbox, clock }: Pick<World, 'outbox' | 'clock'>, channel: 'slack' | 'email', ...messages: Message[]): Promise<void> {
  await outbox.enqueue(messages.map((message) => ({ channel, message, recipients: [], createdAt: clock.now() })));
}

describe('from the journal to people', () => {
  it('sends every message of an incident, in order, to every channel', async () => {
    const [slack, email] = [new RecordingNotifier('slack'), new RecordingNotifier('email')];
    const { clock, journal, notifier } = world([slack, email]);
    journal.append(recoveredByLevelThree().entries);
    notifier.journalAppended();
    await clock.advance(0);
    expect(slack.sent.map(({ kind }) => kind)).toEqual(['firing', 'rollback-started', 'rollback-ended', 'not-recovered', 'rollback-started', 'rollback-ended', 'recovered']);
    expect(email.titles).toEqual(slack.titles);
  });

  it.each([60 * MINUTE, -60 * MINUTE])('tries again after as long as it rests, and calls nobody dead, when the clock is set by %i ms', async (byMs) => {
    const slack = new RecordingNotifier('slack');
    slack.answer = () => ({ kind: 'retry', error: 'HTTP 503' });
    const { clock, outbox, journal } = world([slack]);
    await enqueue({ outbox, clock }, 'slack', loose('first'), loose('second'));
    await clock.advance(6_000);
    const tried = slack.attempts.length;
    clock.set(byMs);
    slack.answer = () => ({ kind: 'sent' });
    await clock.advance(500);
    expect(slack.attempts).toHaveLength(tried);
    await clock.advance(20_000);
    expect(slack.titles).toEqual(['first', 'second']);
    expect(journal.entries).toEqual([]);
  });

  it.each([60 * MINUTE, -60 * MINUTE])('rests no longer when the clock is set by %i ms during the attempt that fails', async (byMs) => {
    const slack = new RecordingNotifier('slack');
    const { clock, outbox } = world([slack]);
    slack.answer = () => {
      if (slack.attempts.length === 1) clock.set(byMs);
      return slack.attempts.length === 1 ? { kind: 'retry', error: 'HTTP 503' } : { kind: 'sent' };
    };
    await enqueue({ outbox, clock }, 'slack', loose('first'), loose('second'));
    await clock.advance(10_000);
    expect(slack.titles).toEqual(['first', 'second']);
  });

  it('does not wait for hours after a start with a clock that was set back', async () => {
    const slack = new RecordingNotifier('slack');
    const outbox = new MemoryOutbox();
    await outbox.enqueue([{ channel: 'slack', message: loose('first'), recipients: [], createdAt: START + 60 * MINUTE }]);
    const { clock } = world([slack], { outbox });
    await clock.advance(6 * MINUTE);
    expect(slack.titles).toEqual(['first']);
  });

  it('notices what was appended without a word', async () => {
    const slack = new RecordingNotifier('slack');
    const { clock, journal } = world([slack]);
    await clock.advance(0);
    journal.append(recoveredByLevelThree().entries.slice(0, 3));
    await clock.advance(6_000);
    expect(slack.sent.map(({ kind }) => kind)).toEqual(['firing']);
  });

  it('composes each line once, whenever the process died', async () => {
    const { entries } = recoveredByLevelThree();
    for (let died = 0; died <= entries.length; died += 1) {
      const [journal, outbox] = [new Journal(), new MemoryOutbox()];
      journal.append(entries.slice(0, died));
      const first = world([new RecordingNotifier('slack')], { journal, outbox });
      await first.clock.advance(0);
      await first.notifier.stop();
      journal.append(entries.slice(died));
      const second = world([new RecordingNotifier('slack')], { journal, outbox });
      await second.clock.advance(0);
      await second.notifier.stop();
      expect(outbox.records).toHaveLength(7);
    }
  });

  it('loses nothing, and composes nothing twice, when the outbox fails in between', async () => {
    const outbox = new MemoryOutbox();
    const enqueueUpTo = outbox.enqueueUpTo.bind(outbox);
    let failures = 2;
    outbox.enqueueUpTo = async (cursor, items) => {
      failures -= 1;
      if (failures >= 0) throw new Error('disk full');
      await enqueueUpTo(cursor, items);
    };
    const slack = new RecordingNotifier('slack');
    const { clock, journal, notifier, faults } = world([slack], { outbox });
    journal.append(recoveredByLevelThree().entries);
    notifier.journalAppended();
    await clock.advance(20_000);
    expect(faults).toHaveLength(2);
    expect(slack.sent).toHaveLength(7);
  });

  it('goes on at once, without a fault, behind another composer of the same store', async () => {
    const outbox = new MemoryOutbox();
    const enqueueUpTo = outbox.enqueueUpTo.bind(outbox);
    let raced = false;
    outbox.enqueueUpTo = async (cursor, items) => {
      if (!raced) await enqueueUpTo(cursor, items);
      raced = true;
      await enqueueUpTo(cursor, items);
    };
    const slack = new RecordingNotifier('slack');
    const { clock, journal, notifier, faults } = world([slack], { outbox });
    journal.append(recoveredByLevelThree().entries.slice(0, 3));
    notifier.journalAppended();
    await clock.advance(0);
    journal.append(recoveredByLevelThree().entries.slice(3));
    notifier.journalAppended();
    await clock.advance(6_000);
    expect(faults).toEqual([]);
    expect(slack.sent).toHaveLength(7);
  });

  it('is not silenced by a line that cannot be worded', async () => {
    const slack = new RecordingNotifier('slack');
    const { clock, journal, notifier, faults } = world([slack]);
    const broken = { seq: 1, event: { type: 'from-the-future', at: 0, target: 'cart' } } as unknown as JournalEntry;
    journal.append([broken, ...recoveredByLevelThree().entries.slice(0, 3)]);
    notifier.journalAppended();
    await clock.advance(0);
    expect(slack.titles).toEqual(['cart: from-the-future', 'checkout: error rate 23.4% > 10% for 5m, rolling back level 1 (feature flag)']);
    expect(faults).toHaveLength(1);
  });

  it('blanks secrets wherever they stand', async () => {
    const redactor = new Redactor();
    redactor.add('hunter22');
    const slack = new RecordingNotifier('slack');
    const { clock, journal, notifier, outbox, attempts } = world([slack], { redactor });
    slack.answer = () => ({ kind: 'retry', error: 'token hunter22 was refused' });
    journal.append([{ seq: 1, event: { type: 'paused', at: 0, pauseId: 'p', by: 'ana', reason: 'the password is hunter22' } }]);
    notifier.journalAppended();
    await clock.advance(0);
    expect(outbox.records[0]?.lastError).toBe('token [redacted] was refused');
    expect(JSON.stringify([outbox.records, attempts])).not.toContain('hunter22');
  });
});

describe('an outage', () => {
  it('of an hour costs few attempts, loses nothing, and ends with one message for each incident', async () => {
    const slack = new RecordingNotifier('slack');
    const { clock, journal, notifier, outbox } = world([slack]);
    const backAt = clock.now() + 60 * MINUTE;
    slack.answer = () => (clock.now() < backAt ? { kind: 'retry', error: 'connection refused' } : { kind: 'sent' });
    for (const target of ['checkout', 'cart', 'search']) {
      journal.append(recoveredByLevelThree({ incidentId: `incident-${target}`, target }).entries);
      notifier.journalAppended();
      await clock.advance(10 * MINUTE);
    }
    await clock.advanceTo(backAt - 1);
    expect(slack.sent).toEqual([]);
    // 1, 2, 4 … 256 s, then every five minutes.
    expect(slack.attempts.length).toBeLessThan(25);
    await clock.advance(6 * MINUTE);
    expect(slack.sent.map(({ kind, target }) => [kind, target])).toEqual([['recovered', 'checkout'], ['recovered', 'cart'], ['recovered', 'search']]);
    for (const { facts } of slack.sent) {
      const before = facts.find(([label]) => label === 'before that')?.[1].split('\n') ?? [];
      expect(before.map((line) => /rolling back|started|done|not recovered/.exec(line)?.[0])).toEqual(['rolling back', 'started', 'done', 'not recovered', 'started', 'done']);
    }
    expect(outbox.records.map(({ state }) => state)).toEqual(Array.from({ length: 21 }, () => 'sent'));
  });

  it('of one channel holds up no other, even when it hangs', async () => {
    const [slack, email] = [new RecordingNotifier('slack'), new RecordingNotifier('email')];
    let release = (): void => undefined;
    slack.answer = () => new Promise((resolve) => (release = () => resolve({ kind: 'sent' })));
    const { clock, journal, notifier } = world([slack, email]);
    journal.append(recoveredByLevelThree().entries);
    notifier.journalAppended();
    await clock.advance(1_000);
    expect(slack.attempts).toHaveLength(1);
    expect(email.sent).toHaveLength(7);
    release();
  });

  it('keeps the order of messages without an incident, too', async () => {
    const email = new RecordingNotifier('email');
    const w = world([email]);
    const backAt = w.clock.now() + 20 * MINUTE;
    email.answer = () => (w.clock.now() < backAt ? { kind: 'retry', error: 'refused' } : { kind: 'sent' });
    await enqueue(w, 'email', loose('blind'));
    await w.clock.advance(10 * MINUTE);
    await enqueue(w, 'email', loose('seeing'));
    await w.clock.advance(20 * MINUTE);
    expect(email.titles).toEqual(['blind', 'seeing']);
  });
});

describe('one attempt', () => {
  it('waits as long as the other side asks, with all its messages', async () => {
    const slack = new RecordingNotifier('slack');
    const w = world([slack]);
    slack.answer = () => (slack.attempts.length === 1 ? { kind: 'retry', error: 'slow down', afterMs: 90_000 } : { kind: 'sent' });
    await enqueue(w, 'slack', loose('a', 'i1'), loose('b', 'i2'));
    await w.clock.advance(89_999);
    expect(slack.attempts).toHaveLength(1);
    await w.clock.advance(10_000);
    expect(slack.titles).toEqual(['a', 'b']);
  });

  it('gives up what can never be delivered, and goes on behind it', async () => {
    const slack = new RecordingNotifier('slack');
    const w = world([slack]);
    slack.answer = ({ item }) => (item.message.title === 'a' ? { kind: 'undeliverable', error: 'too long' } : { kind: 'sent' });
    await enqueue(w, 'slack', loose('a', 'i1'), loose('b', 'i1'));
    await w.clock.advance(6_000);
    expect(slack.titles).toEqual(['b']);
    expect(w.outbox.records[0]).toMatchObject({ state: 'undeliverable', lastError: 'too long' });
    expect(w.attempts.map(({ result }) => result)).toEqual(['undeliverable', 'sent']);
  });

  it('is repeated when the channel throws', async () => {
    const slack = new RecordingNotifier('slack');
    const w = world([slack]);
    slack.answer = () => {
      if (slack.attempts.length === 1) throw new TypeError('a fault in the channel');
      return { kind: 'sent' };
    };
    await enqueue(w, 'slack', loose('a'));
    await w.clock.advance(6_000);
    expect(slack.titles).toEqual(['a']);
    expect(w.attempts[0]).toMatchObject({ result: 'retry', error: 'a fault in the channel' });
  });

  it('is not repeated while the store cannot write down that it was sent', async () => {
    const slack = new RecordingNotifier('slack');
    const w = world([slack]);
    const markSent = w.outbox.markSent.bind(w.outbox);
    let full = true;
    w.outbox.markSent = async (id, at) => {
      if (full) throw new Error('disk full');
      await markSent(id, at);
    };
    await enqueue(w, 'slack', loose('a', 'i1'), loose('b', 'i1'));
    await w.clock.advance(10 * MINUTE);
    expect(slack.titles).toEqual(['a']);
    full = false;
    await w.clock.advance(2_000);
    expect(slack.titles).toEqual(['a', 'b']);
  });

  it('begins where a half-delivered message stopped', async () => {
    const slack = new RecordingNotifier('slack');
    const w = world([slack]);
    slack.answer = ({ thread }) => (thread === undefined ? { kind: 'retry', error: 'reset', thread: { ts: '1' } } : { kind: 'sent', thread });
    await enqueue(w, 'slack', loose('a', 'i1'));
    await w.clock.advance(6_000);
    expect(slack.attempts.map(({ thread }) => thread)).toEqual([undefined, { ts: '1' }]);
  });
});

describe('stop', () => {
  it('waits for the message in hand and leaves the rest in the outbox', async () => {
    const slack = new RecordingNotifier('slack');
    const w = world([slack]);
    let release = (): void => undefined;
    slack.answer = () => new Promise((resolve) => (release = () => resolve({ kind: 'sent' })));
    await enqueue(w, 'slack', loose('a', 'i1'), loose('b', 'i1'));
    await w.clock.advance(6_000);
    const stopped = w.notifier.stop();
    await w.clock.advance(100);
    expect(slack.closed).toBe(false);
    release();
    await stopped;
    expect(w.outbox.records.map(({ state }) => state)).toEqual(['sent', 'waiting']);
    expect([slack.closed, w.clock.sleeping]).toEqual([true, 0]);
  });

  it('does not wait longer than it may for a message that hangs', async () => {
    const slack = new RecordingNotifier('slack');
    const w = world([slack]);
    let release = (): void => undefined;
    slack.answer = () => new Promise((resolve) => (release = () => resolve({ kind: 'sent' })));
    await enqueue(w, 'slack', loose('a'));
    await w.clock.advance(6_000);
    const stopped = w.notifier.stop(3_000);
    await w.clock.advance(3_000);
    await stopped;
    expect(w.outbox.records[0]?.state).toBe('waiting');
    release();
  });
});
