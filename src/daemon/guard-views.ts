import { isOpen } from '../decision/approval.js';
import { strictestMode } from '../decision/mode.js';
import { evidenceOf, windowText } from '../guard/evidence.js';
import type { Guard } from '../guard/guard.js';
import type { GuardDeclaration } from '../guard/guard-declaration.js';
import { activePauses } from '../guard/pauses.js';
import type { AlertView, ApprovalView, PointView, SourceView, StatusView, StoreView, TargetView, TriggerView } from '../http/guard-api.js';
import type { Incident, IncidentApproval } from '../incident/incident.js';
import type { ChannelState } from '../notify/channel-watch.js';
import type { Clock } from '../time/clock.js';
import type { Alert, RecentSample } from '../trigger/alert.js';
import { windowFill } from '../trigger/window-fill.js';
import type { Mode, Trigger } from '../trigger/trigger.js';

export interface GuardViewsPorts {
  readonly guard: Guard;
  readonly clock: Clock;
  readonly version: string;
  readonly startedAt: number;
  readonly notReady: () => readonly string[];
  readonly channels: () => readonly ChannelState[];
  readonly storeState: () => StoreView;
  readonly drills: () => StatusView['drills'];
  readonly configurationRefused: () => StatusView['configurationRefused'];
}

/** What a declaration is looked up by. */
interface Index {
  readonly of: GuardDeclaration;
  readonly triggers: ReadonlyMap<string, Trigger>;
  readonly modes: ReadonlyMap<string, Mode>;
}

/** What people are shown of the guard as it is now, from memory alone. */
export class GuardViews {
  readonly #ports: GuardViewsPorts;
  #index: Index | undefined;

  constructor(ports: GuardViewsPorts) {
    this.#ports = ports;
  }

  status(): StatusView {
    const { guard, channels, clock, version, startedAt, notReady, storeState, drills, configurationRefused } = this.#ports;
    const { environment, mode, targets } = guard.declaration;
    const now = clock.now();
    const open = guard.openIncidents;
    const incidents = new Map(open.map((incident) => [incident.target, incident]));
    return {
      version,
      environment,
      mode,
      now,
      startedAt,
      targets: targets.map((target): TargetView => {
        const incident = incidents.get(target.name);
        return {
          name: target.name,
          owners: target.owners,
          mode: guard.modeOf(target),
          alerts: guard.alertCountsOf(target.name),
          openIncident: incident === undefined ? undefined : { id: incident.id, status: incident.status },
          paused: activePauses(guard.pauses, target.name, now).length > 0,
          ...guard.versionsOf(target.name),
        };
      }),
      sources: this.#sources(),
      approvals: open.flatMap((incident) => incident.approvals.filter(isOpen).map((approval) => approvalView(approval, incident))),
      channels: channels().map(({ channel: name, failingSince: since, error, isDead }) => ({ name, state: isDead ? 'dead' : since === undefined ? 'working' : 'failing', since, error })),
      pauses: guard.pauses.filter((pause) => pause.until === undefined || pause.until > now),
      notReady: notReady(),
      store: storeState(),
      drills: drills(),
      configurationRefused: configurationRefused(),
    };
  }

  triggers(): readonly TriggerView[] {
    return this.#ports.guard.declaration.triggers.map((trigger) => this.#trigger(trigger));
  }

  /** `undefined` for one that the files do not declare. */
  trigger(name: string): TriggerView | undefined {
    const trigger = this.#indexed().triggers.get(name);
    return trigger === undefined ? undefined : this.#trigger(trigger);
  }

  #sources(): readonly SourceView[] {
    const { guard } = this.#ports;
    const names = new Set(guard.declaration.triggers.map(({ source }) => source));
    const blindSources = guard.watch?.blind;
    return [...names].map((name) => {
      const blind = blindSources?.get(name);
      if (blind !== undefined) return { name, state: 'blind', since: blind.since, message: blind.message };
      const sees = guard.declaration.triggers.some((trigger) => trigger.source === name && guard.watch?.sightOf(trigger.name).health === 'ok');
      return { name, state: sees ? 'seeing' : 'unknown' };
    });
  }

  #trigger(trigger: Trigger): TriggerView {
    const { guard } = this.#ports;
    const { condition, clearCondition } = trigger;
    return {
      name: trigger.name,
      target: trigger.target,
      source: trigger.source,
      query: trigger.queryText,
      condition: condition.text,
      threshold: {
        comparison: condition.comparison,
        value: condition.threshold,
        unit: condition.unit,
        clear: clearCondition === undefined ? undefined : { comparison: clearCondition.comparison, value: clearCondition.threshold },
      },
      window: windowText(trigger),
      severity: trigger.severity,
      mode: strictestMode(this.#indexed().modes.get(trigger.target) ?? guard.declaration.mode, trigger.mode),
      ...(guard.watch?.sightOf(trigger.name) ?? { health: 'unknown' }),
      alerts: guard.alertsOf(trigger.name).map((alert) => alertView(trigger, alert)),
    };
  }

  #indexed(): Index {
    const { guard } = this.#ports;
    const of = guard.declaration;
    if (this.#index?.of !== of) {
      this.#index = { of, triggers: new Map(of.triggers.map((trigger) => [trigger.name, trigger])), modes: new Map(of.targets.map((target) => [target.name, guard.modeOf(target)])) };
    }
    return this.#index;
  }
}

export function approvalView(approval: IncidentApproval, { id: incidentId, target }: Pick<Incident, 'id' | 'target'>): ApprovalView {
  const { id, purpose, planId, undoes, level, question, requestedBy, requestedAt, expiresAt, status, missing, answers } = approval;
  return { id, incidentId, target, purpose, planId, undoes, level, question, requestedBy, requestedAt, expiresAt, status, missing, answers };
}

/** Infinity is a value, and no number that JSON or a plot has. */
export function pointView(sample: RecentSample): PointView {
  if ('unknown' in sample || Number.isFinite(sample.value)) return sample;
  return { at: sample.at, unknown: sample.value > 0 ? '+Inf' : '-Inf' };
}

function alertView(trigger: Trigger, alert: Alert): AlertView {
  const { fingerprint, labels, state, health, activeAt, firedAt, lastValue, recent } = alert;
  const newest = recent?.at(-1);
  return {
    fingerprint,
    labels,
    state,
    health,
    value: evidenceOf(trigger, alert).value,
    valueAt: lastValue?.at,
    point: newest === undefined ? undefined : pointView(newest),
    windowProgress: windowFill(trigger, alert),
    activeAt,
    firedAt,
  };
}
