import { createTransport } from 'nodemailer';
import { errorText } from '../fault/belay-error.js';
import { SLOWEST_RETRY_MS, type Channel, type Delivery, type SendResult } from './channel.js';
import { mailOf } from './mail.js';
import type { OutboxItem } from './message.js';
import type { EmailSettings } from './notify-settings.js';
import { hasPicture, type Pictures } from './picture.js';

const CONNECT_TIMEOUT_MS = 10_000;
const SILENCE_TIMEOUT_MS = 20_000;

/** What nodemailer puts on its errors. `permanent` is absent where the server said nothing. */
interface MailFault {
  readonly code?: string | undefined;
  readonly command?: string | undefined;
  readonly permanent?: boolean | undefined;
  readonly recipient?: string | undefined;
  readonly rejectedErrors?: readonly MailFault[] | undefined;
}

/**
 * Mails to the configured addresses, or to those that a plan names. The mails of an incident form one thread, whose
 * reference holds `messageId` and `subject` of the first.
 */
export class EmailChannel implements Channel {
  readonly name: 'email' | 'customers-email';
  readonly #settings: EmailSettings;
  readonly #transport: ReturnType<typeof openTransport>;
  readonly #domain: string;
  readonly #pictures: Pictures | undefined;
  /** Addresses that have taken a mail which others of its addresses put off: the next attempt is for those others. */
  readonly #taken = new Map<string, ReadonlySet<string>>();

  /** `silenceMs`: how long the server may say nothing in the middle of a mail. */
  constructor(settings: EmailSettings, pictures?: Pictures, name: 'email' | 'customers-email' = 'email', silenceMs = SILENCE_TIMEOUT_MS) {
    this.name = name;
    this.#settings = settings;
    this.#pictures = pictures;
    this.#domain = /@([^\s>]+)/.exec(settings.from)?.[1] ?? 'belay.invalid';
    this.#transport = openTransport(settings.smtp, silenceMs);
  }

  async send({ item, thread }: Delivery): Promise<SendResult> {
    const picture = hasPicture(item.message) ? await this.#pictures?.of(item.message) : undefined;
    const cid = `${item.id}-plot@${this.#domain}`;
    const mail = mailOf(item, thread, this.#domain, picture === undefined ? undefined : { cid, alt: picture.alt });
    const addresses = this.#addressesOf(item);
    const taken = this.#taken.get(item.id) ?? new Set<string>();
    try {
      const info = await this.#transport.sendMail({
        from: this.#settings.from,
        // Customers need not know of each other.
        to: this.name === 'customers-email' ? this.#settings.from : [...addresses],
        envelope: { from: this.#settings.from, to: addresses.filter((address) => !taken.has(address)) },
        messageId: mail.messageId,
        subject: mail.subject,
        text: mail.text,
        html: mail.html,
        ...(mail.inReplyTo === undefined ? {} : { inReplyTo: mail.inReplyTo, references: mail.inReplyTo }),
        ...(picture === undefined ? {} : { attachments: [{ filename: 'breach.png', content: picture.png, contentType: 'image/png', cid, contentDisposition: 'inline' as const }] }),
        // Keeps holiday answers away.
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
      const refused: readonly MailFault[] = info.rejectedErrors ?? [];
      if (refused.some((fault) => fault.permanent !== true)) {
        const done = [...info.accepted, ...refused.filter((fault) => fault.permanent === true).flatMap((fault) => fault.recipient ?? [])];
        this.#taken.set(item.id, new Set([...taken, ...done]));
        return { kind: 'retry', error: `put off by the server for ${listOf(refused.filter((fault) => fault.permanent !== true))}` };
      }
      this.#taken.delete(item.id);
      const begins = item.message.incidentId !== undefined && item.message.kind !== 'plan-notification' && thread === undefined;
      return {
        kind: 'sent',
        // Some servers put their own Message-ID in place of ours.
        thread: begins ? { messageId: info.serverMessageId ?? mail.messageId, subject: mail.subject } : undefined,
        note: refused.length === 0 ? undefined : `refused for ${listOf(refused)}`,
      };
    } catch (error) {
      const result = failure(error);
      if (result.kind !== 'undeliverable' || taken.size === 0) return result;
      // Those who were left refuse it, and the others have it.
      this.#taken.delete(item.id);
      return { kind: 'sent', note: result.error };
    }
  }

  close(): void {
    this.#transport.close();
  }

  /** Names without an address are told in the text; where nobody has an address, the configured people get the mail, and those whom it concerns besides. */
  #addressesOf({ recipients, message, addresses }: OutboxItem): readonly string[] {
    const told = (message.tell ?? []).flatMap(({ email }) => email ?? []);
    // What a plan says goes to those whom it names, and to nobody else.
    const named = [...recipients.filter((recipient) => recipient.includes('@')), ...(message.kind === 'plan-notification' ? told : [])];
    return [...new Set(named.length > 0 ? named : [...(addresses ?? this.#settings.to), ...told])];
  }
}

function openTransport(url: string, silenceMs: number) {
  // One connection per mail: a guard mails seldom, and a kept connection is one more thing that can be half dead.
  return createTransport({
    url,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    dnsTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: silenceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

function failure(error: unknown): SendResult {
  const fault = error as MailFault;
  const text = errorText(error);
  if (fault.permanent !== true) {
    // Nodemailer found the envelope itself impossible; no server was asked.
    return fault.code === 'EENVELOPE' && fault.command === 'API' ? { kind: 'undeliverable', error: text } : { kind: 'retry', error: text };
  }
  const aboutTheMessage = fault.code === 'EMESSAGE' || (fault.code === 'EENVELOPE' && fault.command !== 'MAIL FROM');
  // A refused sender, password or connection concerns every mail, and a person can mend it.
  return aboutTheMessage ? { kind: 'undeliverable', error: text } : { kind: 'retry', error: text, afterMs: SLOWEST_RETRY_MS };
}

function listOf(faults: readonly (MailFault & { readonly message?: string })[]): string {
  return faults.map(({ recipient, message }) => `${recipient ?? 'a recipient'} (${message ?? 'no reason given'})`).join(', ');
}
