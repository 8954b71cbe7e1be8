import type { AddressInfo } from 'node:net';
import { setTimeout as waitMs } from 'node:timers/promises';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer } from 'smtp-server';

export interface ReceivedMail extends ParsedMail {
  readonly envelopeTo: readonly string[];
}

export interface SmtpServerOptions {
  /** The answer to RCPT TO, such as `550` or `451`; by default every address is accepted. */
  readonly answerRecipient?: (address: string) => number | undefined;
  /** The answer to the message itself; `drop` closes the connection in the middle of it. */
  readonly answerMail?: () => number | 'drop' | undefined;
  /** How long it takes over each message before it answers. */
  readonly answersAfterMs?: number;
  /** Asks for this login. */
  readonly login?: { readonly user: string; readonly password: string };
  readonly port?: number;
}

/** A real SMTP server on a free loopback port that keeps what it accepts, parsed. */
export class TestSmtpServer {
  readonly mails: ReceivedMail[] = [];
  readonly #server: SMTPServer;

  private constructor(options: SmtpServerOptions) {
    this.#server = new SMTPServer({
      disabledCommands: options.login === undefined ? ['STARTTLS', 'AUTH'] : ['STARTTLS'],
      allowInsecureAuth: true,
      disableReverseLookup: true,
      logger: false,
      onAuth: ({ username, password }, _session, done) => {
        if (username === options.login?.user && password === options.login?.password) done(null, { user: username });
        else done(refusal(535, 'authentication failed'));
      },
      onRcptTo: ({ address }, _session, done) => {
        const code = options.answerRecipient?.(address);
        done(code === undefined ? null : refusal(code, `no mail for ${address}`));
      },
      onData: (stream, session, done) => {
        const answer = options.answerMail?.();
        if (answer === 'drop') {
          // The client is cut off while it waits for the answer to its message.
          stream.on('end', () => this.#dropConnections());
          stream.resume();
          return;
        }
        simpleParser(stream).then(
          async (mail) => {
            if (options.answersAfterMs !== undefined) await waitMs(options.answersAfterMs, undefined, { ref: false });
            if (answer !== undefined) {
              done(refusal(answer, 'not this message'));
              return;
            }
            this.mails.push(Object.assign(mail, { envelopeTo: session.envelope.rcptTo.map(({ address }) => address) }));
            done();
          },
          (error: unknown) => done(error as Error),
        );
      },
    });
    // Clients that go away in the middle are part of the tests.
    this.#server.on('error', () => undefined);
  }

  static async start(options: SmtpServerOptions = {}): Promise<TestSmtpServer> {
    const server = new TestSmtpServer(options);
    await new Promise<void>((resolve, reject) => {
      server.#server.server.once('error', reject);
      server.#server.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
    return server;
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.port}`;
  }

  /** The first mail to this address with this in its subject or text. */
  mailTo(address: string, words: string): ReceivedMail | undefined {
    return this.mails.find(({ envelopeTo, subject = '', text = '' }) => envelopeTo.includes(address) && `${subject}\n${text}`.includes(words));
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(resolve);
    });
  }

  #dropConnections(): void {
    for (const connection of this.#server.connections) (connection as unknown as { _socket: { destroy(): void } })._socket.destroy();
  }
}

function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}
