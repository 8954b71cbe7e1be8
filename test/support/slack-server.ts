import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface SlackCall {
  readonly method: string;
  /** The form fields, with those that are JSON parsed. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly authorization: string | undefined;
}

export interface SlackMessage {
  readonly channel: string;
  readonly ts: string;
  readonly threadTs?: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
  /** How often chat.update has changed it. */
  readonly updates: number;
}

type Answer = { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body: string };

export const slackError = (error: string): Answer => ({ body: JSON.stringify({ ok: false, error }) });
export const slackRateLimited = (retryAfterSeconds: number): Answer => ({
  status: 429,
  headers: { 'retry-after': String(retryAfterSeconds) },
  body: JSON.stringify({ ok: false, error: 'ratelimited' }),
});

/**
 * An HTTP server that answers chat.postMessage, chat.update and the upload of files in Slack's documented shapes and keeps the messages as a
 * workspace would. `fail` may answer a call otherwise first.
 */
export class TestSlackServer {
  readonly calls: SlackCall[] = [];
  messages: SlackMessage[] = [];
  fail: (call: SlackCall) => Answer | undefined = () => undefined;
  /** Whatever was uploaded, by id; blocks may show what is shared. */
  readonly files = new Map<string, { readonly length: number; bytes?: Buffer; shared: boolean; threadTs?: string | undefined }>();
  readonly #server: Server;
  #lastTs = 0;

  private constructor(private readonly token: string) {
    this.#server = createServer((request, response) => {
      void this.#handle(request, response);
    });
  }

  static async start(token = 'xoxb-the-token'): Promise<TestSlackServer> {
    const slack = new TestSlackServer(token);
    slack.#server.listen(0, '127.0.0.1');
    await once(slack.#server, 'listening');
    return slack;
  }

  get apiUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/`;
  }

  /** The messages that stand in the channel itself. */
  get channelMessages(): readonly SlackMessage[] {
    return this.messages.filter(({ threadTs }) => threadTs === undefined);
  }

  repliesTo(ts: string): readonly SlackMessage[] {
    return this.messages.filter(({ threadTs }) => threadTs === ts);
  }

  delete(ts: string): void {
    this.messages = this.messages.filter((message) => message.ts !== ts);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    if (request.url?.startsWith('/upload/') === true) {
      this.#upload(request.url.slice('/upload/'.length), body, request, response);
      return;
    }
    const form = new URLSearchParams(body.toString('utf8'));
    const fields = Object.fromEntries([...form].map(([key, value]) => [key, /^[[{]/.test(value) ? (JSON.parse(value) as unknown) : value]));
    const call: SlackCall = { method: (request.url ?? '').replace(/^\/api\//, ''), fields, authorization: request.headers.authorization };
    this.calls.push(call);
    const answer = this.fail(call) ?? this.#answer(call);
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json; charset=utf-8', ...answer.headers });
    response.end(answer.body);
  }

  #placeFor({ filename, length }: SlackCall['fields']): Answer {
    if (typeof filename !== 'string' || !(Number(length) > 0)) return slackError('invalid_arguments');
    const id = `F${String(this.files.size + 1).padStart(8, '0')}`;
    this.files.set(id, { length: Number(length), shared: false });
    return { body: JSON.stringify({ ok: true, upload_url: `${this.apiUrl.replace(/api\/$/, '')}upload/${id}`, file_id: id }) };
  }

  #upload(id: string, bytes: Buffer, { headers }: IncomingMessage, response: ServerResponse): void {
    const file = this.files.get(id);
    const isGood = file?.length === bytes.length && headers.authorization === undefined;
    if (file !== undefined && isGood) file.bytes = bytes;
    response.writeHead(isGood ? 200 : 400, { 'content-type': 'text/plain' });
    response.end(isGood ? `OK - ${bytes.length}` : 'bad upload');
  }

  #complete({ files, channel_id: channel, thread_ts: threadTs }: SlackCall['fields']): Answer {
    // Unlike posting, sharing takes ids only.
    if (channel !== 'C0123') return slackError('channel_not_found');
    for (const { id } of files as readonly { id: string }[]) {
      const file = this.files.get(id);
      if (file?.bytes === undefined) return slackError('file_not_found');
      file.shared = true;
      file.threadTs = threadTs as string | undefined;
    }
    return { body: JSON.stringify({ ok: true, files }) };
  }

  #answer({ method, fields, authorization }: SlackCall): Answer {
    if (authorization !== `Bearer ${this.token}`) return slackError('invalid_auth');
    if (method === 'files.getUploadURLExternal') return this.#placeFor(fields);
    if (method === 'files.completeUploadExternal') return this.#complete(fields);
    const refused = refusedBecause(fields, (id) => this.files.get(id)?.shared === true);
    if (refused !== undefined) return slackError(refused);
    if (method === 'chat.postMessage') {
      if (fields['channel'] !== '#incidents' && fields['channel'] !== 'C0123') return slackError('channel_not_found');
      const threadTs = fields['thread_ts'] as string | undefined;
      this.#lastTs += 1;
      const ts = `1700000000.${String(this.#lastTs).padStart(6, '0')}`;
      this.messages.push({ channel: 'C0123', ts, threadTs, fields, updates: 0 });
      return { body: JSON.stringify({ ok: true, channel: 'C0123', ts, message: { type: 'message', ts } }) };
    }
    if (method === 'chat.postEphemeral') return { body: JSON.stringify({ ok: true, message_ts: '1700000000.000000' }) };
    if (method === 'chat.update') {
      // Unlike posting, updating takes ids only.
      if (fields['channel'] !== 'C0123') return slackError('channel_not_found');
      const known = this.messages.find(({ ts }) => ts === fields['ts']);
      if (known === undefined) return slackError('message_not_found');
      this.messages = this.messages.map((message) => (message === known ? { ...message, fields, updates: message.updates + 1 } : message));
      return { body: JSON.stringify({ ok: true, channel: 'C0123', ts: known.ts, text: fields['text'] }) };
    }
    return slackError('unknown_method');
  }
}

interface Text { readonly text: string }
interface BlockShape { readonly slack_file?: { readonly id?: string }; readonly alt_text?: string; readonly type: string; readonly text?: Text; readonly fields?: readonly Text[]; readonly elements?: readonly Text[] }

/** Slack's documented limits of Block Kit, as it enforces them. */
export function refusedBecause(fields: Readonly<Record<string, unknown>>, mayShow: (file: string) => boolean): string | undefined {
  if (typeof fields['text'] !== 'string' || fields['text'] === '') return 'no_text';
  if (fields['text'].length > 40_000) return 'msg_too_long';
  const attachments = (fields['attachments'] ?? []) as { blocks?: BlockShape[] }[];
  const groups = [(fields['blocks'] ?? []) as BlockShape[], ...attachments.map(({ blocks }) => blocks ?? [])];
  return groups.every((blocks) => blocks.length <= 50 && blocks.every((block) => isValidBlock(block, mayShow))) ? undefined : 'invalid_blocks';
}

function isValidBlock({ type, text, fields, elements, slack_file: file, alt_text: alt }: BlockShape, mayShow: (file: string) => boolean): boolean {
  const fits = (value: Text | undefined, limit: number): boolean => value !== undefined && value.text.length > 0 && value.text.length <= limit;
  switch (type) {
    case 'header':
      return fits(text, 150);
    case 'section':
      return (text !== undefined || fields !== undefined) && (text === undefined || fits(text, 3000)) && (fields === undefined || (fields.length > 0 && fields.length <= 10 && fields.every((field) => fits(field, 2000))));
    case 'context':
      return elements !== undefined && elements.length > 0 && elements.length <= 10 && elements.every((element) => fits(element, 3000));
    case 'image':
      return file?.id !== undefined && mayShow(file.id) && alt !== undefined && alt.length <= 2000;
    case 'actions':
      return elements !== undefined && elements.length > 0 && elements.length <= 25 && elements.every((element) => isValidButton(element as unknown as ButtonShape));
    default:
      return false;
  }
}

interface ButtonShape { readonly type: string; readonly action_id?: string; readonly value?: string; readonly text?: Text; readonly style?: string; readonly confirm?: { readonly title: Text; readonly text: Text; readonly confirm: Text; readonly deny: Text } }

function isValidButton({ type, action_id: action, value, text, style, confirm }: ButtonShape): boolean {
  const fits = (words: Text | undefined, limit: number): boolean => words !== undefined && words.text.length > 0 && words.text.length <= limit;
  if (type !== 'button' || action === undefined || action.length > 255 || (value ?? '').length > 2000 || !fits(text, 75)) return false;
  if (style !== undefined && style !== 'primary' && style !== 'danger') return false;
  return confirm === undefined || (fits(confirm.title, 100) && fits(confirm.text, 300) && fits(confirm.confirm, 30) && fits(confirm.deny, 30));
}
