import type { ToldPerson } from '../incident/incident-event.js';
import type { Level, Severity } from '../trigger/trigger.js';

/** What a message is about; routes, templates and metrics go by it. */
export const messageKinds = [
  'firing',
  'decision',
  'rollback-started',
  'step-failed',
  'over-budget',
  'rollback-ended',
  'recovered',
  'not-recovered',
  'needs-human',
  'would-have',
  'blind',
  'seeing',
  'approval',
  'acknowledged',
  'escalation',
  'digest',
  'guard',
  'drill',
  'plan-notification',
] as const;
export type MessageKind = (typeof messageKinds)[number];

export type MessageTone = 'bad' | 'working' | 'good' | 'neutral';

/** Something that people can answer, by its id. `approve` and `reject` are what the buttons say. */
export interface MessageQuestion {
  readonly approvalId: string;
  readonly text: string;
  readonly approve: string;
  readonly reject: string;
}

/** A message before it has a channel: what any channel can show. Secrets are already blanked. */
export interface Message {
  readonly kind: MessageKind;
  readonly tone: MessageTone;
  /** Messages of one incident share a thread; `undefined` stands alone. */
  readonly incidentId?: string | undefined;
  readonly target?: string | undefined;
  /** Of the worst alert that the incident has had. */
  readonly severity?: Severity | undefined;
  /** The highest that the incident has come to so far. */
  readonly level?: Level | undefined;
  readonly dryRun: boolean;
  /** For whom it is; people inside where it is absent. */
  readonly audience?: 'customer' | undefined;
  /** One line, without markup: subject of the mail, first line in Slack. */
  readonly title: string;
  readonly text: string;
  /** Label and value pairs, in order: target, level, reason, value against condition, query, since when … */
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly next?: string | undefined;
  /** What is open on the incident as it is now. */
  readonly questions?: readonly MessageQuestion[] | undefined;
  /** People who are to see it, besides those who are told everything. */
  readonly tell?: readonly ToldPerson[] | undefined;
}

/**
 * The second configured webhook and those after it are `webhook-2`, `webhook-3` …; `slack` is the configured channel of
 * Slack, and `slack:#payments` one that only routes name.
 */
export type ChannelName = 'slack' | `slack:${string}` | 'email' | 'webhook' | `webhook-${number}` | `customers-${'email' | 'status-page' | 'webhook'}`;

/** What the names of channels begin with that lead outside. */
export const CUSTOMERS_PREFIX = 'customers-';

/** Whether a channel leads outside; nothing for people inside ever goes there, and no other way round. */
export function isForCustomers(channel: ChannelName): boolean {
  return channel.startsWith(CUSTOMERS_PREFIX);
}

/** A channel as people speak of it. */
export function channelText(channel: string): string {
  return channel === 'slack' ? 'Slack' : channel === 'email' ? 'mail' : channel.startsWith('slack:') ? `Slack, ${channel.slice('slack:'.length)}` : channel;
}

/** The id of a message's item on one channel: known from that on any other, so that no channel gets it twice. */
export function itemIdOn(channel: ChannelName, id: string): string {
  return `${id.split('.', 1)[0] ?? id}.${channel}`;
}

/** What the webhook at this place of the list is called, from 0 on. */
export function webhookName(index: number): ChannelName {
  return index === 0 ? 'webhook' : `webhook-${index + 1}`;
}

/** One message to one channel, durable in the outbox. */
export interface OutboxItem {
  readonly id: string;
  readonly channel: ChannelName;
  readonly message: Message;
  /** For `plan-notification`: whom the step names. */
  readonly recipients: readonly string[];
  /** For mails: where this one goes instead of to the configured addresses, besides to those whom the message tells. */
  readonly addresses?: readonly string[] | undefined;
  /** The channel that has taken it over, while this one was dead. */
  readonly handedTo?: ChannelName | undefined;
  readonly createdAt: number;
  readonly attempts: number;
  readonly nextAttemptAt: number;
}
