import { approvalNeed } from '../decision/approval-need.js';
import { BelayError } from '../fault/belay-error.js';
import type { Rung } from '../incident/incident.js';
import type { RollbackManager } from '../rollback/rollback-manager.js';
import type { RollbackPlan } from '../rollback/rollback-plan.js';
import type { Level } from '../trigger/trigger.js';
import type { Changes } from './changes.js';
import { declarationFor, type GuardDeclaration, mustBeDeclared, undeclaredTarget } from './guard-declaration.js';
import type { GuardStore } from './guard-store.js';
import type { GuardedTargets } from './guarded-targets.js';
import { pastRun } from './past-run.js';
import { refuseWithoutRollbackPoint } from './rollback-point-check.js';
import { governingLevel, scenariosOf } from './target-declaration.js';
import type { HandStart, WishByHand } from './wish-by-hand.js';

export interface ManualRollback {
  readonly plan: string | { readonly target: string; readonly level: Level };
  readonly by: string;
  readonly reason: string;
  /** Only reads and tells what it would do, whatever the mode. */
  readonly dryRun: boolean;
}

export interface RollbacksByHandPorts {
  readonly store: Pick<GuardStore, 'entriesOfExecution' | 'entriesOfIncident'>;
  readonly rollbacks: Pick<RollbackManager, 'mustBeUndoable'>;
  readonly declaration: () => GuardDeclaration;
  readonly targets: GuardedTargets;
  readonly changes: Changes;
}

/** Finds what people want to be run or put back, and what that takes; the guard of its target starts it. */
export class RollbacksByHand {
  readonly #ports: RollbacksByHandPorts;

  constructor(ports: RollbacksByHandPorts) {
    this.#ports = ports;
  }

  async start({ plan: wanted, by, reason, dryRun }: ManualRollback): Promise<HandStart> {
    const declaration = this.#ports.declaration();
    const plan = wantedPlan(wanted, declaration);
    const target = declaration.targets.find(({ name }) => name === plan.target);
    refuseWithoutRollbackPoint(plan, declaration.plans, target === undefined ? undefined : this.#ports.changes.factsOf(target.name));
    return this.#startOn(plan.target, plan, { by, reason, dryRun, need: needOf(plan, declaration) });
  }

  async undo(executionId: string, by: string, reason: string): Promise<HandStart> {
    const { store, rollbacks } = this.#ports;
    const declaration = this.#ports.declaration();
    const { rung, target, context } = await pastRun(store, executionId);
    const plan = declaration.plans.find(({ id }) => id === rung.planId) ?? planOfThePast(rung, target);
    await rollbacks.mustBeUndoable(executionId, { ...context, trigger: 'manual', triggeredBy: by });
    return this.#startOn(target, plan, { by, reason, dryRun: false, need: needOf(plan, declaration), undoes: executionId });
  }

  #startOn(targetName: string | undefined, plan: RollbackPlan, wish: WishByHand): Promise<HandStart> {
    const { targets } = this.#ports;
    const declaration = this.#ports.declaration();
    const target = declaration.targets.find(({ name }) => name === targetName);
    if (target !== undefined) return targets.of(target).startByHand(plan, wish);
    const lone = undeclaredTarget(plan.id);
    const guard = targets.of(lone);
    guard.declare({ ...declarationFor(lone, declaration), plans: [plan] });
    return guard.startByHand(plan, wish);
  }
}

function wantedPlan(wanted: ManualRollback['plan'], declaration: GuardDeclaration): RollbackPlan {
  const { plans } = declaration;
  if (typeof wanted === 'string') {
    const plan = plans.find(({ id }) => id === wanted);
    if (plan === undefined) throw new BelayError('plan-not-found', `Rollback plan ${wanted} not found`, { context: { known: plans.map(({ id }) => id) } });
    return plan;
  }
  mustBeDeclared(declaration, wanted.target);
  const fitting = plans.filter((plan) => plan.target === wanted.target && plan.level === wanted.level);
  const [plan] = fitting;
  if (plan === undefined) throw new BelayError('plan-not-found', `${wanted.target} has no plan of level ${wanted.level}`, { context: { known: plans.filter(({ target }) => target === wanted.target).map(({ id }) => id) } });
  if (fitting.length > 1) throw new BelayError('conflict', `${wanted.target} has several plans of level ${wanted.level}: name one of ${fitting.map(({ id }) => id).join(', ')}`);
  return plan;
}

function needOf(plan: RollbackPlan, { plans, policy }: GuardDeclaration): ReturnType<typeof approvalNeed> {
  const byId = new Map(plans.map((declared) => [declared.id, declared]));
  return approvalNeed(policy, governingLevel(plan, byId), scenariosOf(plan, byId));
}

/** As much of a plan that the files no longer declare as its undo needs. */
function planOfThePast({ planId, level }: Rung, target: string): RollbackPlan {
  return { id: planId, name: planId, description: '', phase: '', steps: [], dependencies: [], estimatedDuration: 0, target, level };
}
