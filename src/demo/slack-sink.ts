import formbody from 'node:querystring';
import Fastify from 'fastify';
import { z } from 'zod';

/** A message as the channel shows it now. */
export interface SlackMessage {
  readonly channel: string;
  readonly ts: string;
  readonly text: string;
  /** The message whose thread it stands in. */
  readonly threadTs?: string | undefined;
  readonly blocks?: unknown;
  readonly attachments?: unknown;
  /** How often `chat.update` changed it. */
  readonly updates: number;
}

export interface SlackSink {
  /** What `apiUrl` wants: ends with a slash. */
  readonly url: string;
  /** Messages outside of threads, oldest first. */
  channel(): readonly SlackMessage[];
  thread(ts: string): readonly SlackMessage[];
  stop(): Promise<void>;
}

export interface SlackSinkOptions {
  readonly host?: string;
  readonly port?: number;
  /** Hears of each new or changed message. */
  readonly onMessage?: (message: SlackMessage) => void;
}

const bodySchema = z.object({
  channel: z.string().min(1),
  text: z.string().default(''),
  ts: z.string().optional(),
  thread_ts: z.string().optional(),
  blocks: z.unknown().optional(),
  attachments: z.unknown().optional(),
});

/** An HTTP service with the part of Slack's API that messages need, and Slack's own answers to mistakes. It keeps what it was told. */
export async function startSlackSink({ host = '127.0.0.1', port = 0, onMessage }: SlackSinkOptions = {}): Promise<SlackSink> {
  const messages: SlackMessage[] = [];
  const server = Fastify({ logger: false });
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    // Slack's clients write structured arguments as JSON inside of the form.
    const fields = Object.entries(formbody.parse(body as string)).map(([key, value]) => [key, key === 'blocks' || key === 'attachments' ? (JSON.parse(String(value)) as unknown) : value]);
    done(null, Object.fromEntries(fields));
  });

  server.addHook('preHandler', async (request, reply) => {
    if (!/^Bearer \S+$/.test(request.headers.authorization ?? '')) await reply.send({ ok: false, error: 'not_authed' });
  });

  server.post('/api/auth.test', () => ({ ok: true, url: 'http://127.0.0.1/', team: 'Demo', user: 'belay', team_id: 'T0DEMO', user_id: 'U0BELAY' }));

  server.post('/api/chat.postMessage', (request) => {
    const body = bodySchema.safeParse(request.body);
    if (!body.success) return { ok: false, error: 'channel_not_found' };
    const { channel, text, thread_ts: threadTs, blocks, attachments } = body.data;
    if (text === '' && blocks === undefined && attachments === undefined) return { ok: false, error: 'no_text' };
    if (threadTs !== undefined && !messages.some((message) => message.ts === threadTs)) return { ok: false, error: 'thread_not_found' };
    const message: SlackMessage = { channel, ts: nextTs(messages.length), text, threadTs, blocks, attachments, updates: 0 };
    messages.push(message);
    onMessage?.(message);
    return { ok: true, channel, ts: message.ts, message: { text, ts: message.ts, type: 'message' } };
  });

  server.post('/api/chat.update', (request) => {
    const body = bodySchema.safeParse(request.body);
    if (!body.success) return { ok: false, error: 'channel_not_found' };
    const { channel, text, ts, blocks, attachments } = body.data;
    const index = messages.findIndex((message) => message.ts === ts && message.channel === channel);
    const old = messages[index];
    if (old === undefined) return { ok: false, error: 'message_not_found' };
    const message: SlackMessage = { ...old, text, blocks, attachments, updates: old.updates + 1 };
    messages[index] = message;
    onMessage?.(message);
    return { ok: true, channel, ts: message.ts, text };
  });

  server.setNotFoundHandler(() => ({ ok: false, error: 'unknown_method' }));

  const url = await server.listen({ host, port });
  return {
    url: `${url}/api/`,
    channel: () => messages.filter((message) => message.threadTs === undefined),
    thread: (ts) => messages.filter((message) => message.threadTs === ts),
    stop: () => server.close(),
  };
}

/** Slack's way to number messages: seconds, a dot and six digits, unique within a channel. */
function nextTs(count: number): string {
  return `${Math.floor(Date.now() / 1000)}.${String(count + 1).padStart(6, '0')}`;
}
