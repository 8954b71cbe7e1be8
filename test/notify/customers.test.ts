import { describe, expect, it, onTestFinished } from 'vitest';
import type { JournalEntry } from '../../src/incident/incident-event.js';
import { composeForCustomers } from '../../src/notify/compose-customers.js';
import { EmailChannel } from '../../src/notify/email-channel.js';
import type { Message, OutboxItem } from '../../src/notify/message.js';
import { Notifier } from '../../src/notify/notifier.js';
import { StatusPageChannel } from '../../src/notify/status-page-channel.js';
import { Redactor } from '../../src/secret/redactor.js';
import { FakeClock } from '../support/fake-clock.js';
import { IncidentStory, recoveredByLevelThree } from '../support/incident-story.js';
import { MemoryOutbox } from '../support/memory-outbox.js';
import { TestSmtpServer } from '../support/smtp-server.js';
import { startStatusPage } from '../support/status-page.js';

const rules = { fromLevel: 3, services: { checkout: 'the Example Shop' } } as const;

function told(entries: readonly JournalEntry[], by: Parameters<typeof composeForCustomers>[2] = rules): readonly Message[] {
  return entries.flatMap((entry) => composeForCustomers(entry, entries.filter(({ seq }) => seq <= entry.seq), by) ?? []);
}

const item = (id: string, message: Message, attempts = 0): OutboxItem => ({ id, channel: 'customers-email', message, recipients: [], createdAt: 0, attempts, nextAttemptAt: 0 });

describe('customers', () => {
  it('are told once that a rollback which they notice has begun, and of its end', () => {
    expect(told(recoveredByLevelThree().entries).map(({ title, text }) => `${title}\n${text}`)).toEqual([
      'Problems with the Example Shop\nSince 2026-01-01 02:59:00 UTC the Example Shop has not worked as it should for some of you. We have found a change that may be the cause and are taking it back.\n\nYou need not do anything. We will write again once we have seen that it works.',
      'the Example Shop works again\nSince 2026-01-01 03:16:34 UTC the Example Shop works as it should. The trouble had lasted 18 minutes.\n\nYou need not do anything. We are sorry, and will find out how it came to it.',
    ]);
    expect(told(recoveredByLevelThree().entries, { ...rules, fromLevel: 1 })).toHaveLength(2);
  });

  it('hear nothing of levels that they do not notice, of dry runs, and of what people inside do', () => {
    expect(told(recoveredByLevelThree().entries, { ...rules, fromLevel: 4 })).toEqual([]);
    expect(told(new IncidentStory({ mode: 'dry-run' }).opened().fired().decidedToExecute(3).started(3).ended('would-have').recovered('by-itself', 'x').entries)).toEqual([]);
    expect(told(new IncidentStory().opened().fired().needsHuman('no-plan', 'x').acknowledged('ana').recovered('by-itself', 'x').entries)).toEqual([]);
  });

  it('who know of it hear that people go on working on it', () => {
    const story = new IncidentStory().opened().fired().decidedToExecute(3).started(3).ended('success').needsHuman('inconclusive', 'secret insight');
    expect(told(story.entries).map(({ title }) => title)).toEqual(['Problems with the Example Shop', 'We are still working on the problem with the Example Shop']);
  });

  it('never see what is known inside only', () => {
    const all = JSON.stringify(told(recoveredByLevelThree().entries).map(({ title, text, facts, next, target, questions }) => [title, text, facts, next, target, questions]));
    for (const inside of ['CheckoutErrorRateHigh', 'http_requests_total', '23.4%', 'checkout-previous-release', 'production', 'belay ', 'level']) expect(all).not.toContain(inside);
  });

  it('are reached by their own channels only, which get nothing else', async () => {
    const outbox = new MemoryOutbox();
    const { entries } = recoveredByLevelThree();
    const sent: string[] = [];
    const channel = (name: 'email' | 'customers-email') => ({ name, close: () => undefined, send: ({ item: { message } }: { item: OutboxItem }) => (sent.push(`${name}: ${message.audience ?? 'internal'}`), Promise.resolve({ kind: 'sent' as const })) });
    const clock = new FakeClock(Date.UTC(2026, 0, 1, 4));
    const journal = { entriesAfter: (seq: number) => Promise.resolve(entries.filter((entry) => entry.seq > seq)), entriesOfIncident: () => Promise.resolve(entries), entriesOfExecution: () => Promise.resolve([]) };
    const notifier = new Notifier([channel('email')], { journal, outbox, clock, redactor: new Redactor(), customers: { channels: [channel('customers-email')], rules }, report: (error) => { throw error; } });
    notifier.start();
    await clock.advance(60_000);
    await Promise.all([notifier.stop(), clock.advance(10_000)]);
    expect([...new Set(sent)].toSorted()).toEqual(['customers-email: customer', 'email: internal']);
    expect(sent.filter((line) => line.startsWith('customers'))).toHaveLength(2);
  });
});

it('a status page gets one incident, which is resolved by the end, and none twice', async () => {
  const page = await startStatusPage('p1', 'the-token');
  onTestFinished(() => page.close());
  const [started, recovered] = told(recoveredByLevelThree().entries) as [Message, Message];
  const channel = new StatusPageChannel({ url: page.url, page: 'p1', token: 'the-token' }, new FakeClock());
  const first = await channel.send({ item: item('a', started), newest: item('a', started) });
  expect(first).toEqual({ kind: 'sent', thread: { id: 'i1' } });
  // Its answer was lost, and it is sent once more.
  expect(await channel.send({ item: item('a', started, 1), newest: item('a', started, 1) })).toEqual({ kind: 'sent', thread: { id: 'i1' } });
  expect(await channel.send({ item: item('b', recovered), newest: item('b', recovered), thread: { id: 'i1' } })).toEqual({ kind: 'sent', thread: { id: 'i1' } });
  expect(page.published.map(({ id, status, name }) => [id, status, name])).toEqual([
    ['i1', 'identified', 'Problems with the Example Shop'], ['i1', 'identified', 'Problems with the Example Shop'], ['i1', 'resolved', 'the Example Shop works again'],
  ]);
  const wrong = await new StatusPageChannel({ url: page.url, page: 'p1', token: 'wrong-secret' }, new FakeClock()).send({ item: item('a', started), newest: item('a', started) });
  expect(wrong).toEqual({ kind: 'retry', error: 'the status page answered HTTP 401', afterMs: 300_000 });
});

it('a mail to customers shows none of them the others, and has its own subject', async () => {
  const smtp = await TestSmtpServer.start();
  onTestFinished(() => smtp.stop());
  const channel = new EmailChannel({ smtp: smtp.url, from: 'status@example.com', to: ['one@example.org', 'two@example.org'] }, undefined, 'customers-email');
  const [started, recovered] = told(recoveredByLevelThree().entries) as [Message, Message];
  const first = await channel.send({ item: item('a', started), newest: item('a', started) });
  await channel.send({ item: item('b', recovered), newest: item('b', recovered), thread: first.thread });
  const [mail, second] = smtp.mails;
  expect([mail?.envelopeTo, mail?.to]).toMatchObject([['one@example.org', 'two@example.org'], { text: 'status@example.com' }]);
  expect([second?.subject, second?.inReplyTo]).toEqual(['the Example Shop works again', '<a@example.com>']);
  expect(String(mail?.html)).not.toContain('Under way');
});
