import type { Channel } from './channel.js';
import type { ChannelName, Message } from './message.js';
import { readableInstant } from './readable-time.js';

/** What came of a test message on one channel. `mend`: what a person can do about it. */
export interface TriedChannel {
  readonly channel: ChannelName;
  readonly isSent: boolean;
  readonly problem?: string | undefined;
  readonly mend?: string | undefined;
}

/** Sends one marked message through each channel, once. */
export async function tryChannels(channels: readonly Channel[], environment: string, now: number): Promise<readonly TriedChannel[]> {
  const message: Message = {
    kind: 'guard',
    tone: 'neutral',
    dryRun: false,
    title: `TEST from Belay (${environment}): nothing has happened`,
    text: 'Somebody tries whether messages arrive here (belay notify test). Nothing fires and nothing is rolled back.',
    facts: [['environment', environment], ['sent', readableInstant(now)]],
    next: 'Nothing is to be done.',
  };
  return Promise.all(
    channels.map(async (channel): Promise<TriedChannel> => {
      const item = { id: `test-${now}`, channel: channel.name, message, recipients: [], createdAt: now, attempts: 0, nextAttemptAt: now };
      const result = await channel.send({ item, newest: item });
      const problem = result.kind === 'sent' ? result.note : result.error;
      return { channel: channel.name, isSent: result.kind === 'sent', problem, mend: problem === undefined ? undefined : remedyFor(channel.name, problem) };
    }),
  );
}

/** By what the other side has said; the first that fits. */
const remedies: readonly (readonly [channel: RegExp, problem: RegExp, mend: string])[] = [
  [/^slack/, /not_in_channel/, 'invite the app into the channel: /invite @belay'],
  [/^slack/, /channel_not_found|is_archived/, 'look at the name of the channel in notify (#name or its id), and invite the app where it is private'],
  [/^slack/, /missing_scope|no_permission|not_allowed_token_type/, 'give the app the bot scopes chat:write and files:write, and install it again'],
  [/^slack/, /invalid_auth|not_authed|token_revoked|token_expired|account_inactive/, 'notify.slack.token must be the bot token (xoxb-…) of an installed app'],
  [/^slack/, /the rate/, 'wait a moment and try again'],
  [/^email/, /535|authentication|EAUTH|Invalid login/i, 'look at user and password in notify.email.smtp'],
  [/^email/, /certificate|self.signed|altnames/i, 'the name in notify.email.smtp must be the one in the certificate of the server'],
  [/^email/, /refused for|550|551|553|554/, 'the server refuses an address: look at notify.email.from and notify.email.to'],
  [/^webhook/, /HTTP 40[13]/, 'look at the headers of the webhook: the receiver does not let it in'],
  [/^webhook/, /HTTP (?:3\d\d|404|405|410)/, 'look at the url of the webhook: nothing takes a POST there'],
  [/^webhook/, /HTTP 4/, 'the receiver does not take this body: docs/messages.md says what is sent'],
  [/./, /ENOTFOUND|EAI_AGAIN|EDNS/, 'the name of the host cannot be resolved from here'],
  [/./, /ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|timeout|no answer|Greeting|fetch failed/i, 'nothing answers at that address: look at host, port and firewall'],
];

function remedyFor(channel: ChannelName, problem: string): string | undefined {
  return remedies.find(([where, what]) => where.test(channel) && what.test(problem))?.[2];
}
