import type { ToldPerson } from '../incident/incident-event.js';

/** What a message is about; routes, templates and metrics go by it. */
export type MessageKind =
  | 'firing'
  | 'decision'
  | 'rollback-started'
  | 'step-failed'
  | 'over-budget'
  | 'rollback-ended'
  | 'recovered'
  | 'not-recovered'
  | 'needs-human'
  | 'would-have'
  | 'blind'
  | 'seeing'
  | 'approval'
  | 'acknowledged'
  | 'guard'
  | 'plan-notification';

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

/** The second configured webhook and those after it are `webhook-2`, `webhook-3` … */
export type ChannelName = 'slack' | 'email' | 'webhook' | `webhook-${number}` | `customers-${'email' | 'status-page' | 'webhook'}`;

/** One message to one channel, durable in the outbox. */
export interface OutboxItem {
  readonly id: string;
  readonly channel: ChannelName;
  readonly message: Message;
  /** For `plan-notification`: whom the step names. */
  readonly recipients: readonly string[];
  readonly createdAt: number;
  readonly attempts: number;
  readonly nextAttemptAt: number;
}
