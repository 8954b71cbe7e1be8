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

const colours: Readonly<Record<Message['tone'], string>> = { bad: '#d1242f', working: '#9a6700', good: '#1a7f37', neutral: '#57606a' };

/**
 * Writes a message as a mail. The mails of one incident answer its first one and keep its subject, because that is
 * what mail programs make threads of. The Message-ID comes from the outbox item: a mail that goes out twice is
 * recognised as the same.
 */
export function mailOf({ id, message, recipients }: OutboxItem, thread: ThreadReference | undefined, domain: string): Mail {
  const first = thread?.['subject'];
  const own = message.title.slice(0, LONGEST_SUBJECT);
  const subject = first === undefined || message.kind === 'plan-notification' ? own : `Re: ${first}`;
  return { messageId: `<${id}@${domain}>`, subject, text: plainText(message, recipients), html: html(message, recipients), inReplyTo: thread?.['messageId'] };
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

function html(message: Message, recipients: readonly string[]): string {
  const rows = message.facts.map(
    ([label, value]) =>
      `<tr><td style="padding:2px 12px 2px 0;color:#57606a;vertical-align:top">${escapeHtml(label)}</td><td style="padding:2px 0;white-space:pre-wrap">${escapeHtml(value)}</td></tr>`,
  );
  return [
    `<div style="font-family:sans-serif;font-size:14px;line-height:1.4;border-left:4px solid ${colours[message.tone]};padding-left:12px">`,
    `<p style="font-size:16px;font-weight:bold;margin:0 0 8px">${escapeHtml(message.title)}</p>`,
    message.text === '' ? '' : `<p style="margin:0 0 8px;white-space:pre-wrap">${escapeHtml(message.text)}</p>`,
    rows.length === 0 ? '' : `<table style="border-collapse:collapse;font-size:14px">${rows.join('')}</table>`,
    message.next === undefined ? '' : `<p style="margin:8px 0 0;white-space:pre-wrap"><b>Next:</b> ${escapeHtml(message.next)}</p>`,
    recipients.length === 0 ? '' : `<p style="margin:8px 0 0;color:#57606a">For ${escapeHtml(recipients.join(', '))}</p>`,
    '</div>',
  ].join('');
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
