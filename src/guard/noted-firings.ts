import type { Incident } from '../incident/incident.js';
import type { Clock } from '../time/clock.js';
import type { Alert } from '../trigger/alert.js';
import type { AlertBook } from './alert-book.js';
import { evidenceOf } from './evidence.js';
import type { IncidentRecord } from './incident-record.js';
import type { TargetDeclaration } from './target-declaration.js';

export interface NotedFiringsPorts {
  readonly clock: Clock;
  readonly record: IncidentRecord;
  readonly alerts: AlertBook;
  /** The incident that a firing joins, opened now when there is none. */
  readonly open: () => Promise<Incident>;
}

/** Which firings of a target's alerts an incident knows of, so that each is written down once. */
export class NotedFirings {
  readonly #ports: NotedFiringsPorts;
  /** When each alert that an incident knows of began to fire, by fingerprint. */
  readonly #noted = new Map<string, number | undefined>();

  constructor(ports: NotedFiringsPorts) {
    this.#ports = ports;
  }

  /** Firings that an earlier incident has dealt with: they do not open another one. */
  remember({ alerts }: Incident): void {
    for (const { evidence } of alerts) this.#noted.set(evidence.fingerprint, evidence.firedAt);
  }

  /** Whether one of them has begun since the last look. */
  hasNew(firing: readonly Alert[]): boolean {
    return firing.some((alert) => this.#isNew(alert));
  }

  /** Books which alerts have begun and ceased to fire since the last look; true when one has begun. */
  async note({ triggers, target: { name } }: TargetDeclaration, firing: readonly Alert[], isRunning: () => boolean): Promise<boolean> {
    const { clock, record, alerts, open } = this.#ports;
    const begun = firing.filter((alert) => this.#isNew(alert));
    for (const alert of begun) {
      const trigger = triggers.get(alert.trigger);
      if (trigger === undefined) continue;
      const { id: incidentId, target } = await open();
      await record.append({ type: 'alert-fired', incidentId, target, at: clock.now(), evidence: evidenceOf(trigger, alert), duringRollback: isRunning() });
      this.#noted.set(alert.fingerprint, alert.firedAt);
    }
    const uncleared = (record.current?.alerts ?? []).filter(({ clearedAt }) => clearedAt === undefined);
    const known = uncleared.flatMap(({ evidence: { fingerprint } }) => alerts.find(name, fingerprint) ?? []);
    for (const alert of known) {
      if (alert.state === 'firing') continue;
      const { id: incidentId, target } = record.mustBeOpen();
      await record.append({ type: 'alert-cleared', incidentId, target, at: clock.now(), fingerprint: alert.fingerprint, trigger: alert.trigger });
    }
    return begun.length > 0;
  }

  #isNew({ fingerprint, firedAt }: Alert): boolean {
    return this.#noted.get(fingerprint) !== firedAt;
  }
}
