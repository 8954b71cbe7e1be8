import type { JournalEntry } from '../incident/incident-event.js';
import { composeForCustomers } from './compose-customers.js';
import { composeMessages } from './compose-messages.js';
import { digestMessage } from './gathered-message.js';
import { mailHtml } from './mail-html.js';
import { mailOf } from './mail.js';
import type { Message } from './message.js';
import type { NotifySettings } from './notify-settings.js';
import { hasPicture } from './picture.js';
import { placeholderValues } from './placeholder-values.js';
import { sampleJournal } from './sample-incident.js';
import { slackCard } from './slack-card.js';
import { slackPreviewHtml } from './slack-preview.js';
import { webhookBody } from './webhook-channel.js';
import { defaultWording, wordedDigest, type Wording } from './wording.js';

export const previewChannels = ['text', 'email', 'slack', 'webhook'] as const;
export type PreviewChannel = (typeof previewChannels)[number];

const SAMPLE_ITEM = { id: 'preview', channel: 'email' as const, recipients: [], createdAt: 0, attempts: 0, nextAttemptAt: 0 };

/** What customers would read of it. */
export function customerMessagesOf(entries: readonly JournalEntry[], settings: Pick<NotifySettings, 'customers' | 'wording'> = {}): readonly Message[] {
  const rules = settings.customers ?? { fromLevel: 1, services: {} };
  return entries.flatMap((entry) => composeForCustomers(entry, pastOf(entry, entries), rules, settings.wording) ?? []);
}

/** Every message that a journal leads to, in order. */
export function messagesOf(entries: readonly JournalEntry[], wording: Wording | undefined): readonly Message[] {
  return entries.flatMap((entry) => composeMessages(entry, pastOf(entry, entries), wording));
}

/** Every message of the invented incident, and how they would come together if they were many. */
export function sampleMessages(target: string, environment: string, wording: Wording = defaultWording): readonly Message[] {
  const entries = sampleJournal(target, environment);
  const messages = messagesOf(entries, wording);
  // One of each incident, and one that is of none.
  const units = (['approval', 'would-have', 'blind'] as const).map((wanted) => messages.filter(({ kind }) => kind === wanted).slice(0, 1).map((message) => ({ ...SAMPLE_ITEM, message })));
  const digest = digestMessage(units);
  return [...messages, wordedDigest(digest, placeholderValues(digest, entries.at(-1)?.event.at ?? 0), wording)];
}

function pastOf({ seq, event }: JournalEntry, entries: readonly JournalEntry[]): readonly JournalEntry[] {
  const incidentId = 'incidentId' in event ? event.incidentId : undefined;
  return entries.filter((other) => other.seq <= seq && 'incidentId' in other.event && other.event.incidentId === incidentId);
}

/** What a channel would be given: text, or JSON where that is what goes out. */
export function previewText(message: Message, channel: PreviewChannel): string {
  const item = { ...SAMPLE_ITEM, message };
  switch (channel) {
    case 'text':
      return mailOf(item, undefined, 'preview.invalid').text;
    case 'email':
      return `${mailHtml(message, [])}\n`;
    case 'slack':
      return `${JSON.stringify(slackCard(message, [], { withButtons: true }), undefined, 2)}\n`;
    case 'webhook':
      return `${JSON.stringify(webhookBody(item), undefined, 2)}\n`;
    default:
      return channel satisfies never;
  }
}

/** A page that shows the message as the channel would; `picture`: the plot, where the message has one. */
export function previewPage(message: Message, channel: 'email' | 'slack', picture: Buffer | undefined): string {
  const address = picture === undefined || !hasPicture(message) ? undefined : `data:image/png;base64,${picture.toString('base64')}`;
  if (channel === 'slack') return slackPreviewHtml(slackCard(message, [], { withButtons: true, ...(address === undefined ? {} : { picture: 'preview' }) }), address);
  return address === undefined ? mailHtml(message, []) : mailHtml(message, [], { cid: 'preview', alt: 'the plot' }).replace('cid:preview', address);
}
