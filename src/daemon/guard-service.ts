import type { Answerer } from '../decision/approval.js';
import { BelayError } from '../fault/belay-error.js';
import type { AlertReceiver } from '../guard/alert-receiver.js';
import type { Guard } from '../guard/guard.js';
import type { GuardStore } from '../guard/guard-store.js';
import type { HandStart } from '../guard/wish-by-hand.js';
import type { Pause } from '../guard/pauses.js';
import type { ApprovalAnswerer, ApprovalAnswerRequest, ApprovalView, ChangeMark, GuardApi, IncidentFilter, IncidentSummary, PauseRequest, RollbackRequest, RollbackStart, RollbackView, StatusView, TriggerSeriesView, TriggerView, UndoRequest } from '../http/guard-api.js';
import { foldIncident, type Incident } from '../incident/incident.js';
import type { AlertMessage } from '../source/received-alert.js';
import { planSummary, previewContext, stepPreview, type PlanDescription, type PlanSummary, type StepPreview } from '../rollback/plan-description.js';
import type { RollbackManager } from '../rollback/rollback-manager.js';
import type { Clock } from '../time/clock.js';
import { approvalView, pointView, type GuardViews } from './guard-views.js';
import type { SeriesMemory } from './series-memory.js';
import type { StepOutputs } from './step-outputs.js';

export interface GuardServicePorts {
  readonly guard: Guard;
  readonly store: GuardStore;
  readonly receiver: Pick<AlertReceiver, 'receive'>;
  readonly rollbacks: Pick<RollbackManager, 'describePlan' | 'describeUndo'>;
  readonly clock: Clock;
  readonly notReady: () => readonly string[];
  readonly views: GuardViews;
  readonly series: Pick<SeriesMemory, 'pointsOf'>;
  readonly outputs: Pick<StepOutputs, 'of'>;
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
    return Promise.resolve(this.#ports.views.status());
  }

  triggers(): Promise<readonly TriggerView[]> {
    return Promise.resolve(this.#ports.views.triggers());
  }

  async triggerSeries(target: string, name: string, sinceAt: number): Promise<TriggerSeriesView> {
    const { guard, series, clock } = this.#ports;
    const trigger = guard.declaration.triggers.find((declared) => declared.target === target && declared.name === name);
    if (trigger === undefined) throw new BelayError('not-found', `there is no trigger ${name} of ${target}`);
    const remembered = guard.alertsOf(name).map(({ fingerprint, labels }) => ({ fingerprint, labels, points: series.pointsOf(name, fingerprint, sinceAt).map(pointView) }));
    return Promise.resolve({ target, trigger: name, now: clock.now(), series: remembered });
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
      if (rung === undefined) continue;
      const steps = rung.steps.map((step) => ({ ...step, output: this.#ports.outputs.of(executionId, step.key) }));
      return { ...rung, steps, incidentId: incident.id, target: incident.target };
    }
    throw new BelayError('not-found', `there is no rollback ${executionId}`);
  }

  async startRollback({ what, reason, dryRun }: RollbackRequest, by: string): Promise<RollbackStart> {
    return startView(await this.#ports.guard.startByHand({ plan: 'planId' in what ? what.planId : what, by, reason, dryRun }));
  }

  async answerApproval(id: string, { decision, reason, way }: ApprovalAnswerRequest, who: ApprovalAnswerer): Promise<ApprovalView> {
    const answerer = this.#answererOf(who);
    const approval = await this.#ports.guard.answerApproval(id, answerer, { answer: decision, reason, way });
    return approvalView(approval, { id: approval.incidentId, target: approval.target });
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
}

function startView({ incidentId, executionId, approval }: HandStart): RollbackStart {
  if (approval === undefined) return { incidentId, executionId };
  const { id: approvalId, missing, expiresAt } = approval;
  return { incidentId, executionId, approvalId, missing, expiresAt };
}
