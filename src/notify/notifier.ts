import type { PlanNotifier } from '../executor/steps/plan-notifier.js';
import type { Redactor } from '../secret/redactor.js';
import type { Clock } from '../time/clock.js';
import type { CustomerRules } from './compose-customers.js';
import { ChannelDispatcher, type Attempt } from './channel-dispatcher.js';
import type { Channel } from './channel.js';
import { ChannelOnDemand } from './channel-on-demand.js';
import { type ChannelEventSink, type ChannelState, ChannelWatch } from './channel-watch.js';
import { type ChannelName, webhookName } from './message.js';
import type { DigestSettings } from './next-delivery.js';
import type { NotifySettings } from './notify-settings.js';
import { DrillMessages } from './drill-messages.js';
import { OutboxComposer, type JournalReader } from './outbox-composer.js';
import type { Outbox } from './outbox.js';
import { SLACK_PACE } from './pace.js';
import type { Pictures } from './picture.js';
import { type NamedPerson, PlanNotifications } from './plan-notifications.js';
import { isSlack, type Routing } from './routes.js';
import { WebhookChannel } from './webhook-channel.js';
import type { Wording } from './wording.js';

export interface NotifierPorts {
  readonly journal: JournalReader;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly redactor: Redactor;
  /** Which message goes where; every one to every channel where it is absent. */
  readonly routing?: Routing | undefined;
  /** When many messages come together; never where it is absent. */
  readonly digest?: DigestSettings | undefined;
  readonly fallbackAfterMs?: number | undefined;
  /** Writes down that a channel is dead, or back. */
  readonly noteChannel?: ChannelEventSink | undefined;
  /** Whom `notification` steps may name. */
  readonly people?: readonly NamedPerson[] | undefined;
  readonly wording?: Wording | undefined;
  /** Whom to tell outside; nobody where it is absent. */
  readonly customers?: Customers | undefined;
  /** Called after every attempt to deliver a message, for logs and metrics. */
  readonly attempted?: ((attempt: Attempt) => void) | undefined;
  /** Faults that the loops get over by themselves; for the log. */
  readonly report: (error: unknown) => void;
  /** In [0, 1), for the jitter of retries. */
  readonly random?: (() => number) | undefined;
}

/** The ways to customers, and what they are told of. No message for people inside ever goes there. */
export interface Customers {
  readonly channels: readonly Channel[];
  readonly rules: CustomerRules;
}

const DEFAULT_FALLBACK_MS = 120_000;

/** The whole stage: from the journal to people. `new` → `start` → `stop`. */
export class Notifier {
  /** For `notification` steps. */
  readonly plans: PlanNotifier;
  /** For drills of communication. */
  readonly drills: DrillMessages;
  readonly #composer: OutboxComposer;
  readonly #watch: ChannelWatch;
  readonly #dispatchers: readonly ChannelDispatcher[];

  constructor(channels: readonly Channel[], ports: NotifierPorts) {
    const { outbox, journal, clock, redactor, people, wording, customers, report, random = Math.random } = ports;
    const attempted = (attempt: Attempt): void => {
      this.drills.attempted(attempt);
      ports.attempted?.(attempt);
    };
    const { digest, fallbackAfterMs = DEFAULT_FALLBACK_MS, noteChannel = () => Promise.resolve() } = ports;
    const enqueued = (): void => this.#dispatchers.forEach((dispatcher) => dispatcher.poke());
    const { routing = { routes: [], required: [], environment: '', channels: channels.map(({ name }) => name), addresses: [] } } = ports;
    const all = [...channels, ...(customers?.channels ?? [])];
    const watch = new ChannelWatch(all.map(({ name }) => name), { standIns: routing.channels, afterMs: fallbackAfterMs, append: noteChannel });
    this.#watch = watch;
    this.#dispatchers = all.map((channel) => new ChannelDispatcher(channel, { outbox, clock, redactor, attempted, report, random, watch, handedOver: enqueued, digest, wording }));
    this.plans = new PlanNotifications({ outbox, channels: routing.channels, redactor, clock, people, enqueued });
    this.drills = new DrillMessages({ outbox, channels: routing.channels, redactor, clock, people: people ?? [], enqueued });
    this.#composer = new OutboxComposer({ journal, outbox, routing, redactor, clock, wording, customers: customers === undefined ? undefined : { ...customers.rules, channels: customers.channels.map(({ name }) => name) }, enqueued, report });
  }

  /** How each channel stands. */
  get channels(): readonly ChannelState[] {
    return this.#watch.states;
  }

  start(): void {
    this.#composer.start();
    for (const dispatcher of this.#dispatchers) dispatcher.start();
  }

  /** Says that the journal has grown. */
  journalAppended(): void {
    this.#composer.poke();
  }

  /** Composes what the journal holds, then waits for the messages in hand, at most `graceMs`. The rest stays in the outbox. */
  async stop(graceMs = 5_000): Promise<void> {
    await this.#composer.stop();
    await Promise.all(this.#dispatchers.map((dispatcher) => dispatcher.stop(graceMs)));
  }
}

/** The channels that the settings name, in the order in which they stand in for each other, and those of Slack that only routes and required recipients name. */
export function createChannels({ slack, email, webhook, routes, required }: NotifySettings, clock: Clock, pictures?: Pictures): readonly Channel[] {
  const routed = new Set([...routes, ...required].flatMap(({ to }) => to.flatMap((destination) => (destination.kind === 'channel' && destination.channel !== 'slack' && isSlack(destination.channel) ? [destination.channel] : []))));
  return [
    ...(slack === undefined ? [] : [new ChannelOnDemand('slack', async () => new (await import('./slack-channel.js')).SlackChannel(slack, pictures), SLACK_PACE)]),
    ...(email === undefined ? [] : [new ChannelOnDemand('email', async () => new (await import('./email-channel.js')).EmailChannel(email, pictures))]),
    ...webhook.map((settings, index) => new WebhookChannel(webhookName(index), settings, clock)),
    ...(slack === undefined ? [] : [...routed].map((name) => new ChannelOnDemand(name, async () => new (await import('./slack-channel.js')).SlackChannel({ ...slack, channel: name.slice('slack:'.length) }, pictures, name), SLACK_PACE))),
  ];
}

/** The channels to customers that the settings name; `undefined` without any. */
export function createCustomers({ customers, email }: NotifySettings, clock: Clock): Customers | undefined {
  if (customers === undefined) return undefined;
  const { email: to, statusPage, webhook, ...rules } = customers;
  const channels: readonly Channel[] = [
    ...(to === undefined || email === undefined ? [] : [new ChannelOnDemand('customers-email', async () => new (await import('./email-channel.js')).EmailChannel({ ...email, to }, undefined, 'customers-email'))]),
    ...(statusPage === undefined ? [] : [new ChannelOnDemand('customers-status-page', async () => new (await import('./status-page-channel.js')).StatusPageChannel(statusPage, clock))]),
    ...(webhook === undefined ? [] : [new WebhookChannel('customers-webhook', webhook, clock)]),
  ];
  return { channels, rules };
}

/** Which message goes where, by the settings. */
export function createRouting({ slack, email, webhook, routes, required }: NotifySettings, environment: string): Routing {
  const channels: readonly ChannelName[] = [...(slack === undefined ? [] : ['slack' as const]), ...(email === undefined ? [] : ['email' as const]), ...webhook.map((_, index) => webhookName(index))];
  return { routes, required, environment, channels, addresses: email?.to ?? [] };
}
