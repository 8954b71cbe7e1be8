import { setTimeout as sleep } from 'node:timers/promises';
import { BelayError, errorText } from '../../fault/belay-error.js';
import type { LiveEvent } from '../../http/live-api.js';
import { SseParser } from '../../http/sse-parser.js';
import type { DaemonClient } from '../daemon-client.js';

/** What a reader of the daemon's events hears of; a disconnection is told once, and ends with the next snapshot. */
export type Heard = LiveEvent | { readonly name: 'disconnected'; readonly data: string };

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;
/** The daemon says something every ten seconds: after this it is gone, whatever the connection says. */
const SILENCE_MS = 35_000;

/**
 * The daemon's events until `signal` aborts, over as many connections as it takes. Rejects with the fault of the first
 * connection, and with what the daemon answers later where asking again would not help.
 */
export async function* liveEvents(daemon: DaemonClient, signal: AbortSignal): AsyncGenerator<Heard> {
  let pauseMs = FIRST_PAUSE_MS;
  let hasHeard = false;
  let isTold = false;
  for (; !signal.aborted; ) {
    try {
      for await (const event of connection(daemon, signal)) {
        [hasHeard, isTold, pauseMs] = [true, false, FIRST_PAUSE_MS];
        yield event;
      }
      if (!isTold) yield { name: 'disconnected', data: 'the daemon has ended the connection' };
    } catch (error) {
      if (isOver(signal)) return;
      if (!hasHeard || (error instanceof BelayError && error.code !== 'daemon-unreachable' && error.code !== 'too-many-streams')) throw error;
      if (!isTold) yield { name: 'disconnected', data: errorText(error) };
    }
    isTold = true;
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
  }
}

/** Asked anew, since it may have changed while something was waited for. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function* connection(daemon: DaemonClient, signal: AbortSignal): AsyncGenerator<Heard> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  signal.addEventListener('abort', end, { once: true });
  let silence = setTimeout(end, SILENCE_MS);
  try {
    const parser = new SseParser();
    for await (const chunk of await daemon.stream('/api/v1/events', ending.signal)) {
      clearTimeout(silence);
      silence = setTimeout(end, SILENCE_MS);
      for (const { type: name, id, data } of parser.push(chunk)) yield { name, seq: Number(id), data: JSON.parse(data) as unknown } as LiveEvent;
    }
  } catch (error) {
    if (error instanceof BelayError || signal.aborted) throw error;
    throw new BelayError('daemon-unreachable', ending.signal.aborted ? 'the daemon has said nothing for a while' : `the connection to the daemon broke (${errorText(error)})`, { cause: error });
  } finally {
    clearTimeout(silence);
    signal.removeEventListener('abort', end);
    end();
  }
}
