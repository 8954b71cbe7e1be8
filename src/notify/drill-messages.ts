import { createHash } from 'node:crypto';
import type { DrillMessage, DrillMessenger } from '../drill/communication-drill.js';
import type { Redactor } from '../secret/redactor.js';
import type { Clock } from '../time/clock.js';
import type { Attempt } from './channel-dispatcher.js';
import type { ChannelName, Message } from './message.js';
import type { Outbox } from './outbox.js';
import { named, type NamedPerson } from './plan-notifications.js';

export interface DrillMessagesPorts {
  readonly outbox: Outbox;
  readonly channels: readonly ChannelName[];
  readonly redactor: Redactor;
  readonly people: readonly NamedPerson[];
  readonly clock: Clock;
  readonly enqueued: () => void;
}

interface Awaited {
  readonly taken: () => void;
  readonly refused: (error: string) => void;
  lastError: string | undefined;
}

/** The test messages of drills: they go the way that every message goes, and somebody waits until they have arrived. */
export class DrillMessages implements DrillMessenger {
  readonly #ports: DrillMessagesPorts;
  readonly #awaited = new Map<string, Awaited>();

  constructor(ports: DrillMessagesPorts) {
    this.#ports = ports;
  }

  channels(): readonly string[] {
    return this.#ports.channels;
  }

  unreachable(channel: string, recipients: readonly string[]): readonly string[] {
    const people = named(recipients, this.#ports.people);
    // A webhook tells names, and what stands behind it knows the people.
    return people.filter(({ email, slack }) => (channel === 'email' ? email === undefined : channel === 'slack' ? slack === undefined : false)).map(({ name }) => name);
  }

  async send({ channel, recipients, drillName, executionId }: DrillMessage, signal: AbortSignal): Promise<void> {
    const { outbox, channels, redactor, clock, enqueued } = this.#ports;
    const known = channels.find((name) => name === channel);
    if (known === undefined) throw new Error(`the channel ${channel} is not configured`);
    const id = createHash('sha256').update(`${executionId} ${channel}`).digest('hex').slice(0, 32);
    signal.throwIfAborted();
    let stop = (): void => undefined;
    const arrived = new Promise<void>((resolve, reject) => {
      const awaited: Awaited = { taken: resolve, refused: (error) => reject(new Error(error)), lastError: undefined };
      this.#awaited.set(id, awaited);
      stop = () => reject(awaited.lastError === undefined ? (signal.reason as Error) : new Error(`${(signal.reason as Error).message}; the last attempt: ${awaited.lastError}`));
      signal.addEventListener('abort', stop, { once: true });
    });
    try {
      await outbox.enqueue([{ id, channel: known, message: redactor.data(this.#compose(drillName, recipients, executionId)), recipients: redactor.data(recipients), createdAt: clock.now() }]);
      enqueued();
      await arrived;
    } finally {
      signal.removeEventListener('abort', stop);
      this.#awaited.delete(id);
      // Where the outbox refused it, nobody waits for the promise.
      arrived.catch(() => undefined);
    }
  }

  /** Hears of every attempt to deliver a message. */
  attempted({ item, result, error }: Attempt): void {
    const awaited = this.#awaited.get(item.id);
    if (awaited === undefined) return;
    if (result === 'sent') awaited.taken();
    else if (result === 'undeliverable') awaited.refused(error ?? 'it cannot be delivered');
    else awaited.lastError = error;
  }

  /** It goes to those whom the drill names and to nobody else, as what a plan says does. */
  #compose(drillName: string, recipients: readonly string[], executionId: string): Message {
    const tell = named(recipients, this.#ports.people);
    return {
      kind: 'plan-notification',
      tone: 'neutral',
      dryRun: false,
      title: `DRILL: this is a test of the ways to people (${drillName})`,
      text: 'Nothing is wrong, and nothing is to be done. In an incident, what you must know would come to you on this way.',
      facts: [['run', executionId]],
      ...(tell.length === 0 ? {} : { tell }),
    };
  }
}
