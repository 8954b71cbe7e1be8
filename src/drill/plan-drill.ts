import { askChecks, runVerification } from '../guard/run-verification.js';
import type { DrillStep } from '../incident/drill-event.js';
import type { JournalEntry } from '../incident/incident-event.js';
import { previewContext } from '../rollback/plan-description.js';
import type { RollbackManager } from '../rollback/rollback-manager.js';
import type { RollbackContext, RollbackPlan } from '../rollback/rollback-plan.js';
import type { CheckRunner } from '../source/check.js';
import type { Clock } from '../time/clock.js';
import type { VerificationSpec } from '../verification/verification.js';
import type { Drill } from './drill.js';
import { type DrillPerformer, type DrillTask, timedStep } from './drill-performer.js';
import { stepsOfRun } from './drill-steps.js';

/** Where a plan is practised: on the systems of the daemon's own files, of which only the state is read, or for real on those of other files. */
export interface DrillGround {
  readonly rollbacks: Pick<RollbackManager, 'executeRollback' | 'resume'>;
  readonly plan: RollbackPlan;
  readonly environment: string;
  readonly rollbackPoint: Readonly<Record<string, unknown>>;
  readonly dryRun: boolean;
  readonly verification?: VerificationSpec | undefined;
  readonly checks: CheckRunner;
  /** What is otherwise there than it should be. */
  readonly gaps: readonly string[];
  /** Releases what was opened for it. */
  close(): Promise<void>;
}

/** What is practised, and where. */
export type DrillPlace = Pick<Drill, 'name' | 'against' | 'settings'>;

export interface PlanDrillPorts {
  readonly clock: Clock;
  readonly entriesOfExecution: (executionId: string) => Promise<readonly JournalEntry[]>;
  /** Rejects where it cannot be reached, such as another belay.yaml that is not valid. */
  readonly groundOf: (drill: DrillPlace) => Promise<DrillGround>;
}

/** Runs a plan as a rollback does, step by step, and looks whether its verification could be asked. */
export function planDrill({ clock, entriesOfExecution, groundOf }: PlanDrillPorts): DrillPerformer {
  return async (drill, task) => {
    const ground = await groundOf(drill);
    try {
      const { error } = await ground.rollbacks.executeRollback(drill.name, contextOf(drill, ground, task), { executionId: task.executionId, dryRun: ground.dryRun, signal: task.signal });
      task.signal.throwIfAborted();
      const steps = stepsOfRun(await entriesOfExecution(task.executionId));
      const isWell = steps.every(({ status }) => status === 'ok' || status === 'skipped');
      // A plan whose step failed is verified in earnest too; in a drill that only hides what is to be mended.
      const verified = ground.verification === undefined || !isWell ? [] : await verify(ground, ground.verification, clock, task);
      return { steps: [...steps, ...verified], gaps: ground.gaps, ...(isWell || steps.some(({ status }) => status === 'failed') ? {} : { failure: error ?? 'the plan did not reach its end' }) };
    } finally {
      await ground.close();
    }
  };
}

/** Ends what a run left behind in which Belay died: what its attempt left running is ended, and nothing further begins. */
export async function settleInterrupted(groundOf: PlanDrillPorts['groundOf'], drill: DrillPlace, executionId: string): Promise<void> {
  const ground = await groundOf(drill);
  try {
    await ground.rollbacks.resume(executionId, { signal: AbortSignal.abort(new Error('Belay died in the drill')) });
  } finally {
    await ground.close();
  }
}

/** A drill practises what happens unattended. */
function contextOf(drill: Drill, { plan, environment, rollbackPoint }: DrillGround, { executionId, by }: DrillTask): RollbackContext {
  const { metadata, ...context } = previewContext(plan, environment, rollbackPoint, by);
  return { ...context, trigger: 'automatic', metadata: { ...metadata, executionId, reason: 'a drill', labels: drill.labels } };
}

async function verify({ dryRun, checks }: DrillGround, spec: VerificationSpec, clock: Clock, { signal }: DrillTask): Promise<readonly DrillStep[]> {
  if (spec.checks.length === 0) return [];
  if (!dryRun) {
    return [
      await timedStep(clock, 'verification', spec.timeoutMs, signal, async () => {
        const { outcome, explanation } = await runVerification(spec, { clock, checks, alerts: () => [] }, signal);
        if (outcome !== 'recovered') throw new Error(`${outcome}: ${explanation}`);
        return explanation;
      }),
    ];
  }
  // Nothing was changed, so that only whether the checks can be asked says something.
  return [
    await timedStep(clock, 'verification can be asked', spec.timeoutMs, signal, async () => {
      const results = await askChecks(spec, checks, signal);
      const mute = results.filter(({ status }) => status === 'error' || status === 'unknown');
      if (mute.length > 0) throw new Error(mute.map(({ name, detail }) => `check ${name} gives no answer: ${detail}`).join('; '));
      return results.map(({ name, status }) => `${name}: ${status}`).join(', ');
    }),
  ];
}
