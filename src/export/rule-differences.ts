import type { SourceSettings } from '../source/source-settings.js';
import { DEFAULT_MAX_ALERTS } from '../trigger/evaluate-trigger.js';
import type { Trigger } from '../trigger/trigger.js';
import { formatDuration } from '../time/duration.js';

/** Why a trigger cannot be a rule at all: what is left of it would fire where the trigger does not. */
export function whyNoRule(trigger: Trigger, sources: readonly SourceSettings[]): string | undefined {
  if (trigger.query.kind === 'health') return 'the health endpoint is asked by Belay itself; Prometheus needs a blackbox exporter for it';
  if (trigger.query.kind === 'received') return 'it goes by alerts that an Alertmanager sends, so that its rule is in Prometheus already';
  if (trigger.query.kind === 'alerts') return 'it asks an Alertmanager which alerts fire; a rule may ask the series ALERTS instead';
  const source = sources.find(({ name }) => name === trigger.source);
  if (source === undefined) return 'it watches other triggers, and a rule knows nothing of pending times of other rules';
  if (source.type !== 'prometheus') return `its source ${source.name} is scraped by Belay itself, and what a Prometheus calls these series is not known here`;
  if (trigger.window.kind === 'share') return `a rule has no "for" with atLeast (${trigger.window.atLeast * 100}%)`;
  if (trigger.trend !== undefined) return `a rule has no "trend: ${trigger.trend}"`;
  if (trigger.baseline !== undefined) return 'a rule has no baseline';
  if (trigger.minTraffic !== undefined) return 'a rule has no minTraffic';
  return undefined;
}

/** Where the rule behaves otherwise than its trigger, one sentence each. */
export function differences({ window, intervalMs, clearCondition, keepFiringForMs, minSamples, maxAlerts, onNoData, onError }: Trigger): readonly string[] {
  const every = formatDuration(intervalMs);
  return [
    ...(window.kind === 'consecutive' && window.count > 1
      ? [`consecutive: ${window.count} is written as "for" of ${window.count - 1} intervals: the same at an evaluation every ${every}, but one that is missed counts as time`]
      : []),
    ...(clearCondition === undefined ? [] : [`clear (${clearCondition.text}) is left out: the alert ends as soon as the condition does not hold`]),
    ...(keepFiringForMs === undefined || onNoData === 'reset' ? [] : ['keepFiringFor: time in which nothing is known counts too']),
    ...(minSamples === undefined ? [] : [`minSamples: ${minSamples} is left out`]),
    ...(maxAlerts === undefined || maxAlerts === DEFAULT_MAX_ALERTS ? [] : [`maxAlerts: ${maxAlerts} is left out`]),
    ...(onNoData === 'hold' ? ['onNoData: hold is left out: an empty answer ends the alert at once'] : []),
    ...(onNoData === 'breach' ? ['onNoData: breach is left out: an empty answer ends the alert at once; add a rule with absent() where it matters'] : []),
    ...(onError === 'hold' ? [] : [`onError: ${onError} is left out: a failed evaluation leaves the alert as it is`]),
  ];
}
