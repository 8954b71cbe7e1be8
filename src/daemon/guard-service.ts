import { isOpen, type Answerer, type Approval } from '../decision/approval.js';
import { strictestMode } from '../decision/mode.js';
import { BelayError } from '../fault/belay-error.js';
import type { AlertReceiver } from '../guard/alert-receiver.js';
import { evidenceOf, windowText } from '../guard/evidence.js';
import type { Guard } from '../guard/guard.js';
import type { GuardStore } from '../guard/guard-store.js';
import type { HandStart } from '../guard/wish-by-hand.js';
import { activePauses, type Pause } from '../guard/pauses.js';
import type { ApprovalAnswerer, ApprovalAnswerRequest, ApprovalView, ChangeMark, GuardApi, IncidentFilter, IncidentSummary, PauseRequest, RollbackRequest, RollbackStart, RollbackView, SourceView, StatusView, TargetView, TriggerView, UndoRequest } from '../http/guard-api.js';
import { foldIncident, type Incident } from '../incident/incident.js';
import type { AlertMessage } from '../source/received-alert.js';
import { planSummary, previewContext, stepPreview, type PlanDescription, type PlanSummary, type StepPreview } from '../rollback/plan-description.js';
import type { RollbackManager } from '../rollback/rollback-manager.js';
import type { Clock } from '../time/clock.js';
import type { Trigger } from '../trigger/trigger.js';

export interface GuardServicePorts {
  readonly guard: Guard;
  readonly store: GuardStore;
  readonly receiver: Pick<AlertReceiver, 'receive'>;
  readonly rollbacks: Pick<RollbackManager, 'describePlan' | 'describeUndo'>;
  readonly clock: Clock;
  readonly version: string;
  readonly startedAt: number;
  readonly notReady: () => readonly string[];
  readonly configurationRefused: () => StatusView['configurationRefused'];
  readonly reload: (by: string) => Promise<void>;
}

/** The guard as the HTTP interface sees it. */
export class GuardService implements GuardApi {
  readonly #ports: GuardServicePorts;

  constructor(ports: GuardServicePorts) {
    this.#ports = ports;
  }

  notReady(): readonly string[] {
    return this.#ports.notReady();
  }

  status(): Promise<StatusView> {
    const { guard, clock, version, startedAt } = this.#ports;
    const { environment, mode, targets } = guard.declaration;
    const now = clock.now();
    return Promise.resolve({
      version,
      environment,
      mode,
      now,
      startedAt,
      targets: targets.map((target): TargetView => {
        const alerts = guard.declaration.triggers.filter((trigger) => trigger.target === target.name).flatMap(({ name }) => guard.alertsOf(name));
        const count = (state: 'inactive' | 'pending' | 'firing'): number => alerts.filter((alert) => alert.state === state).length;
        const incident = guard.openIncidents.find((open) => open.target === target.name);
        return {
          name: target.name,
          owners: target.owners,
          mode: guard.modeOf(target),
          alerts: { inactive: count('inactive'), pending: count('pending'), firing: count('firing') },
          openIncident: incident === undefined ? undefined : { id: incident.id, status: incident.status },
          paused: activePauses(guard.pauses, target.name, now).length > 0,
          ...guard.versionsOf(target.name),
        };
      }),
      sources: this.#sources(),
      approvals: guard.openIncidents.flatMap((incident) => incident.approvals.filter(isOpen).map((approval) => viewOf(approval, { incidentId: incident.id, target: incident.target }))),
      pauses: guard.pauses.filter((pause) => pause.until === undefined || pause.until > now),
      configurationRefused: this.#ports.configurationRefused(),
    });
  }

  triggers(): Promise<readonly TriggerView[]> {
    return Promise.resolve(this.#ports.guard.declaration.triggers.map((trigger) => this.#trigger(trigger)));
  }

  async incidents(filter: IncidentFilter): Promise<readonly IncidentSummary[]> {
    const ids = await this.#ports.store.incidents(filter);
    return Promise.all(
      ids.map(async (incidentId) => {
        const { id, target, environment, mode, status, openedAt, endedAt, needsHuman, resolution } = await this.incident(incidentId);
        return { id, target, environment, mode, status, openedAt, endedAt, needsHuman, resolution };
      }),
    );
  }

  async incident(id: string): Promise<Incident> {
    const incident = foldIncident(await this.#ports.store.entriesOfIncident(id));
    if (incident === undefined) throw new BelayError('not-found', `there is no incident ${id}`);
    return incident;
  }

  async rollback(executionId: string): Promise<RollbackView> {
    for (const { event } of await this.#ports.store.entriesOfExecution(executionId)) {
      if (event.type !== 'rung-started') continue;
      const incident = await this.incident(event.incidentId);
      const rung = incident.rungs.find((candidate) => candidate.executionId === executionId);
      if (rung !== undefined) return { ...rung, incidentId: incident.id, target: incident.target };
    }
    throw new BelayError('not-found', `there is no rollback ${executionId}`);
  }

  async startRollback({ what, reason, dryRun }: RollbackRequest, by: string): Promise<RollbackStart> {
    return startView(await this.#ports.guard.startByHand({ plan: 'planId' in what ? what.planId : what, by, reason, dryRun }));
  }

  async answerApproval(id: string, { decision, reason, way }: ApprovalAnswerRequest, who: ApprovalAnswerer): Promise<ApprovalView> {
    const answerer = this.#answererOf(who);
    const approval = await this.#ports.guard.answerApproval(id, answerer, { answer: decision, reason, way });
    return viewOf(approval, approval);
  }

  acknowledge(incidentId: string, by: string): Promise<void> {
    return this.#ports.guard.acknowledge(incidentId, by);
  }

  /** A token stands for the person of its name, whose groups count. */
  #answererOf(who: ApprovalAnswerer): Answerer {
    const { people = [] } = this.#ports.guard.declaration;
    if (!('slackUser' in who)) return { ...who, groups: people.find(({ name }) => name === who.name)?.groups ?? [] };
    const person = people.find(({ slack }) => slack === who.slackUser);
    if (person === undefined) throw new BelayError('forbidden', `nobody under "people" in belay.yaml is the user ${who.slackUser} of Slack`);
    return person;
  }

  cancelRollback(executionId: string): Promise<void> {
    return this.#ports.guard.cancel(executionId);
  }

  async undoRollback(executionId: string, { reason }: UndoRequest, by: string): Promise<RollbackStart> {
    return startView(await this.#ports.guard.undoByHand(executionId, by, reason));
  }

  async describeUndo(executionId: string, by: string): Promise<readonly StepPreview[]> {
    const { guard, rollbacks } = this.#ports;
    const context = { environment: guard.declaration.environment, trigger: 'manual', triggeredBy: by, metadata: {} } as const;
    return (await rollbacks.describeUndo(executionId, context)).map(stepPreview);
  }

  verifyRollback(executionId: string, by: string): Promise<{ readonly verificationId: string; readonly timeoutMs: number }> {
    return this.#ports.guard.verifyByHand(executionId, by);
  }

  plans(): Promise<readonly PlanSummary[]> {
    const { plans } = this.#ports.guard.declaration;
    return Promise.resolve(plans.map((plan) => planSummary(plan, (id) => plans.find((other) => other.id === id))));
  }

  async describePlan(planId: string, by: string): Promise<PlanDescription> {
    const { guard, rollbacks } = this.#ports;
    const { plans, environment } = guard.declaration;
    const plan = plans.find(({ id }) => id === planId);
    if (plan === undefined) throw new BelayError('plan-not-found', `Rollback plan ${planId} not found`, { context: { known: plans.map(({ id }) => id) } });
    const context = previewContext(plan, environment, plan.target === undefined ? {} : guard.rollbackPoint(plan.target), by);
    const planned = await rollbacks.describePlan(planId, context, { tellUnresolved: true });
    return { ...planSummary(plan, (id) => plans.find((other) => other.id === id)), steps: planned.map(stepPreview) };
  }

  closeIncident(id: string, reason: string, by: string): Promise<void> {
    return this.#ports.guard.closeIncident(id, by, reason);
  }

  async markChange(change: ChangeMark, by: string): Promise<void> {
    await this.#ports.guard.markChange({ ...change, by });
  }

  pause({ target, reason, forMs, now }: PauseRequest, by: string): Promise<Pause> {
    return this.#ports.guard.pause({ target, by, reason, until: forMs === undefined ? undefined : this.#ports.clock.now() + forMs, now });
  }

  resume(pauseId: string, by: string, reason?: string): Promise<void> {
    return this.#ports.guard.resume(pauseId, by, reason);
  }

  reset(target: string | undefined, by: string): Promise<void> {
    return this.#ports.guard.reset(target, by);
  }

  receiveAlerts(message: AlertMessage, sender: string): Promise<void> {
    return this.#ports.receiver.receive(message, sender);
  }

  reload(by: string): Promise<void> {
    return this.#ports.reload(by);
  }

  #sources(): readonly SourceView[] {
    const { guard } = this.#ports;
    const names = new Set(guard.declaration.triggers.map(({ source }) => source));
    return [...names].map((name) => {
      const blind = guard.watch?.blind.get(name);
      if (blind !== undefined) return { name, state: 'blind', since: blind.since, message: blind.message };
      const healths = guard.declaration.triggers.filter(({ source }) => source === name).map((trigger) => guard.watch?.sightOf(trigger.name).health);
      return { name, state: healths.includes('ok') ? 'seeing' : 'unknown' };
    });
  }

  #trigger(trigger: Trigger): TriggerView {
    const { guard } = this.#ports;
    const target = guard.declaration.targets.find(({ name }) => name === trigger.target);
    return {
      name: trigger.name,
      target: trigger.target,
      source: trigger.source,
      query: trigger.queryText,
      condition: trigger.condition.text,
      window: windowText(trigger),
      severity: trigger.severity,
      mode: strictestMode(target === undefined ? guard.declaration.mode : guard.modeOf(target), trigger.mode),
      ...(guard.watch?.sightOf(trigger.name) ?? { health: 'unknown' }),
      alerts: guard.alertsOf(trigger.name).map((alert) => {
        const { fingerprint, labels, state, health, activeAt, firedAt, lastValue } = alert;
        return { fingerprint, labels, state, health, value: evidenceOf(trigger, alert).value, valueAt: lastValue?.at, activeAt, firedAt };
      }),
    };
  }
}

function startView({ incidentId, executionId, approval }: HandStart): RollbackStart {
  if (approval === undefined) return { incidentId, executionId };
  const { id: approvalId, missing, expiresAt } = approval;
  return { incidentId, executionId, approvalId, missing, expiresAt };
}

function viewOf(approval: Approval, { incidentId, target }: { readonly incidentId: string; readonly target: string }): ApprovalView {
  const { id, purpose, planId, undoes, level, question, requestedBy, requestedAt, expiresAt, status, missing, answers } = approval;
  return { id, incidentId, target, purpose, planId, undoes, level, question, requestedBy, requestedAt, expiresAt, status, missing, answers };
}
