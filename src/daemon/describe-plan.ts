import { BelayError } from '../fault/belay-error.js';
import { planSummary, previewContext, stepPreview, type PlanDescription, type PlanSummary } from '../rollback/plan-description.js';
import { RollbackManager } from '../rollback/rollback-manager.js';
import { Redactor } from '../secret/redactor.js';
import { SystemSecretReader } from '../secret/system-secret-reader.js';
import { systemClock } from '../time/clock.js';
import { equipmentOf, nobody } from './equipment.js';
import { readConfig } from './read-config.js';
import { SourcePool } from './source-pool.js';

/**
 * The plans of a configuration, and what one of them would change now, without a daemon: the real state is read, and
 * nothing is written. Rejects with BelayError `config-invalid` or `plan-not-found`.
 */
export async function describePlanOf(configFile: string, planId: string | undefined): Promise<{ readonly plans: readonly PlanSummary[]; readonly described?: PlanDescription | undefined }> {
  const redactor = new Redactor();
  const config = await readConfig(configFile, redactor);
  const { plans, environment } = config;
  const getPlan = (id: string): (typeof plans)[number] | undefined => plans.find((plan) => plan.id === id);
  if (planId === undefined) return { plans: plans.map((plan) => planSummary(plan, getPlan)) };
  const plan = getPlan(planId);
  if (plan === undefined) throw new BelayError('plan-not-found', `there is no plan ${planId}`, { context: { known: plans.map(({ id }) => id) } });

  const pool = new SourcePool();
  try {
    const { sources } = pool.use(config);
    const { executors } = equipmentOf(config, { sources, clock: systemClock, people: nobody });
    const rollbacks = new RollbackManager({ secrets: new SystemSecretReader(process.env), redactor });
    for (const [type, executor] of executors) rollbacks.registerExecutor(type, executor);
    for (const declared of plans) rollbacks.registerPlan(declared);
    const planned = await rollbacks.describePlan(planId, previewContext(plan, environment, {}, 'nobody'), { tellUnresolved: true });
    return { plans: [], described: redactor.data({ ...planSummary(plan, getPlan), steps: planned.map(stepPreview) }) };
  } finally {
    await pool.close();
  }
}
