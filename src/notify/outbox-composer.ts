import { createHash } from 'node:crypto';
import { BelayError } from '../fault/belay-error.js';
import type { JournalEntry } from '../incident/incident-event.js';
import type { Redactor } from '../secret/redactor.js';
import type { Clock } from '../time/clock.js';
import { composeForCustomers, type CustomerRules } from './compose-customers.js';
import { composeMessages } from './compose-messages.js';
import { incidentSoFar } from './incident-reach.js';
import { type ChannelName, itemIdOn, type Message } from './message.js';
import type { NewOutboxItem, Outbox } from './outbox.js';
import { addressed, type Routing } from './routes.js';
import { WakingSleep } from '../time/waking-sleep.js';
import type { Wording } from './wording.js';

/** The journal as this stage reads it. Entries come oldest first. */
export interface JournalReader {
  entriesAfter(seq: number, limit: number): Promise<readonly JournalEntry[]>;
  entriesOfIncident(incidentId: string): Promise<readonly JournalEntry[]>;
  entriesOfExecution(executionId: string): Promise<readonly JournalEntry[]>;
}

export interface OutboxComposerPorts {
  readonly journal: JournalReader;
  readonly outbox: Outbox;
  readonly routing: Routing;
  readonly redactor: Redactor;
  readonly wording?: Wording | undefined;
  readonly customers?: (CustomerRules & { readonly channels: readonly ChannelName[] }) | undefined;
  readonly clock: Clock;
  /** Called after messages have become durable. */
  readonly enqueued: () => void;
  /** Faults that the loop gets over by itself; for the log. */
  readonly report: (error: unknown) => void;
}

const BATCH = 200;
/** A poke may be missed when another process appends; the journal is looked at anyway. */
const POLL_MS = 5_000;

/**
 * Reads the journal behind its writers and puts what people must hear into the outbox. The cursor moves in the same
 * transaction, so a crash at any moment neither loses a message nor composes one twice.
 */
export class OutboxComposer {
  readonly #ports: OutboxComposerPorts;
  readonly #sleep: WakingSleep;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(ports: OutboxComposerPorts) {
    this.#ports = ports;
    this.#sleep = new WakingSleep(ports.clock, this.#stopping.signal);
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Says that the journal has grown. */
  poke(): void {
    this.#sleep.poke();
  }

  /** Composes what the journal holds by now, so that nothing waits for the next start, and ends. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    if (this.#loop !== undefined) await this.#composeWhatIsThere();
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#composeWhatIsThere();
      await this.#sleep.until(this.#ports.clock.now() + POLL_MS);
    }
  }

  async #composeWhatIsThere(): Promise<void> {
    try {
      while (await this.#composeBatch());
    } catch (error) {
      // Another composer on the same store has been faster with these lines: its messages are in the outbox.
      if (error instanceof BelayError && error.code === 'conflict') this.#sleep.poke();
      else this.#ports.report(error);
    }
  }

  /** Whether there was anything to read. */
  async #composeBatch(): Promise<boolean> {
    const { journal, outbox } = this.#ports;
    const entries = await journal.entriesAfter(await outbox.cursor(), BATCH);
    const last = entries.at(-1);
    if (last === undefined) return false;
    const pasts = new Map<string, readonly JournalEntry[]>();
    const items: NewOutboxItem[] = [];
    for (const entry of entries) {
      const past = await this.#pastOf(entry, pasts);
      items.push(...this.#compose(entry, past).flatMap((message, index) => this.#address(message, past, entry, index)));
      items.push(...this.#forCustomers(entry, past));
    }
    await outbox.enqueueUpTo(last.seq, items);
    if (items.length > 0) this.#ports.enqueued();
    return true;
  }

  /** The incident (or the run without one) up to the line, read once per batch. */
  async #pastOf({ seq, event }: JournalEntry, pasts: Map<string, readonly JournalEntry[]>): Promise<readonly JournalEntry[]> {
    const { journal } = this.#ports;
    const incidentId = 'incidentId' in event ? event.incidentId : undefined;
    const executionId = 'executionId' in event ? event.executionId : undefined;
    const id = incidentId ?? executionId;
    if (id === undefined) return [];
    const known = pasts.get(id) ?? (await (incidentId === undefined ? journal.entriesOfExecution(id) : journal.entriesOfIncident(id)));
    pasts.set(id, known);
    return known.filter((entry) => entry.seq <= seq);
  }

  #compose(entry: JournalEntry, past: readonly JournalEntry[]): readonly Message[] {
    try {
      return composeMessages(entry, past, this.#ports.wording);
    } catch (error) {
      // One line that cannot be worded must not silence all that come after it.
      this.#ports.report(error);
      return [unworded(entry)];
    }
  }

  #forCustomers(entry: JournalEntry, past: readonly JournalEntry[]): readonly NewOutboxItem[] {
    const { customers, wording, redactor, report } = this.#ports;
    if (customers === undefined) return [];
    try {
      const message = composeForCustomers(entry, past, customers, wording);
      return message === undefined ? [] : customers.channels.map((channel) => ({ channel, message: redactor.data(message), recipients: [], createdAt: entry.event.at }));
    } catch (error) {
      // What cannot be worded for customers must not silence what people inside are told.
      report(error);
      return [];
    }
  }

  #address(message: Message, past: readonly JournalEntry[], { seq, event }: JournalEntry, index: number): readonly NewOutboxItem[] {
    const { redactor, routing } = this.#ports;
    // Of the line itself, so that composing it again gives the same ids, and fit for a Message-ID.
    const id = createHash('sha256').update(`${seq} ${index} ${JSON.stringify(event)}`).digest('hex').slice(0, 32);
    return addressed(redactor.data(message), routing, incidentSoFar(message, past)).map((to) => ({ ...to, id: itemIdOn(to.channel, id), recipients: [], createdAt: event.at }));
  }
}

function unworded({ seq, event }: JournalEntry): Message {
  const target = 'target' in event ? event.target : undefined;
  return {
    kind: 'guard',
    tone: 'bad',
    incidentId: 'incidentId' in event ? event.incidentId : undefined,
    target,
    dryRun: false,
    title: `${target === undefined ? '' : `${target}: `}${event.type}`,
    text: 'Something happened that Belay could not put into words; its journal tells it.',
    facts: [['journal line', String(seq)]],
    next: 'Look at: belay incidents',
  };
}
