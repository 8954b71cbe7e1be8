import { subjectText } from '../decision/approval.js';
import { BelayError } from '../fault/belay-error.js';
import type { Incident, IncidentApproval } from '../incident/incident.js';
import type { RollbackPlan } from '../rollback/rollback-plan.js';
import type { ApprovalDesk } from './approval-desk.js';
import type { IncidentRecord } from './incident-record.js';
import type { TargetDeclaration } from './target-declaration.js';
import type { TargetRun } from './target-run.js';
import type { HandStart, WishByHand } from './wish-by-hand.js';

export interface HandStartsPorts {
  readonly record: IncidentRecord;
  readonly desk: ApprovalDesk;
  readonly run: TargetRun;
  readonly newId: (kind: 'rollback') => string;
  /** The incident that it belongs to, opened now when there is none. */
  readonly open: () => Promise<Incident>;
}

/** Starts what people wish for on one target. It skips window, re-ask, cooldown and budget; never the lock or the approval. */
export class HandStarts {
  readonly #ports: HandStartsPorts;

  constructor(ports: HandStartsPorts) {
    this.#ports = ports;
  }

  /** Starts it, or asks those who must agree; resolves once that is durable. */
  async start(declaration: TargetDeclaration, plan: RollbackPlan, { by, reason, dryRun, need, undoes }: WishByHand): Promise<HandStart> {
    const { record, desk, run, newId, open } = this.#ports;
    run.mustBeFree('wait for it or cancel it first');
    if (undoes !== undefined && declaration.mode !== 'enforce') throw new BelayError('conflict', `${declaration.target.name} is in mode ${declaration.mode}, in which nothing is changed`);
    const executionId = newId('rollback');
    const what = subjectText({ planId: plan.id, undoes });
    const mode = dryRun ? 'dry-run' : modeByHand(declaration);
    const { id: incidentId } = await open();
    if (need !== undefined && mode === 'enforce') {
      const asked = record.mustBeOpen().approvals.find((other) => other.status === 'requested' && other.purpose !== 'step' && other.planId === plan.id && other.undoes === undoes);
      if (asked !== undefined) throw new BelayError('conflict', `${what} waits already for ${asked.missing.join(', ')}: belay approve ${asked.id}`, { context: { approvalId: asked.id } });
      const question = `${by} wants ${undoes === undefined ? `${what} to be run` : `what plan ${plan.id} has changed (${undoes}) to be put back`}: ${reason}`;
      const approval = await desk.request({ purpose: 'by-hand', planId: plan.id, level: plan.level, question, need, reason, requestedBy: by, executionId, undoes });
      return { executionId, incidentId, approval };
    }
    await run.begin({ executionId, plan, mode, trigger: 'manual', by, reason, undoes });
    return { executionId, incidentId };
  }

  /** Starts what has been agreed to. An undo, which has no dry run, is void where the mode has changed meanwhile. */
  async startAgreed(declaration: TargetDeclaration, approval: IncidentApproval): Promise<void> {
    const { desk, run, newId } = this.#ports;
    const { planId: id, level, executionId = newId('rollback'), requestedBy: by = '', reason = '', undoes } = approval;
    const mode = modeByHand(declaration);
    if (undoes !== undefined && mode !== 'enforce') await desk.voidWhere((other) => (other.id === approval.id ? 'superseded' : undefined));
    else await run.begin({ executionId, plan: { id, level }, mode, trigger: 'manual', by, reason, undoes });
  }
}

/** People want an effect; where none is allowed they see what it would be. */
function modeByHand({ mode }: TargetDeclaration): 'enforce' | 'dry-run' {
  return mode === 'enforce' ? 'enforce' : 'dry-run';
}
