import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inspect } from 'node:util';
import fc from 'fast-check';
import type { Delivery } from '../../src/notify/channel.js';
import type { Message, OutboxItem } from '../../src/notify/message.js';
import { slackCard } from '../../src/notify/slack-card.js';
import { SlackChannel } from '../../src/notify/slack-channel.js';
import { refusedBecause, slackError, slackRateLimited, TestSlackServer } from '../support/slack-server.js';

const TOKEN = 'xoxb-very-secret-token';

let slack: TestSlackServer;
let channel: SlackChannel;

beforeEach(async () => {
  slack = await TestSlackServer.start(TOKEN);
  channel = new SlackChannel({ token: TOKEN, channel: '#incidents', apiUrl: slack.apiUrl });
});

afterEach(async () => {
  await slack.stop();
});

let lastId = 0;

function item(over: Partial<Message> = {}, recipients: readonly string[] = []): OutboxItem {
  lastId += 1;
  const message: Message = { kind: 'firing', tone: 'bad', incidentId: 'i1', target: 'checkout', dryRun: false, title: 'checkout: error rate 23.4% > 10%', text: 'The breach is sustained.', facts: [['target', 'checkout']], ...over };
  return { id: `item-${lastId}`, channel: 'slack', message, recipients, createdAt: 0, attempts: 0, nextAttemptAt: 0 };
}

const alone = (only: OutboxItem): Delivery => ({ item: only, newest: only });

function headerOf(fields: Readonly<Record<string, unknown>>): string {
  return (fields['blocks'] as { text: { text: string } }[])[0]!.text.text;
}

function colourOf(fields: Readonly<Record<string, unknown>>): string {
  return (fields['attachments'] as { color: string }[])[0]!.color;
}

describe('an incident on Slack', () => {
  it('is one message that shows its present state, with every event in its thread', async () => {
    const [firing, recovered] = [item(), item({ kind: 'recovered', tone: 'good', title: 'checkout: recovered' })];
    const first = await channel.send(alone(firing));
    expect(first).toMatchObject({ kind: 'sent', thread: { channel: 'C0123', shown: firing.id } });
    const second = await channel.send({ ...alone(recovered), thread: first.thread });
    expect(second.kind).toBe('sent');

    const [root, ...others] = slack.channelMessages;
    expect(others).toEqual([]);
    expect([headerOf(root!.fields), root!.updates]).toEqual(['checkout: recovered', 1]);
    expect(colourOf(root!.fields)).not.toBe(colourOf(slack.repliesTo(root!.ts)[0]!.fields));
    expect(slack.repliesTo(root!.ts).map(({ fields }) => headerOf(fields))).toEqual(['checkout: error rate 23.4% > 10%', 'checkout: recovered']);
  });

  it('jumps to its newest state after an outage, without an update for each event', async () => {
    const events = [item(), item({ title: 'two' }), item({ title: 'three' }), item({ title: 'recovered' })];
    let thread: Delivery['thread'];
    for (const event of events) {
      const result = await channel.send({ item: event, newest: events[3]!, thread });
      expect(result.kind).toBe('sent');
      thread = result.thread;
      expect(headerOf(slack.channelMessages[0]!.fields)).toBe('recovered');
    }
    expect(slack.calls.filter(({ method }) => method === 'chat.update')).toEqual([]);
    expect(slack.messages).toHaveLength(5);
  });

  it('goes on where a half-delivered message stopped, without a second message', async () => {
    slack.fail = ({ fields }) => (fields['thread_ts'] === undefined ? undefined : { status: 500, body: 'oops' });
    const firing = item();
    const broken = await channel.send(alone(firing));
    expect(broken).toMatchObject({ kind: 'retry', thread: { channel: 'C0123', shown: firing.id } });
    slack.fail = () => undefined;
    expect(await channel.send({ ...alone(firing), thread: broken.thread })).toMatchObject({ kind: 'sent' });
    expect([slack.channelMessages.length, slack.messages.length]).toEqual([1, 2]);
  });

  it('gets a new message when somebody has deleted the old one', async () => {
    const { thread } = await channel.send(alone(item()));
    slack.delete(thread!['ts']!);
    const result = await channel.send({ ...alone(item({ title: 'next' })), thread });
    expect(result.kind).toBe('sent');
    expect(slack.channelMessages.map(({ fields }) => headerOf(fields))).toEqual(['next']);
    expect(slack.repliesTo(result.thread!['ts']!)).toHaveLength(1);
  });

  it('shows a plan\'s own words in the thread and in the channel, with the people it names', async () => {
    const { thread } = await channel.send(alone(item()));
    const words = item({ kind: 'plan-notification', title: 'Rollback initiated' }, ['ops-team@example.com']);
    await channel.send({ ...alone(words), thread });
    const reply = slack.messages.at(-1)!;
    expect([reply.threadTs, reply.fields['reply_broadcast']]).toEqual([thread!['ts'], 'true']);
    expect(JSON.stringify(reply.fields)).toContain('For ops-team@example.com');

    await channel.send({ ...alone(item({ kind: 'plan-notification', title: 'Look', tell: [{ name: 'ana', slack: 'U1' }, { name: 'bo' }] }, ['ana', 'oncall', '<!here>'])), thread });
    expect(JSON.stringify(slack.messages.at(-1)!.fields)).toContain('For oncall, &lt;!here&gt;, <@U1>, bo');
    expect(headerOf(slack.channelMessages[0]!.fields)).toBe('checkout: error rate 23.4% > 10%');
  });
});

describe('the picture of a breach', () => {
  const png = Buffer.from('\u0089PNG, as far as Slack is concerned');
  const drawing = { of: () => Promise.resolve({ png, alt: 'errors against their threshold' }) };
  const imagesIn = (fields: Readonly<Record<string, unknown>>): unknown[] => JSON.stringify(fields).match(/"slack_file":\{"id":"F\d+"\}/g) ?? [];

  it('follows its message into the thread, and stands in the card from the next update on', async () => {
    const drawn = new SlackChannel({ token: TOKEN, channel: '#incidents', apiUrl: slack.apiUrl }, drawing);
    const first = await drawn.send(alone(item()));
    expect(first).toEqual({ kind: 'sent', note: undefined, thread: expect.objectContaining({ picture: 'F00000001' }) as unknown });
    expect(slack.calls.map(({ method }) => method)).toEqual(['chat.postMessage', 'chat.postMessage', 'files.getUploadURLExternal', 'files.completeUploadExternal']);
    expect(slack.files.get('F00000001')).toMatchObject({ shared: true, threadTs: first.thread!['ts'], bytes: png });
    await drawn.send({ ...alone(item({ kind: 'rollback-started' })), thread: first.thread });
    expect(imagesIn(slack.channelMessages[0]!.fields)).toHaveLength(1);
    expect(slack.files.size).toBe(1);
  });

  it('is left out of the card where Slack does not show it yet', async () => {
    const drawn = new SlackChannel({ token: TOKEN, channel: '#incidents', apiUrl: slack.apiUrl }, drawing);
    const first = await drawn.send(alone(item()));
    slack.files.get('F00000001')!.shared = false;
    expect(await drawn.send({ ...alone(item({ kind: 'rollback-started', title: 'started' })), thread: first.thread })).toMatchObject({ kind: 'sent' });
    expect([headerOf(slack.channelMessages[0]!.fields), imagesIn(slack.channelMessages[0]!.fields)]).toEqual(['started', []]);
  });

  it('costs no message where the app may not upload, and that is said once', async () => {
    const drawn = new SlackChannel({ token: TOKEN, channel: '#incidents', apiUrl: slack.apiUrl }, drawing);
    slack.fail = ({ method }) => (method.startsWith('files.') ? slackError('missing_scope') : undefined);
    const first = await drawn.send(alone(item()));
    expect(first).toMatchObject({ kind: 'sent', note: expect.stringContaining('files:write') as string });
    expect(await drawn.send({ ...alone(item({ kind: 'recovered' })), thread: first.thread })).toMatchObject({ kind: 'sent', note: undefined });
    expect(slack.calls.filter(({ method }) => method.startsWith('files.'))).toHaveLength(1);
  });

  it.each([
    ['a rate limit', slackRateLimited(30)],
    ['a fault', { status: 500, body: 'oops' }],
  ])('costs no message where the upload meets %s', async (_name, answer) => {
    const drawn = new SlackChannel({ token: TOKEN, channel: '#incidents', apiUrl: slack.apiUrl }, drawing);
    slack.fail = ({ method }) => (method === 'files.completeUploadExternal' ? answer : undefined);
    expect(await drawn.send(alone(item()))).toMatchObject({ kind: 'sent', note: expect.stringContaining('the picture was left out') as string });
    expect(slack.messages).toHaveLength(2);
  });

  it('is not drawn while newer messages wait', async () => {
    const drawn = new SlackChannel({ token: TOKEN, channel: '#incidents', apiUrl: slack.apiUrl }, drawing);
    await drawn.send({ item: item(), newest: item({ kind: 'recovered' }) });
    expect(slack.files.size).toBe(0);
  });
});

it('posts what belongs to no incident by itself', async () => {
  expect(await channel.send(alone(item({ incidentId: undefined, kind: 'blind', title: 'Belay is blind' })))).toEqual({ kind: 'sent' });
  expect(slack.messages).toHaveLength(1);
});

describe("Slack's answers", () => {
  it.each([
    ['a rate limit', slackRateLimited(42), { kind: 'retry', afterMs: 42_000 }],
    ['a rate limit in words', slackError('ratelimited'), { kind: 'retry', afterMs: 30_000 }],
    ['a fault of its own', slackError('internal_error'), { kind: 'retry', afterMs: undefined }],
    ['HTTP 500', { status: 500, body: 'oops' }, { kind: 'retry', afterMs: undefined, error: 'Slack answered with HTTP 500' }],
    ["a proxy's page", { body: '<html>Please log in</html>' }, { kind: 'retry', afterMs: undefined }],
    ['a revoked token', slackError('token_revoked'), { kind: 'retry', afterMs: 300_000, error: 'Slack answered token_revoked' }],
    ['a missing channel', slackError('channel_not_found'), { kind: 'retry', afterMs: 300_000 }],
    ['a message it will never take', slackError('invalid_arguments'), { kind: 'undeliverable', error: 'Slack answered invalid_arguments' }],
  ])('%s', async (_name, answer, expected) => {
    slack.fail = () => answer;
    for (const incidentId of ['i1', undefined]) expect({ afterMs: undefined, ...(await channel.send(alone(item({ incidentId })))) }).toMatchObject(expected);
  });

  it('nothing at all', async () => {
    const { apiUrl } = slack;
    await slack.stop();
    const result = await new SlackChannel({ token: TOKEN, channel: '#incidents', apiUrl }).send(alone(item()));
    expect(result).toMatchObject({ kind: 'retry' });
    slack = await TestSlackServer.start(TOKEN);
  });

  it('a refused card: the same is sent in plain words', async () => {
    slack.fail = ({ fields }) => (fields['blocks'] === undefined ? undefined : slackError('invalid_blocks'));
    expect(await channel.send(alone(item({ incidentId: undefined, next: 'wait' })))).toEqual({ kind: 'sent' });
    expect(slack.messages[0]!.fields['text']).toBe('checkout: error rate 23.4% &gt; 10%\nThe breach is sustained.\ntarget: checkout\nNext: wait');
  });

  it('never bring the token into a result', async () => {
    const wrong = new SlackChannel({ token: 'xoxb-wrong-secret', channel: '#incidents', apiUrl: slack.apiUrl });
    const results = [await wrong.send(alone(item()))];
    for (const fail of [() => ({ status: 500, body: 'x' }), () => slackRateLimited(1), () => slackError('fatal_error')]) {
      slack.fail = fail;
      results.push(await wrong.send(alone(item())));
    }
    expect(results.map(({ kind }) => kind)).toEqual(['retry', 'retry', 'retry', 'retry']);
    expect(inspect(results, { depth: 9 })).not.toContain('secret');
  });
});

describe('a card', () => {
  it("keeps Slack's limits, whatever a message holds", async () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.constantFrom(3_100, 4_200, 50).map((count) => '<&ö😀'.repeat(count)));
    const facts = fc.array(fc.tuple(text.filter((label) => label !== ''), text), { maxLength: 120 });
    const questions = fc.array(fc.record({ approvalId: fc.string({ minLength: 1, maxLength: 80 }), text: text.filter((words) => words !== ''), approve: fc.constant('Approve'), reject: fc.constant('Reject') }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(text.filter((title) => title !== ''), text, facts, fc.option(text, { nil: undefined }), questions, fc.array(text, { maxLength: 200 }), (title, body, some, next, asked, recipients) => {
        const message: Message = { kind: 'approval', tone: 'bad', dryRun: false, title, text: body, facts: some, next, questions: asked };
        const { text: plain, blocks, attachments } = slackCard(message, recipients, { withButtons: true, picture: 'F1' });
        expect(refusedBecause({ text: plain, blocks, attachments }, () => true)).toBeUndefined();
        return Promise.resolve();
      }),
      { numRuns: 60 },
    );
  });

  it("keeps Slack's limits, however long everything is", async () => {
    const long = '&<x>😀'.repeat(3_000);
    const facts = Array.from({ length: 80 }, (_, index): readonly [string, string] => [`fact ${index}`, index % 2 === 0 ? long : 'short']);
    const huge = item({ incidentId: undefined, title: long, text: long, next: long, facts: [['query', long], ...facts] }, [long]);
    expect(await channel.send(alone(huge))).toEqual({ kind: 'sent' });
    expect(slack.calls).toHaveLength(1);
    expect(JSON.stringify(slack.messages[0]!.fields)).not.toMatch(/&[a-z]{0,3}…/);
  });

  it('cannot be made to mention everyone or to forge a link', () => {
    const evil = '<!channel> <https://evil.example|here> & `x`';
    const { blocks, ...rest } = slackCard(item({ title: evil, text: evil, next: evil, facts: [[evil, evil], ['query', evil]] }).message, [evil]);
    expect(JSON.stringify(rest)).not.toMatch(/<[!h]/);
    // A header is plain text, where nothing has a meaning.
    expect(blocks).toMatchObject([{ text: { type: 'plain_text' } }]);
  });

  it('leaves nothing empty, which Slack would refuse', async () => {
    const bare = item({ incidentId: undefined, text: '', facts: [['empty', '']] });
    expect(await channel.send(alone(bare))).toEqual({ kind: 'sent' });
    expect(slack.calls).toHaveLength(1);
  });
});
