import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { wordedKinds } from '../../src/notify/default-templates.js';
import { EmailChannel } from '../../src/notify/email-channel.js';
import { previewChannels, previewPage, previewText, sampleMessages } from '../../src/notify/preview.js';
import { SlackChannel } from '../../src/notify/slack-channel.js';
import { tryChannels } from '../../src/notify/try-channels.js';
import { configFolder, goodFiles } from '../support/config-folder.js';
import { runCli } from '../support/run-cli.js';
import { slackError, TestSlackServer } from '../support/slack-server.js';
import { escapeMarkup } from '../../src/plot/markup.js';
import { TestSmtpServer } from '../support/smtp-server.js';

describe('a preview', () => {
  const messages = sampleMessages('checkout', 'production');

  it('has a message of every kind that can be worded', () => {
    expect(wordedKinds.filter((kind) => !messages.some((message) => message.kind === kind))).toEqual([]);
  });

  it('is what each channel would be given', () => {
    for (const message of messages) {
      for (const channel of previewChannels) expect(previewText(message, channel)).toContain(channel === 'email' ? escapeMarkup(message.title) : channel === 'slack' ? JSON.stringify(message.title).slice(1, -1).replaceAll('>', '&gt;') : channel === 'text' ? message.title : JSON.stringify(message.title));
      for (const channel of ['email', 'slack'] as const) expect(previewPage(message, channel, Buffer.from('x'))).not.toMatch(/cid:|src="(?!data:)/);
    }
  });

  it('is printed without a daemon, in the words of the templates', async () => {
    const file = configFolder({ ...goodFiles, 'belay.yaml': goodFiles['belay.yaml'].replace('notify:', 'notify:\n  templates: ./messages'), 'messages/internal/firing.txt': 'PAGE: ${target} in ${environment}\n' });
    const { stdout, code } = await runCli('--config', file, 'notify', 'preview', '--kind', 'firing');
    expect([code, stdout]).toEqual([0, 'PAGE: checkout in test\n']);
    const out = join(dirname(file), 'card.html');
    expect((await runCli('--config', file, 'notify', 'preview', '--kind', 'needs-human', '--channel', 'slack', '--out', out)).code).toBe(0);
    expect(readFileSync(out, 'utf8')).toMatch(/<h3>checkout: needs a person.*<img alt="" src="data:image\/png;base64,/s);
  });
});

it('a test message says per channel what came of it, and how to mend it', async () => {
  const slack = await TestSlackServer.start();
  const smtp = await TestSmtpServer.start();
  onTestFinished(() => Promise.all([slack.stop(), smtp.stop()]).then(() => undefined));
  const channels = [new SlackChannel({ token: 'xoxb-the-token', channel: '#incidents', apiUrl: slack.apiUrl }), new EmailChannel({ smtp: smtp.url, from: 'belay@example.com', to: ['ops@example.com'] })];
  expect(await tryChannels(channels, 'staging', 0)).toEqual([{ channel: 'slack', isSent: true, problem: undefined, mend: undefined }, { channel: 'email', isSent: true, problem: undefined, mend: undefined }]);
  expect(smtp.mails[0]?.subject).toBe('TEST from Belay (staging): nothing has happened');
  slack.fail = () => slackError('not_in_channel');
  const dead = new EmailChannel({ smtp: 'smtp://127.0.0.1:1', from: 'belay@example.com', to: ['ops@example.com'] });
  expect(await tryChannels([...channels.slice(0, 1), dead], 'staging', 0)).toEqual([
    { channel: 'slack', isSent: false, problem: 'Slack answered not_in_channel', mend: 'invite the app into the channel: /invite @belay' },
    { channel: 'email', isSent: false, problem: expect.stringContaining('ECONNREFUSED') as string, mend: expect.stringContaining('nothing answers at that address') as string },
  ]);
});
