import type { AddressInfo } from 'node:net';
import { simpleParser, type AddressObject } from 'mailparser';
import { SMTPServer } from 'smtp-server';

/** One mail as its readers would see it. */
export interface ReceivedMail {
  readonly from: string;
  /** From the envelope: whom it was really delivered to. */
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly headers: ReadonlyMap<string, unknown>;
}

export interface SmtpSink {
  /** `smtp://127.0.0.1:port`. */
  readonly url: string;
  mails(): readonly ReceivedMail[];
  stop(): Promise<void>;
}

/** A mail server on a free loopback port that accepts everything and delivers nothing. `onMail` hears of each mail. */
export async function startSmtpSink({ onMail }: { readonly onMail?: (mail: ReceivedMail) => void } = {}): Promise<SmtpSink> {
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    onData(stream, session, done) {
      simpleParser(stream)
        .then((parsed) => {
          const mail: ReceivedMail = {
            from: addressText(parsed.from),
            to: session.envelope.rcptTo.map(({ address }) => address),
            subject: parsed.subject ?? '',
            text: parsed.text ?? '',
            headers: parsed.headers,
          };
          mails.push(mail);
          onMail?.(mail);
          done();
        })
        .catch((error: unknown) => done(error instanceof Error ? error : new Error(String(error))));
    },
  });
  // A sender that breaks off is its own affair; without a listener it would end the process.
  server.on('error', (error) => process.stderr.write(`smtp sink: ${error.message}\n`));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails: () => [...mails],
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function addressText(address: AddressObject | undefined): string {
  return address?.value[0]?.address ?? '';
}
