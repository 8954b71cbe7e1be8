import { createHash } from 'node:crypto';
import type { PlanNotification, PlanNotifier } from '../executor/steps/plan-notifier.js';
import type { ToldPerson } from '../incident/incident-event.js';
import type { RollbackContext } from '../rollback/rollback-plan.js';
import type { Redactor } from '../secret/redactor.js';
import type { Clock } from '../time/clock.js';
import { type ChannelName, itemIdOn, type Message } from './message.js';
import type { Outbox } from './outbox.js';

export interface NamedPerson extends ToldPerson {
  readonly groups: readonly string[];
}

export interface PlanNotificationPorts {
  readonly outbox: Outbox;
  readonly channels: readonly ChannelName[];
  readonly redactor: Redactor;
  /** Whom recipients may name, themselves or by their groups. */
  readonly people?: readonly NamedPerson[] | undefined;
  readonly clock: Clock;
  readonly enqueued: () => void;
}

/** A plan's `notification` steps: a message in the outbox is a step that is done. */
export class PlanNotifications implements PlanNotifier {
  readonly #ports: PlanNotificationPorts;

  constructor(ports: PlanNotificationPorts) {
    this.#ports = ports;
  }

  /**
   * A channel that is not configured falls back to the first one that is. Where none is, the message waits in the
   * outbox until there is one: that nobody can be told must not stop a rollback.
   */
  async enqueue(notification: PlanNotification): Promise<void> {
    const { outbox, channels, redactor, clock, people = [] } = this.#ports;
    const wanted = channels.filter((name) => name === notification.channel || name.startsWith(`${notification.channel}-`));
    const instead = wanted.length > 0 ? wanted : channels.slice(0, 1);
    const message = redactor.data(compose(notification, wanted.length === 0, people));
    const recipients = redactor.data(notification.recipients);
    const createdAt = clock.now();
    await outbox.enqueue((instead.length > 0 ? instead : [notification.channel]).map((channel) => ({ id: idFor(notification, channel), channel, message, recipients, createdAt })));
    this.#ports.enqueued();
  }
}

/** The same whenever the step says it again, and fit for a Message-ID, which names of plans need not be. */
function idFor({ stepOfExecution }: PlanNotification, channel: ChannelName): string | undefined {
  return stepOfExecution === undefined ? undefined : itemIdOn(channel, createHash('sha256').update(stepOfExecution).digest('hex').slice(0, 32));
}

/** The people whom recipients name, each once. */
export function named(recipients: readonly string[], people: readonly NamedPerson[]): readonly ToldPerson[] {
  return people
    .filter(({ name, groups }) => [name, ...groups].some((word) => recipients.includes(word)))
    .map(({ name, email, slack }) => ({ name, ...(email === undefined ? {} : { email }), ...(slack === undefined ? {} : { slack }) }));
}

function compose({ recipients, channel, message, details, context }: PlanNotification, elsewhere: boolean, people: readonly NamedPerson[]): Message {
  const tell = named(recipients, people);
  const target = textOf(context, 'target');
  const facts: (readonly [string, string])[] = Object.entries(details).map(([label, value]) => [label, typeof value === 'string' ? value : JSON.stringify(value)]);
  if (elsewhere) facts.push(['meant for', `${channel}, which is not configured`]);
  const incidentId = textOf(context, 'incidentId');
  return {
    kind: 'plan-notification',
    tone: 'neutral',
    incidentId,
    target,
    dryRun: false,
    title: message.replaceAll(/\s+/g, ' ').trim(),
    text: message.includes('\n') ? message : '',
    facts: incidentId === undefined ? facts : [...facts, ['incident', incidentId]],
    ...(tell.length === 0 ? {} : { tell }),
  };
}

function textOf({ metadata }: RollbackContext, key: string): string | undefined {
  const value: unknown = metadata[key];
  return typeof value === 'string' ? value : undefined;
}
