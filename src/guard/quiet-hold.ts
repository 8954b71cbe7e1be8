import type { CheckRunner } from '../source/check.js';
import type { Clock } from '../time/clock.js';
import { askEndpoint } from './health-look.js';
import type { IncidentRecord } from './incident-record.js';
import { quietHoldMs, type TargetDeclaration } from './target-declaration.js';

export interface QuietHoldPorts {
  readonly clock: Clock;
  readonly record: IncidentRecord;
  readonly checks: CheckRunner;
}

/** Whether an incident with nothing under way has ended by itself: its alerts known to be clear for the hold, and the target healthy. */
export class QuietHold {
  readonly #ports: QuietHoldPorts;
  /** Since when every alert of the incident has been known to be clear, with nothing under way; on a clock that nobody sets. */
  #since: number | undefined;

  constructor(ports: QuietHoldPorts) {
    this.#ports = ports;
  }

  restart(): void {
    this.#since = undefined;
  }

  async isOver(declaration: TargetDeclaration, signal: AbortSignal): Promise<boolean> {
    const { clock, record, checks } = this.#ports;
    const { target } = declaration;
    const incident = record.current;
    if (incident === undefined || incident.alerts.length === 0) return false;
    const now = clock.now();
    // The clock was set back since it was opened: samples from after that look older.
    const openedAt = incident.openedAt > now ? -Infinity : incident.openedAt;
    if (!record.alertResults(openedAt, now).every((result) => result.status === 'ok')) {
      this.restart();
      return false;
    }
    const elapsedMs = clock.elapsedMs();
    this.#since ??= elapsedMs;
    return elapsedMs - this.#since >= quietHoldMs(declaration) && (!target.hasHealth || (await askEndpoint(checks, target.name, signal)) === 'ok');
  }
}
