import { mailHtml, type InlinePicture } from './mail-html.js';
import type { Message, OutboxItem } from './message.js';
import type { ThreadReference } from './outbox.js';

/** One mail, ready for a transport but for its addresses. */
export interface Mail {
  readonly messageId: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** The first mail of the incident, for `In-Reply-To` and `References`. */
  readonly inReplyTo?: string | undefined;
}

const LONGEST_SUBJECT = 200;

/**
 * Writes a message as a mail. The mails of one incident answer its first one and keep its subject, because that is
 * what mail programs make threads of. The Message-ID comes from the outbox item: a mail that goes out twice is
 * recognised as the same.
 */
export function mailOf({ id, message, recipients }: OutboxItem, thread: ThreadReference | undefined, domain: string, picture?: InlinePicture): Mail {
  const first = thread?.['subject'];
  const own = message.title.slice(0, LONGEST_SUBJECT);
  const subject = first === undefined || message.kind === 'plan-notification' || message.audience === 'customer' ? own : `Re: ${first}`;
  return { messageId: `<${id}@${domain}>`, subject, text: plainText(message, recipients), html: mailHtml(message, recipients, picture), inReplyTo: thread?.['messageId'] };
}

function plainText(message: Message, recipients: readonly string[]): string {
  const width = Math.max(0, ...message.facts.map(([label]) => label.length)) + 2;
  const facts = message.facts.map(([label, value]) => `${`${label}:`.padEnd(width)}${value.replaceAll('\n', `\n${' '.repeat(width)}`)}`);
  const parts = [
    message.title,
    message.text,
    facts.join('\n'),
    message.next === undefined ? '' : `Next: ${message.next}`,
    recipients.length === 0 ? '' : `For ${recipients.join(', ')}`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
