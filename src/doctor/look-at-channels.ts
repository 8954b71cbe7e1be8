import { ErrorCode, LogLevel, WebClient } from '@slack/web-api';
import { createTransport } from 'nodemailer';
import type { HeartbeatSettings } from '../config/config.js';
import { BelayError, errorText } from '../fault/belay-error.js';
import type { EmailSettings, NotifySettings, SlackSettings } from '../notify/notify-settings.js';
import { createHttpClient } from '../source/http-client.js';
import { placeOf } from '../source/request-fault.js';
import { type Examination, type Finding, LOOK_TIMEOUT_MS } from './finding.js';

/** The scopes that the bot's token needs, and what for. */
export const SLACK_SCOPES: ReadonlyMap<string, string> = new Map([
  ['chat:write', 'to post'],
  ['files:write', 'for the plots of a breach'],
]);

/** Each place that people are told at, as far as can be seen without telling anybody anything. `tokenName`: where the token of Slack comes from. */
export function channelExaminations({ slack, email, webhook }: NotifySettings, heartbeat: HeartbeatSettings | undefined, tokenName: string): readonly Examination[] {
  const named = (name: string, look: Examination['look']): Examination => ({ area: 'channel', name, timeoutMs: LOOK_TIMEOUT_MS, look });
  const none = slack === undefined && email === undefined && webhook.length === 0;
  return [
    ...(none ? [named('notify', () => Promise.resolve({ status: 'warning', message: 'nobody is told anything: there is no channel', mend: 'write notify.slack, notify.email or notify.webhook into belay.yaml' }))] : []),
    ...(slack === undefined ? [] : [named('slack', (signal) => slackFindings(slack, tokenName, signal))]),
    ...(email === undefined ? [] : [named('email', () => emailFinding(email))]),
    ...webhook.map(({ url, headers }) => named(`webhook ${placeOf(url)}`, (signal) => webhookFinding(url, headers, signal))),
    ...(heartbeat === undefined ? [] : [named(`heartbeat ${placeOf(heartbeat.url)}`, () => Promise.resolve({ status: 'skipped', message: 'not asked: any question would be taken for a sign of life' }))]),
  ];
}

async function slackFindings({ token, channel, apiUrl, signingSecret }: SlackSettings, tokenName: string, signal: AbortSignal): Promise<readonly Finding[]> {
  const silent = (): void => undefined;
  const logger = { debug: silent, info: silent, warn: silent, error: silent, setLevel: silent, setName: silent, getLevel: () => LogLevel.ERROR };
  const client = new WebClient(token, { slackApiUrl: apiUrl, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true, timeout: LOOK_TIMEOUT_MS, logger });
  signal.throwIfAborted();
  const found = (status: Finding['status'], message: string, mend?: string): Finding => ({ area: 'channel', name: 'slack', status, message, mend });
  try {
    const { team, user, response_metadata: metadata } = await client.auth.test();
    const scopes = metadata?.scopes;
    const missing = [...SLACK_SCOPES].filter(([scope]) => scopes !== undefined && !scopes.includes(scope));
    return [
      found('ok', `the token is that of ${user ?? 'a bot'} in ${team ?? 'a workspace'}; it has to be a member of ${channel}`),
      ...missing.map(([scope, what]) => found(scope === 'chat:write' ? 'bad' : 'warning', `the token has no scope ${scope} (${what})`, `add the bot scope ${scope} under "OAuth & Permissions" of the Slack app, install the app again, and put the new token into ${tokenName}`)),
      ...(scopes === undefined ? [found('warning', 'Slack does not say which scopes the token has', `it needs ${[...SLACK_SCOPES.keys()].join(' and ')}`)] : []),
      ...(signingSecret === undefined ? [found('skipped', 'without a signingSecret, the buttons of its messages are not answered')] : []),
    ];
  } catch (error) {
    const { code, data } = error as { readonly code?: unknown; readonly data?: { readonly error?: string } };
    if (code !== ErrorCode.PlatformError) return [found('bad', `${placeOf(apiUrl)} cannot be asked: ${errorText(error)}`, 'see whether this machine may reach it')];
    return [found('bad', `Slack does not accept the token: ${data?.error ?? 'unknown'}`, `install the Slack app into the workspace and put its bot token (xoxb-…) into ${tokenName}`)];
  }
}

/** Connects, greets and signs in. Nothing is sent. */
async function emailFinding({ smtp, to }: EmailSettings): Promise<Omit<Finding, 'area' | 'name'>> {
  const { protocol, host, username } = new URL(smtp);
  const transport = createTransport({ url: smtp, connectionTimeout: LOOK_TIMEOUT_MS, greetingTimeout: LOOK_TIMEOUT_MS, socketTimeout: LOOK_TIMEOUT_MS, dnsTimeout: LOOK_TIMEOUT_MS });
  try {
    await transport.verify();
    return { status: 'ok', message: `${protocol}//${host} ${username === '' ? 'greets' : 'accepts the login'}; mails go to ${to.join(', ')}` };
  } catch (error) {
    const isLogin = (error as { readonly code?: unknown }).code === 'EAUTH';
    return {
      status: 'bad',
      message: `${protocol}//${host}: ${errorText(error)}`,
      mend: isLogin ? 'see user and password in notify.email.smtp; many providers want a password for programs' : 'see host, port and smtp:// or smtps:// in notify.email.smtp',
    };
  } finally {
    transport.close();
  }
}

/** A HEAD asks for nothing to be done; that it is not allowed is an answer as good as any. */
async function webhookFinding(url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Omit<Finding, 'area' | 'name'>> {
  const client = createHttpClient({ keepAlive: false });
  try {
    const answer = await client.ask({ method: 'HEAD', url, headers, timeoutMs: LOOK_TIMEOUT_MS }, signal);
    if (answer.kind === 'fault') throw new BelayError('provider-unreachable', answer.message);
    if (answer.status === 401 || answer.status === 403) throw new BelayError('provider-refused', `answers HTTP ${answer.status}`, { context: { status: answer.status } });
    return { status: 'ok', message: `answers (HTTP ${answer.status} to HEAD)` };
  } finally {
    client.close();
  }
}
