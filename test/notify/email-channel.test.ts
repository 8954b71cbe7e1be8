import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/notify/channel.js';
import { EmailChannel } from '../../src/notify/email-channel.js';
import type { Message, OutboxItem } from '../../src/notify/message.js';
import { TestSmtpServer, type SmtpServerOptions } from '../support/smtp-server.js';

const servers: TestSmtpServer[] = [];
const channels: EmailChannel[] = [];

afterEach(async () => {
  for (const channel of channels.splice(0)) channel.close();
  for (const server of servers.splice(0)) await server.stop();
});

async function serverWith(options: SmtpServerOptions = {}): Promise<TestSmtpServer> {
  const server = await TestSmtpServer.start(options);
  servers.push(server);
  return server;
}

function channelTo(smtp: string, to: readonly string[] = ['ops@example.com']): EmailChannel {
  const channel = new EmailChannel({ smtp, from: 'Belay <belay@guard.example>', to });
  channels.push(channel);
  return channel;
}

function item(id: string, over: Partial<Message> = {}, recipients: readonly string[] = []): OutboxItem {
  const message: Message = {
    kind: 'firing',
    tone: 'bad',
    incidentId: 'i1',
    target: 'checkout',
    dryRun: false,
    title: 'checkout: error rate 23.4% > 10% for 5m, rolling back level 1 (feature flag)',
    text: 'The breach is sustained.',
    facts: [['target', 'checkout'], ['query', 'a < b && c > "d"']],
    next: 'Plan x starts now.',
    ...over,
  };
  return { id, channel: 'email', message, recipients, createdAt: 0, attempts: 0, nextAttemptAt: 0 };
}

const alone = (only: OutboxItem): Delivery => ({ item: only, newest: only });

describe('mails of an incident', () => {
  it('form one thread with one subject', async () => {
    const server = await serverWith();
    const channel = channelTo(server.url, ['ops@example.com', 'lead@example.com']);
    const first = await channel.send(alone(item('a')));
    await channel.send({ ...alone(item('b', { kind: 'recovered', title: 'checkout: recovered' })), thread: first.thread });
    expect(first).toMatchObject({ kind: 'sent', thread: { messageId: '<a@guard.example>' } });
    const [one, two] = server.mails;
    expect(one).toMatchObject({ messageId: '<a@guard.example>', subject: 'checkout: error rate 23.4% > 10% for 5m, rolling back level 1 (feature flag)', envelopeTo: ['ops@example.com', 'lead@example.com'] });
    expect(two).toMatchObject({ messageId: '<b@guard.example>', inReplyTo: '<a@guard.example>', references: '<a@guard.example>', subject: `Re: ${one!.subject ?? ''}` });
    expect(two!.text).toContain('checkout: recovered');
  });

  it('say the same as text and as HTML, in which nothing can be forged', async () => {
    const server = await serverWith();
    await channelTo(server.url).send(alone(item('a', { text: '<img src=x onerror=alert(1)>' })));
    const [mail] = server.mails;
    expect(mail!.text).toContain('query:  a < b && c > "d"');
    expect(mail!.text).toContain('Next: Plan x starts now.');
    expect(mail!.html).toContain('a &lt; b &amp;&amp; c &gt; &quot;d&quot;');
    expect(mail!.html).not.toContain('<img');
    expect(mail!.headers.get('auto-submitted')).toBe('auto-generated');
  });
});

describe('the picture of a breach', () => {
  const png = Buffer.from('89504e470d0a1a0a', 'hex');

  it('stands in the mail itself, and in nothing that a stranger is asked for', async () => {
    const server = await serverWith();
    const channel = new EmailChannel({ smtp: server.url, from: 'belay@guard.example', to: ['ops@example.com'] }, { of: () => Promise.resolve({ png, alt: 'errors "high"' }) });
    channels.push(channel);
    await channel.send(alone(item('a')));
    await channel.send(alone(item('b', { kind: 'rollback-started' })));
    const [mail, without] = server.mails;
    expect(mail!.attachments.map(({ cid, contentType, contentDisposition, content }) => ({ cid, contentType, contentDisposition, content }))).toEqual([{ cid: 'a-plot@guard.example', contentType: 'image/png', contentDisposition: 'inline', content: png }]);
    // Mailparser shows a picture in its place as data.
    expect(mail!.html).toMatch(/<img src="data:image\/png;base64,[^"]+" alt="errors &quot;high&quot;"/);
    expect(mail!.html).not.toMatch(/(?:src|href)="(?!data:)/);
    expect([without!.attachments, /<img/.test(String(without!.html))]).toEqual([[], false]);
  });
});

it('goes to those whom a plan names, and to the configured people where it names no address', async () => {
  const server = await serverWith();
  const channel = channelTo(server.url);
  const words = { kind: 'plan-notification', title: 'Rollback initiated' } as const;
  const named = await channel.send(alone(item('a', words, ['ops-team@example.com', 'tech-leads@example.com', 'the night shift'])));
  await channel.send(alone(item('b', words, ['the night shift'])));
  expect(server.mails.map(({ envelopeTo }) => envelopeTo)).toEqual([['ops-team@example.com', 'tech-leads@example.com'], ['ops@example.com']]);
  expect(server.mails.every(({ text }) => text?.includes('the night shift'))).toBe(true);
  // Its subject is its own, so that it does not begin the incident's thread.
  expect(named.thread).toBeUndefined();
});

it('goes to the people whom a plan names, by themselves or by their group, and to nobody else', async () => {
  const server = await serverWith();
  const channel = channelTo(server.url);
  const tell = [{ name: 'ana', email: 'ana@example.com' }, { name: 'bo', slack: 'U2' }];
  await channel.send(alone(item('a', { kind: 'plan-notification', tell }, ['oncall', 'dba@example.com', 'ana@example.com'])));
  await channel.send(alone(item('b', { kind: 'approval', tell })));
  expect(server.mails.map(({ envelopeTo }) => envelopeTo)).toEqual([['dba@example.com', 'ana@example.com'], ['ops@example.com', 'ana@example.com']]);
});

describe("the server's answers", () => {
  it('an address put off is tried again, and nobody gets the mail twice', async () => {
    let busy = true;
    const server = await serverWith({ answerRecipient: (address) => (busy && address.startsWith('late') ? 451 : address.startsWith('gone') ? 550 : undefined) });
    const channel = channelTo(server.url, ['ops@example.com', 'late@example.com', 'gone@example.com']);
    const delivery = alone(item('a'));
    expect(await channel.send(delivery)).toMatchObject({ kind: 'retry', error: expect.stringContaining('late@example.com') as string });
    busy = false;
    expect(await channel.send(delivery)).toMatchObject({ kind: 'sent' });
    expect(server.mails.map(({ envelopeTo }) => envelopeTo)).toEqual([['ops@example.com'], ['late@example.com']]);
  });

  it('one refused address among several does not keep the others waiting', async () => {
    const server = await serverWith({ answerRecipient: (address) => (address.startsWith('gone') ? 550 : undefined) });
    const result = await channelTo(server.url, ['gone@example.com', 'ops@example.com']).send(alone(item('a')));
    expect(result).toMatchObject({ kind: 'sent', note: expect.stringContaining('gone@example.com') as string });
    expect(server.mails).toHaveLength(1);
  });

  it('the only address refused for good', async () => {
    const server = await serverWith({ answerRecipient: () => 550 });
    expect(await channelTo(server.url).send(alone(item('a')))).toMatchObject({ kind: 'undeliverable', error: expect.stringContaining('550') as string });
  });

  it.each([
    [421, 'retry'],
    [450, 'retry'],
    [451, 'retry'],
    [552, 'undeliverable'],
  ] as const)('the message answered with %i', async (code, kind) => {
    const server = await serverWith({ answerMail: () => code });
    expect(await channelTo(server.url).send(alone(item('a')))).toMatchObject({ kind });
  });

  it('a connection that breaks in the middle', async () => {
    let answers = 0;
    const server = await serverWith({ answerMail: () => ((answers += 1) === 1 ? 'drop' : undefined) });
    const channel = channelTo(server.url);
    expect(await channel.send(alone(item('a')))).toMatchObject({ kind: 'retry' });
    expect(await channel.send(alone(item('a')))).toMatchObject({ kind: 'sent' });
  });

  it('a slow server is waited for, and one that says nothing is not waited for without end', async () => {
    const server = await serverWith({ answersAfterMs: 300 });
    expect(await channelTo(server.url).send(alone(item('a')))).toMatchObject({ kind: 'sent' });
    const impatient = new EmailChannel({ smtp: server.url, from: 'belay@guard.example', to: ['ops@example.com'] }, undefined, 'email', 100);
    channels.push(impatient);
    expect(await impatient.send(alone(item('b')))).toMatchObject({ kind: 'retry', error: expect.stringMatching(/timeout/i) as string });
  });

  it('nobody there', async () => {
    const server = await serverWith();
    const { url } = server;
    await server.stop();
    servers.length = 0;
    expect(await channelTo(url).send(alone(item('a')))).toMatchObject({ kind: 'retry', error: expect.stringContaining('ECONNREFUSED') as string });
  });

  it('a wrong password is for a person to mend, and stands nowhere', async () => {
    const server = await serverWith({ login: { user: 'belay', password: 'right-secret' } });
    const at = (password: string): string => `smtp://belay:${password}@127.0.0.1:${server.port}`;
    const refused = await channelTo(at('wrong-secret')).send(alone(item('a')));
    expect(refused).toMatchObject({ kind: 'retry', afterMs: 300_000 });
    expect(await channelTo(at('right-secret')).send(alone(item('a')))).toMatchObject({ kind: 'sent' });
    expect(inspect(refused, { depth: 9 })).not.toContain('secret');
  });
});
