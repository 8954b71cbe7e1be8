import { WebClient } from '@slack/web-api';
import axios from 'axios';
import type { SlackSettings } from './notify-settings.js';
import { silentLogger } from './slack-channel.js';

const TIMEOUT_MS = 5_000;
const SLACK_HOST = 'hooks.slack.com';

export interface Whisper {
  readonly userId: string;
  readonly channelId?: string | undefined;
  /** What Slack sent along with the press; nothing is sent to any other host. */
  readonly responseUrl?: string | undefined;
}

/** Tells one person in Slack something that nobody else sees. It is said once: who misses it presses again. */
export async function whisperInSlack({ token, apiUrl, channel }: SlackSettings, { userId, channelId, responseUrl }: Whisper, text: string): Promise<void> {
  if (responseUrl !== undefined && isSlacks(responseUrl, apiUrl)) {
    await axios.post(responseUrl, { response_type: 'ephemeral', replace_original: false, text }, { timeout: TIMEOUT_MS, maxRedirects: 0, signal: AbortSignal.timeout(TIMEOUT_MS) });
    return;
  }
  const client = new WebClient(token, { slackApiUrl: apiUrl, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true, timeout: TIMEOUT_MS, logger: silentLogger });
  await client.apiCall('chat.postEphemeral', { channel: channelId ?? channel, user: userId, text });
}

/** Slack's own host, or the one that stands in for its API. */
function isSlacks(url: string, apiUrl: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, host } = new URL(url);
  return (protocol === 'https:' && host === SLACK_HOST) || host === new URL(apiUrl).host;
}
