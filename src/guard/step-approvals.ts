import { isGranted, outcomeText } from '../decision/approval.js';
import { approvalNeed, needText, type ApprovalPolicy, type ApprovalNeed, type Approvals } from '../decision/approval-need.js';
import type { ApprovalGate, StepQuestion } from '../executor/steps/approval-gate.js';
import { BelayError } from '../fault/belay-error.js';
import type { Level } from '../trigger/trigger.js';
import type { Guard } from './guard.js';

/** Lets the steps of plans ask on the incident of their rollback. */
export class StepApprovals implements ApprovalGate {
  readonly #guard: () => Pick<Guard, 'ask' | 'declaration'>;

  constructor(guard: () => Pick<Guard, 'ask' | 'declaration'>) {
    this.#guard = guard;
  }

  async ask({ executionId, stepKey, message, rule, context }: StepQuestion, signal: AbortSignal): Promise<void> {
    const { target, level } = context.metadata as { readonly target?: string; readonly level?: Level };
    const requestedBy = context.trigger === 'manual' ? context.triggeredBy : undefined;
    const planId = stepKey.split('/')[0] ?? '';
    const ended = await this.#guard().ask(target ?? '', { purpose: 'step', planId, level, question: message, need: this.#needOf(rule), requestedBy, executionId, stepKey }, signal);
    if (!isGranted(ended)) throw new BelayError('step-failed', outcomeText(ended), { context: { approvalId: ended.id, status: ended.status } });
  }

  describe(rule: string | ApprovalPolicy): string {
    return needText(this.#needOf(rule));
  }

  #needOf(rule: string | ApprovalPolicy): ApprovalNeed {
    const [name, approvals]: [string, Approvals] = typeof rule === 'string' ? [rule, this.#guard().declaration.policy.approvals ?? {}] : ['step', { step: rule }];
    const need = approvalNeed({ maxAutoLevel: 5, approvals }, undefined, [name]);
    if (need === undefined) throw new BelayError('parameter-invalid', `the approval ${name} asks nobody`);
    return need;
  }
}
