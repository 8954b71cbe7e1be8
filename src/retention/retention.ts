import { setImmediate as otherWork } from 'node:timers/promises';
import type { GuardStore } from '../guard/guard-store.js';
import type { Clock } from '../time/clock.js';
import { type CronSchedule, nextAt } from '../time/cron-schedule.js';
import { JournalCompaction, type Compaction, type CompactionPorts } from './journal-compaction.js';

export interface RetentionSettings {
  /** How long incidents are kept after their end, with all that the journal says of that time. */
  readonly incidentsMs: number;
  /** How long messages are kept that Alertmanagers sent, or that went out. */
  readonly samplesMs: number;
}

export interface RetentionPorts extends CompactionPorts {
  readonly clock: Clock;
  readonly journal: CompactionPorts['journal'] & Pick<GuardStore, 'append'>;
  /** As the configuration is now. */
  readonly settings: () => RetentionSettings;
  /** Hears of what is gone, so that memory lets go of it too. `before`: what ended before it is gone. */
  readonly compacted: (compaction: Compaction, before: number) => void;
}

/** Once a night, at an hour and a minute at which little else is planned; and soon after every start. */
const NIGHTLY: CronSchedule = { cron: '17 3 * * *', timezone: 'UTC' };
const AFTER_START_MS = 60_000;
/** A clock that is set forward, and a machine that slept, must not put a night off until the next one. */
const LOOK_EVERY_MS = 10_000;
const ROWS_AT_ONCE = 500;

/** Keeps the store from growing for ever: removes what is older than the files want it kept. */
export class Retention {
  readonly #ports: RetentionPorts;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(ports: RetentionPorts) {
    this.#ports = ports;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Resolves once nothing more is being removed; what is left is for the next run. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  /** One run, now. */
  async runOnce(): Promise<void> {
    const { clock, settings, journal, compacted, store } = this.#ports;
    const { signal } = this.#stopping;
    const now = clock.now();
    const { incidentsMs, samplesMs } = settings();
    const before = now - incidentsMs;
    const compaction = await new JournalCompaction(this.#ports, { now, before }, signal).run();
    compacted(compaction, before);
    if (compaction.lines > 0) await journal.append([{ type: 'journal-compacted', at: now, before, incidents: compaction.incidents.length, lines: compaction.lines }]);
    await this.#whileAny(() => store.removeSettledMessages(now - samplesMs, ROWS_AT_ONCE));
    await this.#whileAny(() => store.removeReceivedMessages(now - samplesMs, ROWS_AT_ONCE));
  }

  async #run(): Promise<void> {
    const { clock, report } = this.#ports;
    const { signal } = this.#stopping;
    let at = clock.now() + AFTER_START_MS;
    while (!signal.aborted) {
      await this.#runAt(at).catch((error: unknown) => {
        // Tomorrow is another night; a store that takes nothing is told of elsewhere.
        if (!signal.aborted) report(error, { doing: 'retention' });
      });
      at = nextAt(NIGHTLY, clock.now()) ?? Infinity;
    }
  }

  async #runAt(at: number): Promise<void> {
    const { clock } = this.#ports;
    while (clock.now() < at) await clock.sleepUntil(Math.min(at, clock.now() + LOOK_EVERY_MS), this.#stopping.signal);
    await this.runOnce();
  }

  async #whileAny(remove: () => Promise<number>): Promise<void> {
    while ((await remove()) === ROWS_AT_ONCE) {
      await otherWork();
      this.#stopping.signal.throwIfAborted();
    }
  }
}
