import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import type { PlanNotifier } from '../executor/steps/plan-notifier.js';
import type { ChannelState } from '../notify/channel-watch.js';
import type { DrillMessages } from '../notify/drill-messages.js';
import { channelText, isForCustomers } from '../notify/message.js';
import { createChannels, createCustomers, createRouting, Notifier } from '../notify/notifier.js';
import type { Pictures } from '../notify/picture.js';
import type { Redactor } from '../secret/redactor.js';
import type { SqliteStore } from '../store/sqlite-store.js';
import type { Clock } from '../time/clock.js';
import type { Metrics } from './metrics.js';

export interface MessagingPorts {
  readonly store: Pick<SqliteStore, 'guard' | 'outbox'>;
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly pictures: Pictures;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly report: (error: unknown) => void;
}

/** The notifier of the configuration in use. `new` → `start` → (`use`) → `stop`. */
export class Messaging {
  /** For `notification` steps, whichever notifier is in use when they come. */
  readonly plans: PlanNotifier = { enqueue: (notification) => this.#notifier.plans.enqueue(notification) };
  readonly #ports: MessagingPorts;
  #notifier: Notifier;

  constructor(config: Config, ports: MessagingPorts) {
    this.#ports = ports;
    this.#notifier = this.#notifierOf(config);
  }

  get drills(): DrillMessages {
    return this.#notifier.drills;
  }

  get channels(): readonly ChannelState[] {
    return this.#notifier.channels;
  }

  /** Why nobody inside can be told: a line for each channel; empty as long as one of them works. */
  get deadEnds(): readonly string[] {
    const inside = this.channels.filter(({ channel }) => !isForCustomers(channel));
    return inside.every(({ isDead }) => isDead) ? inside.map(({ channel, error = 'it takes no messages' }) => `nobody can be told: ${channelText(channel)}: ${error}`) : [];
  }

  start(): void {
    this.#notifier.start();
  }

  journalAppended(): void {
    this.#notifier.journalAppended();
  }

  /** Goes on with the channels and people of another configuration. What waits in the outbox stays there. */
  async use(next: Config): Promise<void> {
    await this.#notifier.stop();
    this.#notifier = this.#notifierOf(next);
    this.#notifier.start();
  }

  stop(): Promise<void> {
    return this.#notifier.stop();
  }

  #notifierOf({ notify, people, environment }: Config): Notifier {
    const { store, clock, redactor, pictures, metrics, log, report } = this.#ports;
    notify.wording?.broken.forEach((problem, template) => log.warn({ template, problem }, 'a template of messages is broken, so the usual words are used'));
    return new Notifier(createChannels(notify, clock, pictures), {
      journal: store.guard,
      outbox: store.outbox,
      clock,
      redactor,
      routing: createRouting(notify, environment),
      digest: notify.digest,
      fallbackAfterMs: notify.fallbackAfterMs,
      noteChannel: (event) => store.guard.append([event]),
      people,
      wording: notify.wording,
      customers: createCustomers(notify, clock),
      report,
      attempted: ({ channel, result, error }) => {
        metrics.delivered(channel, result);
        if (error !== undefined) log.warn({ channel, result, error }, 'a message was not delivered as it should be');
      },
    });
  }
}
