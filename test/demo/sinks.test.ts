import { LogLevel, WebClient } from '@slack/web-api';
import { createTransport } from 'nodemailer';
import { afterEach, expect, it } from 'vitest';
import { startSlackSink, type SlackMessage } from '../../src/demo/slack-sink.js';
import { startSmtpSink, type ReceivedMail } from '../../src/demo/smtp-sink.js';

let stop: () => Promise<void>;
afterEach(() => stop());

it('receives mail as its readers see it', async () => {
  const heard: ReceivedMail[] = [];
  const sink = await startSmtpSink({ onMail: (mail) => heard.push(mail) });
  stop = () => sink.stop();
  const transport = createTransport(sink.url);
  await transport.sendMail({
    from: 'Belay <belay@example.com>',
    to: ['ops@example.com'],
    bcc: ['lead@example.com'],
    subject: 'shop: error rate 38% — rolling back → v1',
    text: 'Größer als 10%.\n',
    html: '<p>Größer als 10%.</p>',
    messageId: '<incident-1@belay>',
  });
  transport.close();
  expect(sink.mails()).toMatchObject([
    { from: 'belay@example.com', to: ['ops@example.com', 'lead@example.com'], subject: 'shop: error rate 38% — rolling back → v1', text: 'Größer als 10%.\n' },
  ]);
  expect(sink.mails()[0]!.headers.get('message-id')).toBe('<incident-1@belay>');
  expect(heard).toEqual(sink.mails());
});

it('stands in for Slack: messages, threads, updates, and its answers to mistakes', async () => {
  const heard: SlackMessage[] = [];
  const sink = await startSlackSink({ onMessage: (message) => heard.push(message) });
  stop = () => sink.stop();
  const client = (token: string): WebClient => new WebClient(token, { slackApiUrl: sink.url, retryConfig: { retries: 0 }, logLevel: LogLevel.ERROR });
  const slack = client('xoxb-demo');

  expect(await slack.auth.test()).toMatchObject({ ok: true });
  const first = await slack.chat.postMessage({ channel: '#incidents', text: 'firing', blocks: [{ type: 'section', text: { type: 'mrkdwn', text: '*firing*' } }] });
  await slack.chat.postMessage({ channel: '#incidents', text: 'rollback started', thread_ts: first.ts! });
  await slack.chat.update({ channel: first.channel!, ts: first.ts!, text: 'recovered' });

  expect(sink.channel()).toMatchObject([{ channel: '#incidents', text: 'recovered', updates: 1 }]);
  expect(sink.thread(first.ts!)).toMatchObject([{ text: 'rollback started', updates: 0 }]);
  expect(heard.map(({ text }) => text)).toEqual(['firing', 'rollback started', 'recovered']);
  expect(heard[0]!.blocks).toEqual([{ type: 'section', text: { type: 'mrkdwn', text: '*firing*' } }]);

  await expect(slack.chat.update({ channel: '#incidents', ts: '1.000001', text: 'x' })).rejects.toThrow('message_not_found');
  await expect(slack.chat.postMessage({ channel: '#incidents', text: '' })).rejects.toThrow('no_text');
  await expect(client('').chat.postMessage({ channel: '#incidents', text: 'x' })).rejects.toThrow('not_authed');
  expect(sink.channel()).toHaveLength(1);
});
