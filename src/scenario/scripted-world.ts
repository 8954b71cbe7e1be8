import type { CheckResult } from '../source/check.js';
import type { ExpositionSample } from '../source/exposition-sample.js';
import { valueSample } from '../source/observation.js';
import { matchesAlert, type AlertMatcher } from '../source/alert-match.js';
import { alertKey } from '../source/received-alert.js';
import type { Labels, SeriesSample } from '../source/sample.js';
import type { Query } from '../source/source.js';
import type { Trigger } from '../trigger/trigger.js';
import type { ErrorScript, ErrorWord, HealthWord, MetricSeries, Scenario, WorldChanges, WrittenSeries } from './scenario.js';
import { Script } from './script.js';
import type { SeriesValue } from './series-notation.js';

interface ScriptedSeries {
  readonly labels: Labels;
  readonly script: Script<SeriesValue>;
}

/** The world as a scenario writes it down, at any instant: pure but for the steps that change how it goes on. */
export class ScriptedWorld {
  readonly #scenario: Scenario;
  readonly #queryOfTrigger: ReadonlyMap<string, string>;
  readonly #results = new Map<string, ScriptedSeries[]>();
  readonly #metrics = new Map<string, { readonly series: MetricSeries; readonly script: Script<SeriesValue> }>();
  readonly #health = new Map<string, Script<HealthWord>>();
  readonly #checks = new Map<string, Script<CheckResult['status']>>();
  readonly #errors: ReadonlyMap<string, (at: number) => ErrorWord>;

  constructor(scenario: Scenario, triggers: readonly Trigger[]) {
    const { startAt, intervalMs, leadMs, values, queries, series, health, checks, errors } = scenario;
    this.#scenario = scenario;
    this.#queryOfTrigger = new Map(triggers.map((trigger) => [trigger.name, queryKey(trigger.query)]));
    const begun = (written: readonly WrittenSeries[]): ScriptedSeries[] => written.map(({ labels, points }) => ({ labels, script: new Script(intervalMs, startAt, points, leadMs) }));
    for (const [trigger, written] of values) this.#results.set(this.#queryOfTrigger.get(trigger) ?? '', begun(written));
    for (const [expr, written] of queries) this.#results.set(queryKey({ kind: 'promql', expr }), begun(written));
    for (const [selector, metric] of series) this.#metrics.set(selector, { series: metric, script: this.#script(startAt, metric.points) });
    for (const [target, points] of health) this.#health.set(target, this.#script(startAt, points));
    for (const [check, points] of checks) this.#checks.set(check, this.#script(startAt, points));
    this.#errors = new Map([...errors].map(([source, script]) => [source, this.#errorsOf(script)]));
  }

  /** The answer to a query, where the scenario writes one down. */
  result(query: Query, at: number): readonly SeriesSample[] | undefined {
    return this.#results.get(queryKey(query))?.flatMap(({ labels, script }): SeriesSample[] => {
      const value = script.at(at) ?? 'missing';
      if (value === 'missing') return [];
      return [{ labels, sample: value === 'stale' ? { kind: 'stale', at } : valueSample(at, value) }];
    });
  }

  /** What a scrape at this instant finds. */
  metrics(at: number): readonly ExpositionSample[] {
    return [...this.#metrics.values()].flatMap(({ series: { metric: name, labels }, script }) => {
      const value = script.at(at);
      return typeof value === 'number' ? [{ name, labels, value }] : [];
    });
  }

  /** The labels of the alerts that fire in an Alertmanager, as its messages tell; `undefined` where it sends none. */
  alerts(match: readonly AlertMatcher[], at: number): readonly Labels[] | undefined {
    const { messages, startAt } = this.#scenario;
    if (messages.length === 0) return undefined;
    const newest = new Map(messages.filter(({ atMs }) => startAt + atMs <= at).map(({ notice }) => [alertKey(notice.labels), notice]));
    return [...newest.values()].filter(({ status, labels }) => status === 'firing' && matchesAlert(match, labels)).map(({ labels }) => labels);
  }

  health(target: string, at: number): HealthWord | undefined {
    return this.#health.get(target)?.at(at);
  }

  check(name: string, at: number): CheckResult['status'] | undefined {
    return this.#checks.get(name)?.at(at);
  }

  error(source: string, at: number): ErrorWord {
    return this.#errors.get(source)?.(at) ?? 'ok';
  }

  change({ values, queries, series, health, checks }: WorldChanges, at: number): void {
    const answers = [
      ...[...values].map(([trigger, written]) => [this.#queryOfTrigger.get(trigger) ?? '', written] as const),
      ...[...queries].map(([expr, written]) => [queryKey({ kind: 'promql', expr }), written] as const),
    ];
    for (const [key, written] of answers) {
      const before = this.#results.get(key) ?? [];
      const next = written.map(({ labels, points }): ScriptedSeries => {
        const known = before.find((other) => sameLabels(other.labels, labels));
        if (known === undefined) return { labels, script: this.#script(at, points) };
        known.script.continueWith(at, points);
        return known;
      });
      this.#results.set(key, [...before.filter((other) => !next.includes(other)), ...next]);
    }
    for (const [selector, points] of series) this.#metrics.get(selector)?.script.continueWith(at, points);
    for (const [target, points] of health) continued(this.#health, target, at, points, this.#scenario.intervalMs);
    for (const [check, points] of checks) continued(this.#checks, check, at, points, this.#scenario.intervalMs);
  }

  #script<T>(fromAt: number, points: readonly T[]): Script<T> {
    return new Script(this.#scenario.intervalMs, fromAt, points);
  }

  #errorsOf(script: ErrorScript): (at: number) => ErrorWord {
    if (script.kind === 'points') {
      const points = this.#script(this.#scenario.startAt, script.points);
      return (at) => points.at(at) ?? 'ok';
    }
    return (at) => {
      const sinceMs = at - this.#scenario.startAt;
      return script.spans.find(({ fromMs, toMs = Infinity }) => sinceMs >= fromMs && sinceMs < toMs)?.reason ?? 'ok';
    };
  }
}

const keys = new WeakMap<Query, string>();

/** Triggers and checks that ask the same of the world get the same answer. Queries are frozen, so that each is read once. */
export function queryKey(query: Query): string {
  const known = keys.get(query);
  if (known !== undefined) return known;
  const key = query.kind === 'promql' ? `promql ${query.expr.trim().replaceAll(/\s+/g, ' ')}` : JSON.stringify(query);
  keys.set(query, key);
  return key;
}

function sameLabels(a: Labels, b: Labels): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

function continued<T>(scripts: Map<string, Script<T>>, name: string, at: number, points: readonly T[], intervalMs: number): void {
  const known = scripts.get(name);
  if (known === undefined) scripts.set(name, new Script(intervalMs, at, points));
  else known.continueWith(at, points);
}
