import type { CheckResult, CheckRunner } from '../source/check.js';
import type { Clock } from '../time/clock.js';
import type { ScriptedWorld } from './scripted-world.js';

/**
 * Checks as the scenario writes them down; all others ask the scripted sources, through the product's own runner. What
 * would leave the process is not asked: without a word in the scenario its answer is unknown.
 */
export function scriptedChecks(world: ScriptedWorld, clock: Clock, own: CheckRunner): CheckRunner {
  return {
    run(check, signal) {
      signal.throwIfAborted();
      const at = clock.now();
      const answer = (status: CheckResult['status'], detail: string): Promise<CheckResult> => Promise.resolve({ name: check.name, status, at, detail });
      const written = world.check(check.name, at);
      if (written !== undefined) return answer(written, 'as the scenario says');
      if (check.type === 'http' || check.type === 'command') return answer('unknown', `the scenario does not say how it ends: write checks: { ${check.name}: ok }`);
      return own.run(check, signal);
    },
  };
}
