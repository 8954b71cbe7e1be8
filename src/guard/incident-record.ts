import { isGranted } from '../decision/approval.js';
import type { Grant } from '../decision/decision-input.js';
import { applyToIncident, type Incident, type Rung } from '../incident/incident.js';
import type { JournalEvent, NeedsHumanReason } from '../incident/incident-event.js';
import type { CheckResult } from '../source/check.js';
import type { Clock } from '../time/clock.js';
import type { Mode } from '../trigger/trigger.js';
import { alertResults } from '../verification/alert-results.js';
import type { AlertBook } from './alert-book.js';
import type { Fleet } from './fleet.js';

export interface IncidentRecordPorts {
  readonly clock: Clock;
  /** Durable once resolved. */
  readonly append: (events: readonly JournalEvent[]) => Promise<void>;
  readonly fleet: Fleet;
  readonly alerts: AlertBook;
  readonly newId: (kind: 'incident' | 'rollback' | 'approval') => string;
}

/** The one open incident of a target: written to the journal first, then folded. */
export class IncidentRecord {
  readonly #target: string;
  readonly #ports: IncidentRecordPorts;
  #incident: Incident | undefined;

  constructor(target: string, ports: IncidentRecordPorts) {
    this.#target = target;
    this.#ports = ports;
  }

  get current(): Incident | undefined {
    return this.#incident;
  }

  /** What people have agreed to, and has not begun. */
  get grants(): readonly Grant[] {
    return (this.#incident?.approvals ?? []).filter(isGranted).map(({ purpose, planId }) => ({ purpose, planId }));
  }

  restore(incident: Incident): void {
    this.#incident = incident;
  }

  /** The open incident, opened now when there is none. */
  async open(environment: string, mode: Mode): Promise<Incident> {
    if (this.#incident === undefined) {
      const incidentId = this.#ports.newId('incident');
      await this.append({ type: 'incident-opened', incidentId, target: this.#target, at: this.#ports.clock.now(), environment, mode });
    }
    return this.mustBeOpen();
  }

  mustBeOpen(): Incident {
    if (this.#incident === undefined) throw new TypeError(`${this.#target} has no open incident`);
    return this.#incident;
  }

  async append(event: JournalEvent): Promise<void> {
    await this.#ports.append([event]);
    this.#ports.fleet.note(event);
    this.noteDurable(event);
    if (event.type === 'incident-recovered' || event.type === 'incident-closed') this.#incident = undefined;
  }

  /** Folds an event that another part has written: those of the rollback itself. */
  noteDurable(event: JournalEvent): void {
    this.#incident = applyToIncident(this.#incident, event);
  }

  async needHuman(reason: NeedsHumanReason, explanation: string): Promise<void> {
    await this.append({ type: 'needs-human', ...this.#base(), reason, explanation });
  }

  async recovered(how: 'rolled-back' | 'by-itself', explanation: string): Promise<void> {
    await this.append({ type: 'incident-recovered', ...this.#base(), how, explanation });
  }

  async closed(by: string, reason: string): Promise<void> {
    await this.append({ type: 'incident-closed', ...this.#base(), by, reason });
  }

  rung(executionId: string): Rung | undefined {
    return this.#incident?.rungs.find((rung) => rung.executionId === executionId);
  }

  /** The incident's alerts as a round of a verification; those that begin meanwhile belong to it too. */
  alertResults(sinceAt: number, now: number): readonly CheckResult[] {
    const { alerts } = this.#ports;
    const watched = (this.#incident?.alerts ?? []).map(({ evidence: { fingerprint, trigger } }) => ({ fingerprint, trigger, alert: alerts.find(this.#target, fingerprint) }));
    return alertResults(watched, sinceAt, now);
  }

  #base(): { readonly incidentId: string; readonly target: string; readonly at: number } {
    return { incidentId: this.mustBeOpen().id, target: this.#target, at: this.#ports.clock.now() };
  }
}
