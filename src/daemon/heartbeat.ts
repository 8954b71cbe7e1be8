import type { HeartbeatSettings } from '../config/config.js';
import type { HttpClient } from '../source/http-client.js';
import type { Clock } from '../time/clock.js';

/** `withheld`: not sent, because the daemon could not see or act. */
export type HeartbeatOutcome = 'sent' | 'failed' | 'withheld';

export interface HeartbeatPorts {
  readonly clock: Clock;
  readonly http: HttpClient;
  /** As the configuration is now; absent where nobody is told. */
  readonly settings: () => HeartbeatSettings | undefined;
  /** What keeps the daemon from seeing or acting; empty while nothing does. */
  readonly notReady: () => readonly string[];
  readonly beaten: (outcome: HeartbeatOutcome) => void;
  /** Hears that the watchdog cannot be reached, once until it can. */
  readonly failed: (message: string) => void;
}

/** How often it is looked whether there is a watchdog by now. */
const WITHOUT_ONE_MS = 60_000;

/**
 * Tells a watchdog outside, again and again, that somebody is on guard. A daemon that cannot see or act keeps silent as
 * a dead one does, so that the watchdog calls people for both.
 */
export class Heartbeat {
  readonly #ports: HeartbeatPorts;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;
  #hasFailed = false;

  constructor(ports: HeartbeatPorts) {
    this.#ports = ports;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    this.#ports.http.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#beatAndRest().catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  async #beatAndRest(): Promise<void> {
    const { clock, settings } = this.#ports;
    const now = settings();
    const nextMs = clock.elapsedMs() + (now?.everyMs ?? WITHOUT_ONE_MS);
    if (now !== undefined) await this.#beat(now);
    await clock.sleepUntil(clock.now() + nextMs - clock.elapsedMs(), this.#stopping.signal);
  }

  async #beat({ url, headers, timeoutMs }: HeartbeatSettings): Promise<void> {
    const { http, notReady, beaten, failed } = this.#ports;
    if (notReady().length > 0) {
      beaten('withheld');
      return;
    }
    const answer = await http.ask({ method: 'GET', url, headers, timeoutMs }, this.#stopping.signal);
    const isHeard = answer.kind === 'answer' && answer.status < 300;
    beaten(isHeard ? 'sent' : 'failed');
    if (!isHeard && !this.#hasFailed) failed(answer.kind === 'answer' ? `it answered with HTTP ${answer.status}` : answer.message);
    this.#hasFailed = !isHeard;
  }
}
