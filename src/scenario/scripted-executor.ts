import { BelayError } from '../fault/belay-error.js';
import type { RollbackContext, RollbackStep } from '../rollback/rollback-plan.js';
import type { RollbackStepExecutor, StepAttempt, StepDescription, StepState } from '../rollback/step-executor.js';
import type { Clock } from '../time/clock.js';
import type { StepScript } from './scenario.js';
import type { ScriptedWorld } from './scripted-world.js';

export interface ScriptedExecutorPorts {
  readonly clock: Clock;
  readonly world: ScriptedWorld;
  readonly steps: ReadonlyMap<string, StepScript>;
  /** Executors without an effect on the world, such as `wait`, which do their own work unless the scenario says otherwise. */
  readonly harmless: ReadonlyMap<string, RollbackStepExecutor>;
}

/**
 * Stands in for every executor, so that nothing outside of the process is touched: a step does what the scenario says,
 * and otherwise succeeds at once without helping. It outlives restarts, as the real world does.
 */
export class ScriptedExecutor implements RollbackStepExecutor {
  readonly #ports: ScriptedExecutorPorts;
  readonly #done = new Set<string>();

  constructor(ports: ScriptedExecutorPorts) {
    this.#ports = ports;
  }

  async execute(step: RollbackStep, context: RollbackContext, signal: AbortSignal = new AbortController().signal, attempt?: StepAttempt): Promise<void> {
    const { clock, world, steps, harmless } = this.#ports;
    signal.throwIfAborted();
    const script = steps.get(attempt?.stepKey ?? '');
    const own = harmless.get(step.type);
    if (script === undefined && own !== undefined) return own.execute(step, context, signal, attempt);
    if (script !== undefined) {
      await clock.sleepUntil(clock.now() + (script.hangs ? Infinity : script.takesMs), signal);
      if ((attempt?.number ?? 1) <= script.failures) throw new BelayError('step-failed', 'the scenario lets this step fail');
      world.change(script.sets, clock.now());
    }
    this.#done.add(stateKey(step, context));
  }

  describe(step: RollbackStep): Promise<StepDescription> {
    return Promise.resolve({ summary: `${step.type} step ${step.id}, as the scenario says` });
  }

  state(step: RollbackStep, context: RollbackContext): Promise<StepState> {
    return Promise.resolve(this.#done.has(stateKey(step, context)) ? 'applied' : 'not-applied');
  }
}

/** Steps of one incident that ask for the same find the same state. */
function stateKey({ id, type, parameters }: RollbackStep, { metadata }: RollbackContext): string {
  return JSON.stringify([metadata['incidentId'], id, type, parameters]);
}
