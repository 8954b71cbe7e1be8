import { createBackupJudge } from '../executor/data/backup-judge.js';
import { createExecutors } from '../executor/create-executors.js';
import { BelayError } from '../fault/belay-error.js';
import { runCommand } from '../process/run-command.js';
import { planSummary, previewContext, stepPreview, type PlanDescription, type PlanSummary } from '../rollback/plan-description.js';
import { RollbackManager } from '../rollback/rollback-manager.js';
import { Redactor } from '../secret/redactor.js';
import { SystemSecretReader } from '../secret/system-secret-reader.js';
import { createCheckRunner } from '../source/check-runner.js';
import { systemClock } from '../time/clock.js';
import { readConfig } from './read-config.js';
import { recoveryPoints } from './recovery-points.js';
import { SourcePool } from './source-pool.js';

/**
 * The plans of a configuration, and what one of them would change now, without a daemon: the real state is read, and
 * nothing is written. Rejects with BelayError `config-invalid` or `plan-not-found`.
 */
export async function describePlanOf(configFile: string, planId: string | undefined): Promise<{ readonly plans: readonly PlanSummary[]; readonly described?: PlanDescription | undefined }> {
  const redactor = new Redactor();
  const config = await readConfig(configFile, redactor);
  const { plans, environment, bindings, directory } = config;
  const getPlan = (id: string): (typeof plans)[number] | undefined => plans.find((plan) => plan.id === id);
  if (planId === undefined) return { plans: plans.map((plan) => planSummary(plan, getPlan)) };
  const plan = getPlan(planId);
  if (plan === undefined) throw new BelayError('plan-not-found', `there is no plan ${planId}`, { context: { known: plans.map(({ id }) => id) } });

  const pool = new SourcePool();
  try {
    const { sources } = pool.use(config);
    const recoveryPointMs = recoveryPoints(config);
    const backups = createBackupJudge({ databases: bindings.databases, directory, clock: systemClock, recoveryPointMs });
    const checkRunner = createCheckRunner({ sources, clock: systemClock, backups, runCommand: (request) => runCommand({ cwd: directory, ...request }) });
    // Nobody is told anything: only `describe` is asked.
    const refuse = (): Promise<never> => Promise.reject(new BelayError('conflict', 'nobody is told or asked while a plan is looked at'));
    const planNotifier = { enqueue: refuse };
    const approvalGate = { ask: refuse, describe: (rule: unknown): string => (typeof rule === 'string' ? rule : 'those whom the step names') };
    const rollbacks = new RollbackManager({ secrets: new SystemSecretReader(process.env), redactor });
    for (const [type, executor] of createExecutors({ bindings, directory, checkRunner, planNotifier, approvalGate, clock: systemClock, plugins: config.plugins, recoveryPointMs })) rollbacks.registerExecutor(type, executor);
    for (const declared of plans) rollbacks.registerPlan(declared);
    const planned = await rollbacks.describePlan(planId, previewContext(plan, environment, {}, 'nobody'), { tellUnresolved: true });
    return { plans: [], described: redactor.data({ ...planSummary(plan, getPlan), steps: planned.map(stepPreview) }) };
  } finally {
    await pool.close();
  }
}
