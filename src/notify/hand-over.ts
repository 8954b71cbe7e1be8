import type { ChannelState } from './channel-watch.js';
import { channelText, type ChannelName, itemIdOn, type OutboxItem } from './message.js';
import type { NewOutboxItem, OutboxState } from './outbox.js';
import { readableInstant } from './readable-time.js';
import { isSlack } from './routes.js';

/** A message that its dead channel leaves to another one, with why. */
export function handedOver({ id, channel, message, recipients, createdAt }: OutboxItem, to: ChannelName, state: Pick<ChannelState, 'failingSince' | 'error'> | undefined): NewOutboxItem {
  const why = `${channelText(channel)}, which takes no messages${state?.failingSince === undefined ? '' : ` since ${readableInstant(state.failingSince)}`}${state?.error === undefined ? '' : `: ${state.error}`}`;
  return { id: itemIdOn(to, id), channel: to, message: { ...message, facts: [...message.facts, ['instead of', why]] }, recipients, createdAt };
}

/** What a channel that is back does with its messages. */
export interface ReturnedItems {
  readonly left: readonly OutboxItem[];
  /** Of those that are left, what people know by another channel: it calls nobody again. */
  readonly told: ReadonlySet<string>;
  /** What people know, and would only be repeated. */
  readonly dropped: readonly OutboxItem[];
}

/** Splits what is to be sent by whether another channel has delivered it meanwhile. */
export async function returnedItems(items: readonly OutboxItem[], channel: ChannelName, stateOf: (id: string) => Promise<OutboxState | undefined>): Promise<ReturnedItems> {
  const left: OutboxItem[] = [];
  const dropped: OutboxItem[] = [];
  const told = new Set<string>();
  for (const item of items) {
    const copyId = item.handedTo === undefined ? undefined : itemIdOn(item.handedTo, item.id);
    const state = copyId === undefined ? undefined : await stateOf(copyId);
    // In Slack the incident's message is brought up to date. Who has an address only, and a machine behind a webhook, gets everything.
    const isTold = state === 'sent' && isSlack(channel);
    const isRepeated = isTold && item.message.incidentId === undefined;
    if (isRepeated) dropped.push(item);
    else left.push(item);
    if (isTold) told.add(item.id);
  }
  return { left, told, dropped };
}
