import { RollbackManager, type RollbackManagerOptions } from '../rollback/rollback-manager.js';
import { ExecutionJournal } from './execution-journal.js';
import type { Eyes } from './eyes.js';
import { Guard, type GuardPorts } from './guard.js';
import type { GuardDeclaration } from './guard-declaration.js';
import { StepApprovals } from './step-approvals.js';
import { patientStore } from './until-written.js';

/** What is made with the guard, and what its executors are made with. */
export interface GuardTools {
  readonly rollbacks: RollbackManager;
  /** How steps of plans ask people. */
  readonly approvalGate: StepApprovals;
}

export interface ComposedGuardPorts extends Omit<GuardPorts, 'rollbacks'>, Pick<RollbackManagerOptions, 'random' | 'secrets' | 'redactor' | 'onOutput'> {
  /** Aborts when Belay stops: until then, what a rollback writes down waits for a store that takes nothing. */
  readonly giveUp: AbortSignal;
}

/**
 * A guard with the rollbacks that it runs: they write into its journal, it hears of what they write, and their steps ask
 * people through it. `equip` registers the executors and makes what the declaration is watched with.
 */
export function composeGuard(declaration: GuardDeclaration, equip: (tools: GuardTools) => Eyes, ports: ComposedGuardPorts): GuardTools & { readonly guard: Guard } {
  const { clock, store, report, giveUp, random, secrets, redactor, onOutput } = ports;
  const written = patientStore(store, { clock, report: (error) => report(error, {}), giveUp });
  const journal = new ExecutionJournal(written, (event) => guard.noteRollbackEvent(event));
  const rollbacks = new RollbackManager({
    journal,
    clock,
    onBackgroundError: (error) => report(error, {}),
    onOutput,
    ...(random === undefined ? {} : { random }),
    ...(secrets === undefined ? {} : { secrets }),
    ...(redactor === undefined ? {} : { redactor }),
  });
  const tools: GuardTools = { rollbacks, approvalGate: new StepApprovals(() => guard) };
  const eyes = equip(tools);
  for (const plan of declaration.plans) rollbacks.registerPlan(plan);
  const guard: Guard = new Guard(declaration, eyes, { ...ports, rollbacks });
  return { ...tools, guard };
}
