import type { Decision } from '../decision/decision.js';
import type { Incident } from '../incident/incident.js';
import type { NeedsHumanReason } from '../incident/incident-event.js';
import type { RollbackContext } from '../rollback/rollback-plan.js';
import type { RollbackManager } from '../rollback/rollback-manager.js';
import type { Clock } from '../time/clock.js';
import type { Alert } from '../trigger/alert.js';
import type { ApprovalDesk } from './approval-desk.js';
import { noLongerAsked, questionOf } from './approval-question.js';
import type { IncidentRecord } from './incident-record.js';
import type { ContextRung } from './rollback-context.js';
import type { TargetDeclaration } from './target-declaration.js';
import type { TargetJudge } from './target-judge.js';
import type { TargetRun } from './target-run.js';
import { wouldDo } from './would-do.js';

export interface AutomaticResponsePorts {
  readonly clock: Clock;
  readonly record: IncidentRecord;
  readonly judge: TargetJudge;
  readonly desk: ApprovalDesk;
  readonly run: TargetRun;
  readonly rollbacks: Pick<RollbackManager, 'describePlan'>;
  readonly contextOf: (rung: ContextRung) => RollbackContext;
  readonly newId: (kind: 'rollback') => string;
  readonly stopping: AbortSignal;
}

export interface WhatFires {
  readonly firing: readonly Alert[];
  readonly newlyFiring: boolean;
  readonly isOvertaken: () => boolean;
}

/** Asks for a decision about what fires, writes down what is new of it, and does what it says. */
export class AutomaticResponse {
  readonly #ports: AutomaticResponsePorts;

  constructor(ports: AutomaticResponsePorts) {
    this.#ports = ports;
  }

  /**
   * `newlyFiring`: an alert has begun to fire; where its trigger has not fired before, even an old decision is news.
   * `isOvertaken` says just before something starts whether it is to be looked at once more instead; resolves with true
   * then, and nothing was done.
   */
  async respond(declaration: TargetDeclaration, incident: Incident, { firing, newlyFiring, isOvertaken }: WhatFires): Promise<boolean> {
    const { record, judge, desk, run, newId, stopping } = this.#ports;
    const decide = await judge.judge(declaration, { incident, firing, isBusy: () => run.isUnderWay }, stopping);
    const decision = decide();
    const note = async (): Promise<void> => {
      const last = incident.decisions.at(-1);
      if (isNews(last, decision) || (newlyFiring && speaksOfMore(last, decision))) await this.#write(incident, decision);
    };
    const plan = decision.kind === 'execute' ? declaration.plans.find(({ id }) => id === decision.planId) : undefined;
    if (plan !== undefined) {
      const executionId = newId('rollback');
      if (isOvertaken()) return true;
      await run.begin({ executionId, plan, mode: decision.mode, trigger: 'automatic', by: triggersOf(decision), reason: decision.explanation }, note);
      return false;
    }
    await note();
    await desk.voidWhere((approval) => noLongerAsked(approval, decision));
    const question = questionOf(decision);
    if (question !== undefined && !record.grants.some(({ purpose, planId }) => purpose === question.purpose && planId === question.planId)) await desk.request(question);
    if (decision.needsHuman && decision.reason !== 'needs-human') await record.needHuman(decision.reason as NeedsHumanReason, decision.explanation);
    return false;
  }

  async #write({ id: incidentId, target }: Incident, decision: Decision): Promise<void> {
    const told = decision.reason === 'monitor-only' ? await this.#withWhatItWouldDo(decision) : decision;
    await this.#ports.record.append({ type: 'decision-made', incidentId, target, at: decision.at, decision: told });
  }

  async #withWhatItWouldDo(decision: Decision): Promise<Decision> {
    const { planId, level, explanation: reason } = decision;
    if (planId === undefined) return decision;
    const context = this.#ports.contextOf({ trigger: 'automatic', by: triggersOf(decision), level, reason });
    return { ...decision, wouldDo: await wouldDo(planId, context, this.#ports) };
  }
}

/**
 * Whether a decision is about a trigger that the one before was not about. One more alert of the same trigger stands on
 * the incident as it is; thousands of them must not each write down a decision that carries all of them.
 */
function speaksOfMore(last: Decision | undefined, { evidence }: Decision): boolean {
  const known = new Set(last?.evidence.map(({ trigger }) => trigger));
  return evidence.some(({ trigger }) => !known.has(trigger));
}

function triggersOf({ evidence }: Decision): string {
  return [...new Set(evidence.map(({ trigger }) => trigger))].join(', ') || 'verification';
}

/** Whether a decision says something that the one before did not. That Belay is busy, or waits, is news to a new alert only. */
function isNews(last: Decision | undefined, next: Decision): boolean {
  if (next.reason === 'rollback-in-progress' || next.reason === 'needs-human') return false;
  if (last === undefined) return true;
  const isSameLadder = last.ladder?.from === next.ladder?.from && last.ladder?.to === next.ladder?.to;
  return !isSameLadder || last.kind !== next.kind || last.reason !== next.reason || last.level !== next.level || last.planId !== next.planId || last.mode !== next.mode;
}
