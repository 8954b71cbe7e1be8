import { SseParser } from '../../http/sse-parser.js';
import { ApiError, ask, askJson } from '../session/api.js';
import { forgetToken, session, storedToken, type Role } from '../session/session.js';
import { live } from './live.js';
import { applyLive, asLost, type LiveMessage } from './live-state.js';
import { serverClock } from './server-clock.js';

/** The daemon says something every ten seconds at least. */
const SILENCE_MS = 25_000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 10_000;

const names: ReadonlySet<string> = new Set<LiveMessage['name']>(['snapshot', 'status', 'triggers', 'incident', 'output', 'ping']);

let running: AbortController | undefined;

/** Reads along until somebody signs out, and again after every break. Called again, it begins anew: as somebody else. */
export function readAlong(): void {
  running?.abort();
  const controller = new AbortController();
  running = controller;
  void keepReading(controller.signal);
}

async function keepReading(ended: AbortSignal): Promise<void> {
  let delayMs = FIRST_DELAY_MS;
  while (!ended.aborted) {
    let heardAt: number | undefined;
    const why = await readOnce(ended, () => {
      heardAt = serverClock.now;
      delayMs = FIRST_DELAY_MS;
    });
    if (why === 'signed-out') return;
    live.change((state) => asLost(state, heardAt ?? (state.connection.kind === 'lost' ? state.connection.since : undefined), why));
    await pause(delayMs, ended);
    delayMs = Math.min(LONGEST_DELAY_MS, delayMs * 2);
  }
}

/** One connection, from asking who we are to its break; resolves with why it broke. */
async function readOnce(ended: AbortSignal, heard: () => void): Promise<string> {
  const broken = new AbortController();
  const signal = AbortSignal.any([ended, broken.signal]);
  let silence = setTimeout(() => broken.abort(), SILENCE_MS);
  try {
    const { name, role } = await askJson<{ name: string; role: Role }>('/api/v1/session', { signal });
    session.change(() => ({ kind: 'signed-in', name, role, anonymous: storedToken() === undefined }));
    const { body } = await ask('/api/v1/events', { signal, accept: 'text/event-stream' });
    if (body === null) return 'Belay answers with nothing.';
    const parser = new SseParser();
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return 'Belay has ended the connection.';
      clearTimeout(silence);
      silence = setTimeout(() => broken.abort(), SILENCE_MS);
      for (const { type, data } of parser.push(value)) {
        if (names.has(type)) take({ name: type, data: JSON.parse(data) as unknown } as LiveMessage);
      }
      heard();
    }
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
      signedOut(storedToken() === undefined ? undefined : error.message);
      return 'signed-out';
    }
    if (broken.signal.aborted) return 'Belay says nothing any more.';
    return error instanceof ApiError ? error.message : 'The connection to Belay broke.';
  } finally {
    clearTimeout(silence);
    broken.abort();
  }
}

function take(message: LiveMessage): void {
  if (message.name === 'snapshot' || message.name === 'ping') serverClock.hear(message.data.now);
  live.change((state) => applyLive(state, message));
}

export function signedOut(refusal?: string): void {
  running?.abort();
  forgetToken();
  session.change(() => ({ kind: 'signed-out', refusal }));
}

/** Ends early when the network is back, or somebody looks at the page again. */
function pause(forMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = new AbortController();
    const end = (): void => {
      clearTimeout(timer);
      over.abort();
      resolve();
    };
    const timer = setTimeout(end, forMs);
    const { signal: listening } = over;
    signal.addEventListener('abort', end, { signal: listening });
    addEventListener('online', end, { signal: listening });
    document.addEventListener('visibilitychange', () => (document.hidden ? undefined : end()), { signal: listening });
  });
}
