import { type ChangeFacts, rollbackPointValues } from '../decision/change.js';
import { decide } from '../decision/decide.js';
import type { Decision } from '../decision/decision.js';
import type { ActivePause, DecisionInput, FiringAlert } from '../decision/decision-input.js';
import type { Impact } from '../decision/impact.js';
import { BelayError } from '../fault/belay-error.js';
import type { Incident } from '../incident/incident.js';
import type { RollbackManager } from '../rollback/rollback-manager.js';
import type { CheckRunner } from '../source/check.js';
import type { Query } from '../source/source.js';
import type { Clock } from '../time/clock.js';
import type { Alert } from '../trigger/alert.js';
import type { Recheck } from '../trigger/evaluate-trigger.js';
import { firingAlertOf, leavesToMatrix } from './firing-alert.js';
import type { Fleet } from './fleet.js';
import { climbs, lastBegun, progressOf } from './incident-progress.js';
import type { IncidentRecord } from './incident-record.js';
import { askChecks } from './run-verification.js';
import type { TargetDeclaration } from './target-declaration.js';

export interface TargetJudgePorts {
  readonly clock: Clock;
  readonly fleet: Fleet;
  readonly checks: CheckRunner;
  readonly rollbacks: Pick<RollbackManager, 'planState'>;
  readonly pauses: (target: string) => readonly ActivePause[];
  readonly changes: (target: string) => ChangeFacts;
  /** Asks the source of each alert once more, now: breaching when any of them still is. */
  readonly recheck: (alerts: readonly Alert[], signal: AbortSignal) => Promise<Recheck>;
  /** Resolves once every trigger of the target has looked at what is due by now, or could not in a moment. */
  readonly caughtUp: (target: string) => Promise<void>;
  /** Asks the source of an alert what share of the users it concerns. */
  readonly impactOf: (alert: Alert, query: Query, signal: AbortSignal) => Promise<Impact>;
}

/** What is judged: the open incident, and the alerts that fire now. */
export interface Case {
  readonly incident: Incident;
  readonly firing: readonly Alert[];
}

/** In an emergency nobody waits long to learn that there may be nothing to do. */
const READ_LIMIT_MS = 5_000;
const notAsked: Impact = { kind: 'unknown', why: 'it is asked for only when something may start' };

/** Gathers what a decision about one target takes, and asks for it. */
export class TargetJudge {
  readonly #record: IncidentRecord;
  readonly #ports: TargetJudgePorts;

  constructor(record: IncidentRecord, ports: TargetJudgePorts) {
    this.#record = record;
    this.#ports = ports;
  }

  /**
   * Decides; where it would act, the source is asked once more first. What it resolves with is to be called when it is
   * acted upon, with nothing in between: it looks at all else again then.
   */
  async judge(declaration: TargetDeclaration, { incident, firing, isBusy }: Case & { readonly isBusy: () => boolean }, signal: AbortSignal): Promise<() => Decision> {
    const alerts = await this.#firingAlerts(declaration, { incident, firing }, isBusy(), signal);
    const take = (recheck?: Recheck, alreadyThere?: boolean): Decision => decide(this.#input(declaration, incident, { alerts, isBusy: isBusy(), recheck, alreadyThere }), this.#ports.clock.now());
    const decision = take();
    if (decision.kind !== 'execute') return () => decision;
    const [recheck, alreadyThere] = await Promise.all([
      this.recheck(declaration, { incident, firing }, signal),
      this.#alreadyThere(declaration, decision, signal),
      this.#ports.caughtUp(declaration.target.name),
    ]);
    return () => take(recheck, alreadyThere);
  }

  /** A first rung asks the breaching alerts again; a higher one asks what the verification asked. */
  async recheck(declaration: TargetDeclaration, { incident, firing }: Case, signal: AbortSignal): Promise<Recheck> {
    const last = climbs(incident) ? lastBegun(incident.rungs) : undefined;
    const spec = last === undefined ? undefined : declaration.verifications.get(last.planId);
    if (spec === undefined) return this.#ports.recheck(firing, signal);
    // How the alerts stood may be old, as it is after a restart, so their sources are asked once more as well.
    const asked: Promise<Recheck> = firing.length === 0 ? Promise.resolve('clear') : this.#ports.recheck(firing, signal);
    const [checked, alerts] = await Promise.all([askChecks(spec, this.#ports.checks, signal), asked]);
    if (checked.some(({ status }) => status === 'failed') || alerts === 'breaching') return 'breaching';
    if (alerts !== 'clear') return alerts;
    return checked.every(({ status }) => status === 'ok') ? 'clear' : 'unknown';
  }

  /** Whether a plan that deploys would bring back what is there. What cannot be read hinders nothing. */
  async #alreadyThere({ rungs, environment, target }: TargetDeclaration, { planId, evidence }: Decision, signal: AbortSignal): Promise<boolean | undefined> {
    const rung = rungs.find((candidate) => candidate.planId === planId);
    if (rung?.deploys !== true) return undefined;
    const metadata = { target: target.name, labels: evidence[0]?.labels ?? {}, rollbackPoint: rollbackPointValues(this.#ports.changes(target.name).rollbackPoint) };
    try {
      const state = await this.#ports.rollbacks.planState(rung.planId, { environment, trigger: 'automatic', metadata }, { timeoutMs: READ_LIMIT_MS, signal });
      return state === 'unknown' ? undefined : state === 'applied';
    } catch (error) {
      // A plan that cannot even be read tells why when it is begun.
      if (error instanceof BelayError) return undefined;
      throw error;
    }
  }

  #input(declaration: TargetDeclaration, incident: Incident, now: Pick<DecisionInput, 'alerts' | 'recheck' | 'alreadyThere'> & { readonly isBusy: boolean }): DecisionInput {
    const { target: { name }, rungs, policy, mode } = declaration;
    const { fleet, pauses, changes, clock } = this.#ports;
    return {
      target: name,
      mode,
      alerts: now.alerts,
      plans: rungs,
      incident: { ...progressOf(incident), ...(now.isBusy ? { phase: 'rolling-back' } : {}) },
      pauses: pauses(name),
      ledger: fleet.ledger,
      running: fleet.runningBeside(name),
      policy,
      grants: this.#record.grants,
      changes: changes(name),
      flaps: fleet.flapsOf(name, clock.now() - policy.flap.perMs),
      recheck: now.recheck,
      alreadyThere: now.alreadyThere,
    };
  }

  async #firingAlerts({ triggers, mode }: TargetDeclaration, { incident, firing }: Case, isBusy: boolean, signal: AbortSignal): Promise<readonly FiringAlert[]> {
    // The ladder of an incident holds once it has begun, so the impact is asked for until then only.
    const isOpen = !isBusy && progressOf(incident).phase === 'open' && progressOf(incident).ladder === undefined;
    const alerts = await Promise.all(
      firing.map(async (alert) => {
        const trigger = triggers.get(alert.trigger);
        if (trigger === undefined) return [];
        const { impact } = trigger;
        const asked = impact?.kind !== 'asked' ? undefined : isOpen && leavesToMatrix(trigger) ? await this.#ports.impactOf(alert, impact.query, signal) : notAsked;
        return [firingAlertOf(trigger, alert, mode, asked)];
      }),
    );
    return alerts.flat();
  }
}
