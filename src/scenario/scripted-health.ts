import type { Config } from '../config/config.js';
import { HEALTH_SOURCE } from '../source/health-source.js';
import { errorObservation, valueObservation } from '../source/observation.js';
import { noteProbe, unsuspicious } from '../source/shared-fate.js';
import type { Source } from '../source/source.js';
import type { Clock } from '../time/clock.js';
import type { HealthWord } from './scenario.js';
import type { ScriptedWorld } from './scripted-world.js';

/**
 * Stands in for the targets' health endpoints. As the real one, it suspects blindness where so many
 * turn down at once. A target that the scenario says nothing of is unknown, never well.
 */
export function createScriptedHealth({ health: settings, sharedFate: rule }: Pick<Config, 'health' | 'sharedFate'>, world: ScriptedWorld, clock: Clock): Source {
  const watch = { targetCount: settings.length, intervalMs: Math.max(0, ...settings.map(({ intervalMs }) => intervalMs)), rule };
  let fate = unsuspicious;

  function probeAll(at: number): void {
    for (const { target } of settings) {
      const word = world.health(target, at);
      if (word !== undefined && word !== 'error') fate = noteProbe(fate, { target, at, up: word === 'up' }, watch);
    }
  }

  return {
    name: HEALTH_SOURCE,
    intervalMs: Math.min(...settings.map(({ intervalMs }) => intervalMs), Number.MAX_SAFE_INTEGER),

    async observe(query, at, signal) {
      signal.throwIfAborted();
      const target = query.kind === 'health' ? query.target : '';
      const own = settings.find((health) => health.target === target);
      if (own === undefined) return errorObservation(at, 'query-refused', `${target} has no health endpoint`);
      const error = world.error(HEALTH_SOURCE, clock.now());
      if (error !== 'ok') return errorObservation(at, error, `health fails in the scenario (${error})`);
      const word = world.health(target, at);
      if (word === undefined) return errorObservation(at, 'our-side', `the scenario does not say how healthy ${target} is: write health: { ${target}: up }`);
      if (word === 'timeout') await clock.sleepUntil(clock.now() + own.timeoutMs, signal);
      probeAll(at);
      if (word === 'error') return errorObservation(at, 'our-side', 'the scenario lets the probe itself fail');
      if (fate.fallen !== undefined) {
        return errorObservation(at, 'shared-fate', `${fate.fallen.size} of ${settings.length} targets turned down together, so the fault is suspected on our side until one of them answers again`);
      }
      return word === 'up' ? valueObservation(at, 1) : valueObservation(at, 0, [downWords[word]]);
    },

    close: () => Promise.resolve(),
  };
}

const downWords = { down: 'unhealthy, as the scenario says', refused: 'connection refused', timeout: 'no answer in time' } as const satisfies Record<Exclude<HealthWord, 'up' | 'error'>, string>;
