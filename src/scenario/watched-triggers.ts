import type { Config } from '../config/config.js';
import { matchesAlert } from '../source/alert-match.js';
import { HEALTH_SOURCE } from '../source/health-source.js';
import { metricsOf } from '../source/signal-window.js';
import type { Trigger } from '../trigger/trigger.js';
import type { Scenario } from './scenario.js';
import { queryKey } from './scripted-world.js';

/**
 * The triggers that a scenario is about: those whose answers it writes down. The others are not watched in it, since
 * silence where nobody speaks would only look like a source that has gone blind.
 */
export function watchedTriggers(config: Config, scenario: Pick<Scenario, 'values' | 'queries' | 'series' | 'engine' | 'health' | 'messages'>): readonly Trigger[] {
  const answered = new Set([
    ...config.triggers.filter(({ name }) => scenario.values.has(name)).map(({ query }) => queryKey(query)),
    ...[...scenario.queries.keys()].map((expr) => queryKey({ kind: 'promql', expr })),
  ]);
  const metrics = new Set([...scenario.series.values()].map(({ metric }) => metric));
  const types = new Map(config.sources.map(({ name, type }) => [name, type]));
  const isAnswered = ({ query, source }: Trigger): boolean => {
    if (answered.has(queryKey(query))) return true;
    if (query.kind === 'received' || query.kind === 'alerts') return scenario.messages.some(({ notice }) => matchesAlert(query.match, notice.labels));
    if (source === HEALTH_SOURCE) return query.kind === 'health' && scenario.health.has(query.target);
    if (scenario.engine === 'prometheus' && types.get(source) === 'prometheus') return true;
    return query.kind === 'signal' && metricsOf(query.signal).some((metric) => metrics.has(metric));
  };
  const watched = new Set(config.triggers.filter(isAnswered));
  // A composite is about whatever one of its members is about; members may be composites themselves.
  for (let before = -1; before < watched.size; ) {
    before = watched.size;
    const names = new Set([...watched].map(({ name }) => name));
    for (const trigger of config.triggers) if (trigger.query.kind === 'triggers' && trigger.query.of.some((name) => names.has(name))) watched.add(trigger);
  }
  return config.triggers.filter((trigger) => watched.has(trigger));
}
