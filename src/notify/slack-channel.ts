import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebClient, type Logger, LogLevel } from '@slack/web-api';
import { errorText } from '../fault/belay-error.js';
import { SLOWEST_RETRY_MS, type Channel, type Delivery, type SendResult } from './channel.js';
import type { ChannelName, Message } from './message.js';
import type { SlackSettings } from './notify-settings.js';
import type { ThreadReference } from './outbox.js';
import { hasPicture, type Picture, type Pictures } from './picture.js';
import { slackCard, slackPlainText } from './slack-card.js';
import { uploadToThread } from './slack-upload.js';

const TIMEOUT_MS = 10_000;
const RATE_LIMIT_WITHOUT_TIME_MS = 30_000;

/** Slack does not take this message as it is; in plain words it may. */
const refusesCard = new Set(['invalid_blocks', 'invalid_blocks_format', 'invalid_attachments', 'too_many_attachments', 'msg_blocks_too_long', 'msg_too_long']);
/** Slack will never take this message. */
const refusesMessage = new Set([...refusesCard, 'no_text', 'invalid_arguments', 'invalid_arg_name', 'restricted_action_thread_locked']);
/** The incident's message is gone or may not be changed any more: a new one is posted. */
const rootIsGone = new Set(['message_not_found', 'thread_not_found', 'cant_update_message', 'edit_window_closed', 'is_inactive']);
/** Slack's own trouble, over in a moment. Whatever else it answers, a person has to mend (a token, a channel, a scope). */
const passesByItself = new Set(['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout', 'team_added_to_org']);
/** No picture will ever go this way until a person has changed the app. */
const refusesPictures = new Set(['missing_scope', 'not_allowed_token_type', 'no_permission', 'file_uploads_disabled', 'unknown_method']);
const rateLimits = new Set(['ratelimited', 'rate_limited', 'message_limit_exceeded', 'accesslimited']);

interface Posted {
  readonly channel: string;
  readonly ts: string;
}

/** The incident's message; `picture` is the id of the file that it shows. */
interface Root extends Posted {
  readonly picture?: string | undefined;
}

/**
 * One message per incident that always shows its present state, with every event's details in its thread; what belongs
 * to no incident stands alone. The thread reference holds `channel`, `ts` and `shown`, the outbox item that the
 * incident's message shows, with the buttons of what is open; replies, which stay as they are, have none. After an outage
 * it jumps to the newest state once instead of being updated for each event. A picture follows its message into the
 * thread, because no message waits for it, and stands in the incident's message from the next update on: Slack shows a
 * file only once it has been shared and looked at.
 */
export class SlackChannel implements Channel {
  readonly name: ChannelName;
  readonly #client: WebClient;
  readonly #channel: string;
  readonly #pictures: Pictures | undefined;
  #picturesRefused = false;

  constructor({ token, channel, apiUrl }: SlackSettings, pictures?: Pictures, name: ChannelName = 'slack') {
    this.name = name;
    this.#channel = channel;
    this.#pictures = pictures;
    // The outbox retries, by its own clock and across restarts, so the client must not. Its own log would show URLs.
    this.#client = new WebClient(token, { slackApiUrl: apiUrl, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true, timeout: TIMEOUT_MS, logger: silentLogger });
  }

  async send(delivery: Delivery): Promise<SendResult> {
    const { item } = delivery;
    try {
      if (item.message.incidentId === undefined) {
        await this.#post(this.#channel, item.message, item.recipients, {}, item.message.questions !== undefined);
        return { kind: 'sent' };
      }
      if (item.message.kind === 'plan-notification') return await this.#sendPlanNotification(delivery);
    } catch (error) {
      return failure(error);
    }
    return this.#sendOfIncident(delivery);
  }

  close(): void {
    // Requests end by their deadline and nothing else is held.
  }

  /** In the incident's thread, and in the channel as well, because it names people who should see it. */
  async #sendPlanNotification({ item, thread }: Delivery): Promise<SendResult> {
    const root = rootOf(thread);
    try {
      if (root === undefined) await this.#post(this.#channel, item.message, item.recipients);
      else await this.#post(root.channel, item.message, item.recipients, { thread_ts: root.ts, reply_broadcast: true });
    } catch (error) {
      if (root === undefined || !rootIsGone.has(platformError(error) ?? '')) throw error;
      await this.#post(this.#channel, item.message, item.recipients);
    }
    return { kind: 'sent' };
  }

  async #sendOfIncident({ item, thread, newest }: Delivery): Promise<SendResult> {
    let reached = thread;
    try {
      let root: Root | undefined = rootOf(reached);
      if (root !== undefined && reached?.['shown'] !== newest.id) {
        root = await this.#update(root, newest.message);
        if (root !== undefined) reached = shownIn(root, newest.id);
      }
      if (root === undefined) {
        root = await this.#post(this.#channel, newest.message, newest.recipients, {}, true);
        reached = shownIn(root, newest.id);
      }
      await this.#post(root.channel, item.message, item.recipients, { thread_ts: root.ts });
      // What waits behind it shows the newest state, and says it sooner without this picture.
      const { picture = root.picture, note } = newest.id === item.id ? await this.#addPicture(root, item.message) : {};
      return { kind: 'sent', thread: shownIn({ ...root, picture }, newest.id), note };
    } catch (error) {
      // A reply to a message that somebody deleted: the next attempt begins with a new one.
      if (rootIsGone.has(platformError(error) ?? '')) return { kind: 'retry', error: errorText(error), thread: {} };
      return { ...failure(error), thread: reached };
    }
  }

  /** Puts the picture of a message into the thread. That there is none keeps nobody waiting; why is said once where only a person can change it. */
  async #addPicture(root: Root, message: Message): Promise<{ readonly picture?: string; readonly note?: string }> {
    if (this.#picturesRefused || !hasPicture(message)) return {};
    const picture: Picture | undefined = await this.#pictures?.of(message);
    if (picture === undefined) return {};
    try {
      return { picture: await uploadToThread(this.#client, picture, root) };
    } catch (error) {
      const code = platformError(error) ?? '';
      this.#picturesRefused = refusesPictures.has(code);
      const why = code === 'missing_scope' ? 'the Slack app lacks the scope files:write, so that its messages come without pictures' : `the picture was left out: ${code === '' ? errorText(error) : `Slack answered ${code}`}`;
      return { note: why };
    }
  }

  async #post(channel: string, message: Message, recipients: readonly string[], place: { thread_ts?: string; reply_broadcast?: true } = {}, withButtons = false): Promise<Posted> {
    const quiet = { unfurl_links: false, unfurl_media: false, ...place };
    const answer = await orPlain(
      () => this.#call('chat.postMessage', { channel, ...slackCard(message, recipients, { withButtons }), ...quiet }),
      () => this.#call('chat.postMessage', { channel, text: slackPlainText(message, recipients), ...quiet }),
    );
    return { channel: typeof answer['channel'] === 'string' ? answer['channel'] : channel, ts: typeof answer['ts'] === 'string' ? answer['ts'] : '' };
  }

  /** `undefined` when the message is gone. */
  async #update(root: Root, message: Message): Promise<Root | undefined> {
    const { channel, ts, picture } = root;
    const update = (card: Readonly<Record<string, unknown>>) => this.#call('chat.update', { channel, ts, ...card });
    const withoutPicture = () => orPlain(() => update({ ...slackCard(message, [], { withButtons: true }) }), () => update({ text: slackPlainText(message), blocks: [], attachments: [] }));
    try {
      if (picture === undefined) await withoutPicture();
      else await orPlain(() => update({ ...slackCard(message, [], { withButtons: true, picture }) }), withoutPicture);
      return root;
    } catch (error) {
      if (rootIsGone.has(platformError(error) ?? '')) return undefined;
      throw error;
    }
  }

  async #call(method: 'chat.postMessage' | 'chat.update', parameters: Record<string, unknown>): Promise<Readonly<Record<string, unknown>>> {
    return { ...(await this.#client.apiCall(method, parameters)) };
  }
}

async function orPlain<T>(card: () => Promise<T>, plain: () => Promise<T>): Promise<T> {
  try {
    return await card();
  } catch (error) {
    if (!refusesCard.has(platformError(error) ?? '')) throw error;
    return plain();
  }
}

function rootOf(thread: ThreadReference | undefined): Root | undefined {
  const { channel, ts, picture } = thread ?? {};
  return channel === undefined || ts === undefined ? undefined : { channel, ts, picture };
}

function shownIn({ channel, ts, picture }: Root, shown: string): ThreadReference {
  return { channel, ts, shown, ...(picture === undefined ? {} : { picture }) };
}

function platformError(error: unknown): string | undefined {
  return error instanceof WebAPIPlatformError ? error.data.error : undefined;
}

function failure(error: unknown): SendResult {
  if (error instanceof WebAPIRateLimitedError) return { kind: 'retry', error: 'Slack limits the rate', busy: true, afterMs: error.retryAfter * 1000 };
  if (error instanceof WebAPIHTTPError) {
    const mendable = error.statusCode < 500 && error.statusCode !== 429;
    return { kind: 'retry', error: `Slack answered with HTTP ${error.statusCode}`, afterMs: mendable ? SLOWEST_RETRY_MS : undefined };
  }
  const code = platformError(error);
  // Refused connections, timeouts, half answers: whatever is not an answer of Slack's passes or does not by itself.
  if (code === undefined) return { kind: 'retry', error: errorText(error) };
  const text = `Slack answered ${code}`;
  if (refusesMessage.has(code)) return { kind: 'undeliverable', error: text };
  if (rateLimits.has(code)) return { kind: 'retry', error: text, busy: true, afterMs: retryAfterOf(error) ?? RATE_LIMIT_WITHOUT_TIME_MS };
  if (passesByItself.has(code)) return { kind: 'retry', error: text };
  // The client takes whatever is not JSON for a code: a proxy's page, for example.
  if (!/^[a-z_]+$/.test(code)) return { kind: 'retry', error: "the answer was not one of Slack's" };
  return { kind: 'retry', error: text, afterMs: SLOWEST_RETRY_MS };
}

function retryAfterOf(error: unknown): number | undefined {
  const seconds = error instanceof WebAPIPlatformError ? error.data.response_metadata?.retryAfter : undefined;
  return seconds === undefined ? undefined : seconds * 1000;
}

const silent = (): void => undefined;
export const silentLogger: Logger = { debug: silent, info: silent, warn: silent, error: silent, setLevel: silent, getLevel: () => LogLevel.ERROR, setName: silent };
