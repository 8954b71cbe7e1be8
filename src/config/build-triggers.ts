import type { Query } from '../source/source.js';
import { MEMBER_SOURCE } from '../trigger/members.js';
import type { Level, LevelRange, Trigger, Window } from '../trigger/trigger.js';
import { severitiesOf, severityName } from './severities.js';
import { membersOf } from './composite.js';
import { queryText } from './query-text.js';
import type { WrittenTrigger } from './rules-schema.js';
import { anyFires, conditionsOf, fires, type TriggerConditions, unhealthy } from './trigger-condition.js';

/** A trigger without a problem left, and what it asks. */
export interface CheckedTrigger {
  readonly target: string;
  readonly source: string;
  readonly trigger: WrittenTrigger;
}

/** All triggers, complete. One with several severities becomes one for each. */
export function buildTriggers(checked: readonly CheckedTrigger[], intervalMsOf: (source: string, target: string) => number): readonly Trigger[] {
  const byName = new Map(checked.flatMap((own) => [own.trigger.name, ...severitiesOf(own.trigger).map(([severity]) => severityName(own.trigger.name, severity))].map((name) => [name, own] as const)));
  /** A composite looks as often as the member that is asked most often. */
  const intervalMs = ({ target, source, trigger }: CheckedTrigger): number => {
    const members = membersOf(trigger)?.of;
    if (members === undefined) return intervalMsOf(source, target);
    return Math.min(...members.flatMap((name) => byName.get(name) ?? []).map(intervalMs));
  };
  /** The trigger that a composite means by a name: of several severities the lowest, which fires whenever another does. */
  const built = (name: string): string => {
    const trigger = byName.get(name)?.trigger;
    const lowest = trigger?.name === name ? severitiesOf(trigger).at(-1) : undefined;
    return lowest === undefined ? name : severityName(name, lowest[0]);
  };
  return checked.flatMap((own) => {
    const { name, severity, condition } = own.trigger;
    const query = queryOf(own, built);
    const make = (as: Pick<Trigger, 'name' | 'severity'>, conditions: TriggerConditions): Trigger => triggerOf(own, query, { ...as, ...conditions }, intervalMs(own));
    if (query.kind === 'triggers') return [make({ name, severity }, { condition: { comparison: '>=', threshold: query.atLeast, unit: 'number', text: `>= ${query.atLeast}` } })];
    if (query.kind === 'received') return [make({ name, severity }, { condition: fires })];
    const severities = severitiesOf(own.trigger);
    if (severities.length > 0) return severities.map(([each, threshold]) => make({ name: severityName(name, each), severity: each }, { condition: threshold }));
    return [make({ name, severity }, condition === undefined ? { condition: query.kind === 'alerts' ? anyFires : unhealthy } : conditionsOf(condition))];
  });
}

function queryOf({ target, trigger }: CheckedTrigger, built: (name: string) => string): Query {
  const members = membersOf(trigger);
  if (members !== undefined) return { kind: 'triggers', of: members.of.map(built), atLeast: members.atLeast };
  const { alertmanager, alerts, source, confirm = 'source', expr, condition, maxAlerts } = trigger;
  if (alerts !== undefined) return { kind: 'alerts', match: alerts.match, each: false };
  if (alertmanager === undefined) return askedOf(trigger) ?? { kind: 'health', target };
  const held = condition === undefined ? undefined : conditionsOf(condition).condition;
  return { kind: 'received', match: alertmanager.match, validForMs: alertmanager.validFor, confirm, expr, condition: held, place: source, maxAlerts };
}

function askedOf({ signal, expr }: Pick<WrittenTrigger, 'signal' | 'expr'>): Query | undefined {
  if (signal !== undefined) return { kind: 'signal', signal };
  return expr === undefined ? undefined : { kind: 'promql', expr };
}

function triggerOf({ target, source, trigger }: CheckedTrigger, query: Query, own: Pick<Trigger, 'name' | 'severity' | 'condition' | 'clearCondition'>, intervalMs: number): Trigger {
  const { onNoData, onError, response, delay: delayMs, mode, labels, annotations, trend, minSamples, maxAlerts, keepFiringFor, level, levels, plan, approval, impact, timeToFix, issueType } = trigger;
  return {
    ...own,
    target,
    source: query.kind === 'triggers' ? MEMBER_SOURCE : source,
    query,
    queryText: queryText(query),
    window: windowOf(trigger.for),
    minSamples,
    trend,
    baseline: baselineOf(trigger.baseline),
    minTraffic: minTrafficOf(trigger.minTraffic),
    keepFiringForMs: keepFiringFor,
    maxAlerts,
    onNoData,
    onError,
    response,
    delayMs,
    mode,
    labels,
    annotations,
    levels: rangeOf(level, levels),
    planId: plan,
    impact: impactOf(impact),
    timeToFixMs: timeToFix,
    issueType,
    approval,
    intervalMs,
  };
}

function windowOf(lasting: WrittenTrigger['for']): Window {
  if (typeof lasting !== 'object') return { kind: 'for', forMs: lasting ?? 0 };
  const { consecutive, for: forMs = 0, atLeast = 1 } = lasting;
  if (consecutive !== undefined) return { kind: 'consecutive', count: consecutive };
  return atLeast === 1 ? { kind: 'for', forMs } : { kind: 'share', forMs, atLeast };
}

function baselineOf(written: WrittenTrigger['baseline']): Trigger['baseline'] {
  if (written === undefined) return undefined;
  const { offset, window: windowMs } = written;
  return offset === undefined ? { kind: 'before-change', windowMs } : { kind: 'offset', offsetMs: offset, windowMs };
}

function minTrafficOf(written: WrittenTrigger['minTraffic']): Trigger['minTraffic'] {
  const query = written === undefined ? undefined : askedOf(written);
  return written === undefined || query === undefined ? undefined : { query, atLeast: written.atLeast };
}

function impactOf(written: WrittenTrigger['impact']): Trigger['impact'] {
  if (written === undefined) return undefined;
  if ('share' in written) return { kind: 'share', share: written.share };
  return { kind: 'asked', query: 'signal' in written ? { kind: 'signal', signal: written.signal } : { kind: 'promql', expr: written.expr } };
}

/** `[1, 3]`, or one level. */
export function rangeOf(level: Level | undefined, levels: readonly [Level, Level] | undefined): LevelRange | undefined {
  if (levels !== undefined) return { from: levels[0], to: levels[1] };
  return level === undefined ? undefined : { from: level, to: level };
}
