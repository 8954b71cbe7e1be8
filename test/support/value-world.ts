import { BelayError } from '../../src/fault/belay-error.js';
import type { RollbackStep } from '../../src/rollback/rollback-plan.js';
import type { RollbackStepExecutor } from '../../src/rollback/step-executor.js';

/** Values by name, which steps of the type `set` change and an undo puts back. */
export class ValueWorld {
  readonly values: Record<string, string> = { a: 'old-a', b: 'old-b', c: 'old-c' };
  readonly writes: string[] = [];
  readonly fails = new Set<string>();
  captureHangs = false;

  executor(): RollbackStepExecutor {
    const nameOf = ({ parameters }: RollbackStep): string => parameters['name'] as string;
    const write = (name: string, value: string): void => {
      this.writes.push(`${name}=${value}`);
      this.values[name] = this.fails.has(name) ? `half ${value}` : value;
      if (this.fails.has(name)) throw new Error(`${name} broke`);
    };
    const refuseDrift = (step: RollbackStep, captured: unknown, left: unknown): void => {
      const found = this.values[nameOf(step)];
      if (found !== step.parameters['to'] && found !== captured && found !== left) throw new BelayError('state-drifted', `${nameOf(step)} is ${found ?? ''}`);
    };
    return {
      execute: async (step) => write(nameOf(step), step.parameters['to'] as string),
      state: async (step) => (this.values[nameOf(step)] === step.parameters['to'] ? 'applied' : 'not-applied'),
      describe: async (step) => ({ summary: `${nameOf(step)}: ${this.values[nameOf(step)] ?? ''} → ${String(step.parameters['to'])}` }),
      capture: (step) => (this.captureHangs ? new Promise(() => undefined) : Promise.resolve(this.values[nameOf(step)])),
      undoing: (captured, left) => ({
        execute: async (step) => {
          refuseDrift(step, captured, left);
          write(nameOf(step), captured as string);
        },
        state: async (step) => (this.values[nameOf(step)] === captured ? 'applied' : 'not-applied'),
        describe: async (step) => {
          refuseDrift(step, captured, left);
          return { summary: `${nameOf(step)}: ${this.values[nameOf(step)] ?? ''} → ${String(captured)}` };
        },
      }),
    };
  }
}

export const set = (name: string): RollbackStep => ({ id: `set-${name}`, name: `Set ${name}`, description: '', type: 'set', parameters: { name, to: `new-${name}` }, timeout: 60 });
