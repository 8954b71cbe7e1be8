import type { Config } from '../config/config.js';
import { strictestMode } from '../decision/mode.js';
import type { DrillGround, PlanDrillPorts } from '../drill/plan-drill.js';
import { BelayError } from '../fault/belay-error.js';
import type { Guard } from '../guard/guard.js';
import type { RollbackJournal } from '../rollback/rollback-journal.js';
import { RollbackManager } from '../rollback/rollback-manager.js';
import type { RollbackPlan } from '../rollback/rollback-plan.js';
import type { Redactor } from '../secret/redactor.js';
import { readSettingsFile } from '../secret/settings-file.js';
import { SystemSecretReader } from '../secret/system-secret-reader.js';
import type { CheckRunner } from '../source/check.js';
import type { Clock } from '../time/clock.js';
import { equipmentOf, silence } from './equipment.js';
import { readConfig } from './read-config.js';
import { SourcePool } from './source-pool.js';

export interface DrillGroundPorts {
  readonly guard: Guard;
  readonly checks: () => CheckRunner;
  /** The daemon's own, which only reads in a drill. */
  readonly rollbacks: RollbackManager;
  readonly journal: RollbackJournal;
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly report: (error: unknown) => void;
}

/** Where a drill of a plan is held: on the daemon's own systems, of which the state is read, or on those of another belay.yaml. */
export function drillGrounds(ports: DrillGroundPorts): PlanDrillPorts['groundOf'] {
  return ({ name, against, settings }) => (against === undefined ? Promise.resolve(ownGround(name, ports)) : otherGround(name, against, settings, ports));
}

function ownGround(planId: string, { guard, checks, rollbacks }: DrillGroundPorts): DrillGround {
  const { environment, verifications } = guard.declaration;
  const plan = planOf(planId, guard.declaration.plans);
  return {
    rollbacks,
    plan,
    environment,
    rollbackPoint: plan.target === undefined ? {} : guard.rollbackPoint(plan.target),
    dryRun: true,
    verification: verifications.get(planId),
    checks: checks(),
    gaps: [],
    close: () => Promise.resolve(),
  };
}

/** The plan as the other files have it, with their bindings. Rejects with BelayError `config-invalid` where they are not valid, or are of this very environment. */
async function otherGround(planId: string, file: string, settings: string | undefined, { guard, journal, clock, redactor, report }: DrillGroundPorts): Promise<DrillGround> {
  // Plans are shared, and what they ask by address is another there: nothing of the environment here counts then.
  const env = settings === undefined ? process.env : readSettingsFile(settings);
  const config = await readConfig(file, redactor, env);
  const { environment, plans, verifications } = config;
  if (environment === guard.declaration.environment) throw new BelayError('config-invalid', `${file} is of the environment ${environment} too, which a drill must not change: give it an environment of its own`);
  const plan = planOf(planId, plans, file);
  const pool = new SourcePool();
  const { sources } = pool.use(config);
  // What a drill tells and asks people is told at its beginning and its end; its steps leave them in peace.
  const { checks, executors } = equipmentOf(config, { sources, clock, people: silence });
  const rollbacks = new RollbackManager({ journal, clock, secrets: new SystemSecretReader(env), redactor, onBackgroundError: report });
  for (const [type, executor] of executors) rollbacks.registerExecutor(type, executor);
  for (const declared of plans) rollbacks.registerPlan(declared);
  return {
    rollbacks,
    plan,
    environment,
    // Which version is good there, nobody has said; what is good here is what would be brought back.
    rollbackPoint: plan.target === undefined ? {} : guard.rollbackPoint(plan.target),
    dryRun: modeOf(config, plan) !== 'enforce',
    verification: verifications.get(planId),
    checks,
    gaps: differences(plan, guard.declaration.plans, file),
    async close() {
      await rollbacks.drain();
      await pool.close();
    },
  };
}

function modeOf({ mode, targets }: Config, { target }: RollbackPlan): Config['mode'] {
  return strictestMode(mode, targets.find(({ name }) => name === target)?.mode);
}

function planOf(planId: string, plans: readonly RollbackPlan[], file?: string): RollbackPlan {
  const plan = plans.find(({ id }) => id === planId);
  if (plan !== undefined) return plan;
  throw new BelayError('plan-not-found', file === undefined ? `Rollback plan ${planId} not found` : `${file} has no plan ${planId}: staging and production share their plans`, { context: { known: plans.map(({ id }) => id) } });
}

/** A drill of another plan proves little. */
function differences(there: RollbackPlan, here: readonly RollbackPlan[], file: string): readonly string[] {
  const own = here.find(({ id }) => id === there.id);
  const words = (plan: RollbackPlan): string => JSON.stringify([plan.dependencies, plan.steps]);
  return own === undefined || words(own) === words(there) ? [] : [`the plan of ${file} is not the one of these files: share it, so that what is practised is what is run`];
}
