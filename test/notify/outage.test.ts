import { expect, it, onTestFinished } from 'vitest';
import { composeMessages } from '../../src/notify/compose-messages.js';
import type { ChannelEventSink } from '../../src/notify/channel-watch.js';
import { createChannels, Notifier } from '../../src/notify/notifier.js';
import { Redactor } from '../../src/secret/redactor.js';
import { driveClock } from '../support/drive-clock.js';
import { FakeClock } from '../support/fake-clock.js';
import { recoveredByLevelThree } from '../support/incident-story.js';
import { MemoryOutbox } from '../support/memory-outbox.js';
import { TestSlackServer } from '../support/slack-server.js';
import { TestSmtpServer } from '../support/smtp-server.js';

const HOUR = 3_600_000;

it('Slack is dead for an hour: mail tells all, and Slack then shows how each incident stands, without calling anybody again', async () => {
  const [slack, smtp, clock, outbox] = [await TestSlackServer.start(), await TestSmtpServer.start(), new FakeClock(), new MemoryOutbox()];
  const backAt = clock.now() + HOUR;
  slack.fail = () => (clock.now() < backAt ? { status: 503, body: 'down' } : undefined);
  const events: Parameters<ChannelEventSink>[0][] = [];
  const looks: (() => void)[] = [];
  /** Resolves once nothing waits for these channels. */
  const told = (...names: readonly string[]): Promise<void> => new Promise((resolve) => looks.push(() => outbox.records.every(({ channel, state }) => !names.includes(channel) || state === 'sent') && resolve()));
  const faults: unknown[] = [];
  const channels = createChannels({ slack: { token: 'xoxb-the-token', channel: '#incidents', apiUrl: slack.apiUrl }, email: { smtp: smtp.url, from: 'belay@example.com', to: ['ops@example.com'] }, webhook: [], routes: [], required: [], fallbackAfterMs: 120_000 }, clock);
  const journal = { entriesAfter: async () => [], entriesOfIncident: async () => [], entriesOfExecution: async () => [] };
  const notifier = new Notifier(channels, {
    journal, outbox, clock, redactor: new Redactor(), random: () => 0,
    report: (error) => faults.push(error),
    noteChannel: async (event) => void events.push(event),
    attempted: () => looks.forEach((look) => look()),
  });
  onTestFinished(async () => {
    await notifier.stop(0);
    await slack.stop();
    await smtp.stop();
  });

  for (const target of ['checkout', 'cart', 'search']) {
    const { entries } = recoveredByLevelThree({ incidentId: `incident-${target}`, target });
    const messages = entries.flatMap((entry, index) => composeMessages(entry, entries.slice(0, index + 1)));
    await outbox.enqueue(messages.flatMap((message, index) => (['slack', 'email'] as const).map((channel) => ({ id: `${target}${index}.${channel}`, channel, message: { ...message, tell: [{ name: 'ana', slack: 'U1', email: 'ana@example.com' }] }, recipients: [], createdAt: clock.now() }))));
  }
  notifier.start();
  await told('email');
  await driveClock(clock, told('email', 'slack'), 5_000);

  expect(faults).toEqual([]);
  expect(smtp.mails).toHaveLength(21);
  for (const target of ['checkout', 'cart', 'search']) {
    const mails = smtp.mails.filter(({ subject }) => subject?.includes(`${target}:`));
    expect(mails).toHaveLength(7);
    expect([mails.at(0)?.text?.includes('rolling back level 1'), mails.at(-1)?.text?.includes('recovered by level 3')]).toEqual([true, true]);
  }
  expect(events.map(({ type, channel }) => [type, channel])).toEqual([['channel-dead', 'slack'], ['channel-back', 'slack']]);
  expect(slack.channelMessages).toHaveLength(3);
  for (const root of slack.channelMessages) {
    const [reply, ...more] = slack.repliesTo(root.ts);
    expect(more).toEqual([]);
    expect(JSON.stringify(root.fields)).toContain('recovered by level 3');
    expect(JSON.stringify(reply?.fields)).toContain('rolling back level 1');
    expect(JSON.stringify(reply?.fields)).not.toContain('<@U1>');
  }
  expect(slack.calls.length).toBeLessThan(40);
});
