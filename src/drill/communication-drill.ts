import type { DrillStep } from '../incident/drill-event.js';
import type { Clock } from '../time/clock.js';
import { type DrillPerformer, timedStep } from './drill-performer.js';

/** A message of a drill to one channel. */
export interface DrillMessage {
  readonly channel: string;
  readonly recipients: readonly string[];
  readonly drillName: string;
  readonly executionId: string;
}

/** The ways to people, for a message that tries them. */
export interface DrillMessenger {
  /** The channels that are configured, by name. */
  channels(): readonly string[];
  /** Those whom the recipients name and whom the channel has no address of. */
  unreachable(channel: string, recipients: readonly string[]): readonly string[];
  /** Resolves once the channel has taken the message; rejects when it cannot, or with the signal's reason. */
  send(message: DrillMessage, signal: AbortSignal): Promise<void>;
}

export interface CommunicationDrillPorts {
  readonly clock: Clock;
  /** Looked up at each drill, because the channels change with the configuration. */
  readonly messenger: () => DrillMessenger;
}

/** As long as a channel may take with a message before the drill calls it dead. */
const DELIVERY_LIMIT_MS = 5 * 60_000;

/** Sends a marked test message to every channel and waits until each has taken it. */
export function communicationDrill({ clock, messenger }: CommunicationDrillPorts): DrillPerformer {
  return async ({ name, recipients, withinMs = DELIVERY_LIMIT_MS }, { executionId, signal, show }) => {
    const ways = messenger();
    const channels = ways.channels();
    if (channels.length === 0) return { steps: [], gaps: [], failure: 'no channel is configured under "notify", so nobody can be told anything' };
    show(channels.map((channel): DrillStep => ({ name: channel, status: 'running' })));
    const steps = await Promise.all(
      channels.map((channel) =>
        timedStep(clock, channel, withinMs, signal, async () => {
          await within(clock, DELIVERY_LIMIT_MS, signal, (limited) => ways.send({ channel, recipients, drillName: name, executionId }, limited));
          return recipients.length === 0 ? 'taken' : `taken, for ${recipients.join(', ')}`;
        }),
      ),
    );
    // Somebody whom one of the channels reaches is reached.
    const nowhere = channels.map((channel) => new Set(ways.unreachable(channel, recipients))).reduce((all, missing) => new Set([...all].filter((person) => missing.has(person))));
    return { steps, gaps: [...nowhere].map((person) => `${person} has no address on any channel`) };
  };
}

async function within<T>(clock: Clock, limitMs: number, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = new AbortController();
  const limit = clock.sleepUntil(clock.now() + limitMs, over.signal).then(
    () => late.abort(new Error(`it was not taken within ${limitMs / 60_000} minutes`)),
    () => undefined,
  );
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } finally {
    over.abort();
    await limit;
  }
}
