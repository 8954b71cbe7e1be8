import { suggestion } from '../config/closest-word.js';
import type { Config } from '../config/config.js';
import type { Path, Problem } from '../config/problem.js';
import type { YamlDocument } from '../config/yaml-document.js';
import { stepParameterSchemas } from '../executor/step-parameters.js';
import type { SecretReader } from '../secret/secret-reader.js';
import { HEALTH_SOURCE } from '../source/health-source.js';
import { buildExpectation } from './build-expectation.js';
import { buildMessages } from './build-messages.js';
import { parseWorldChanges } from './parse-world-changes.js';
import type { Action, MetricSeries, Scenario, StepScript, WorldChanges, WrittenSeries } from './scenario.js';
import type { WrittenAction, WrittenFile, WrittenResults, WrittenScenario, WrittenStep } from './scenario-schema.js';
import { queryKey } from './scripted-world.js';
import { parseLabels, parseSelector } from './series-selector.js';
import { watchedTriggers } from './watched-triggers.js';

export interface ScenarioPlace {
  readonly document: YamlDocument;
  readonly path: Path;
  readonly config: Config;
  readonly defaults: Pick<WrittenFile, 'start' | 'interval'>;
  readonly secrets: SecretReader;
}

const DEFAULT_START_AT = Date.UTC(2026, 0, 1);
const DEFAULT_INTERVAL_MS = 15_000;
const LONGEST_MS = 400 * 86_400_000;

/** The scenario, held against the configuration that it tests; without errors among the problems it is there. */
export function buildScenario(written: WrittenScenario, place: ScenarioPlace): { readonly scenario?: Scenario; readonly problems: readonly Problem[] } {
  return new ScenarioBuilder(written, place).build();
}

class ScenarioBuilder {
  readonly #written: WrittenScenario;
  readonly #place: ScenarioPlace;
  readonly #problems: Problem[] = [];

  constructor(written: WrittenScenario, place: ScenarioPlace) {
    this.#written = written;
    this.#place = place;
  }

  build(): { readonly scenario?: Scenario; readonly problems: readonly Problem[] } {
    const { name, start, interval, mode, engine, health, checks, errors, restart, expect } = this.#written;
    const { config, defaults } = this.#place;
    const startAt = start ?? defaults.start ?? DEFAULT_START_AT;
    const world = {
      messages: buildMessages(this.#written.messages, { startAt, config, note: (index, key, message, hint) => this.#note(['messages', index, ...(key === undefined ? [] : [key])], message, hint) }),
      values: this.#values(),
      queries: new Map(Object.entries(this.#written.queries).map(([expr, results]) => [expr, this.#results(['queries', expr], results)])),
      series: this.#series(),
      engine: engine ?? 'own',
      health: new Map(Object.entries(health)),
      checks: new Map(Object.entries(checks)),
      errors: new Map(Object.entries(errors)),
    } as const;
    this.#checkNames('health', config.health.map(({ target }) => target), 'target with a health endpoint');
    this.#checkNames('checks', checkNames(config), 'check');
    this.#checkNames('errors', [...config.sources.map((source) => source.name), HEALTH_SOURCE], 'source');
    this.#checkEngine();
    const steps = this.#steps(world.series);
    const actions = this.#written.actions.flatMap((action, index) => this.#action(action, ['actions', index]) ?? []);
    const restarts = restart === undefined ? [] : Array.isArray(restart) ? restart : [restart];
    const watched = new Set(watchedTriggers(config, world).map((trigger) => trigger.name));
    const expectations = expect.flatMap((one, index) => {
      const built = buildExpectation(one, { document: this.#place.document, path: this.#path(['expect', index]), config, watched });
      this.#problems.push(...built.problems);
      return built.expectation ?? [];
    });
    const intervalMs = interval ?? defaults.interval ?? DEFAULT_INTERVAL_MS;
    const scenario: Scenario = {
      ...world,
      name,
      secrets: this.#place.secrets,
      startAt,
      intervalMs,
      lastsMs: 0,
      leadMs: this.#written.lead ?? 0,
      mode,
      steps,
      actions,
      restarts,
      expectations,
    };
    const lastsMs = this.#written.lasts ?? lengthOf(scenario);
    if (lastsMs > LONGEST_MS) this.#note(['lasts'], 'a scenario lasts 400d at most');
    for (const [index, { atMs = 0, byMs = 0 }] of expectations.entries()) {
      if (Math.max(atMs, byMs) > lastsMs) this.#note(['expect', index], 'is expected after the end of the scenario', 'make "lasts" longer');
    }
    return this.#problems.some(({ severity }) => severity === 'error') ? { problems: this.#problems } : { scenario: { ...scenario, lastsMs }, problems: this.#problems };
  }

  #values(): ReadonlyMap<string, readonly WrittenSeries[]> {
    const { triggers } = this.#place.config;
    const names = triggerNames(this.#place.config);
    this.#checkNames('values', [...names.keys()], 'trigger');
    const byQuery = new Map<string, string>();
    return new Map(
      Object.entries(this.#written.values).flatMap(([name, results]): [string, readonly WrittenSeries[]][] => {
        const trigger = triggers.find((declared) => declared.name === names.get(name));
        if (trigger === undefined) return [];
        const path = ['values', name];
        if (trigger.query.kind === 'health') this.#note(path, `${name} watches the health of ${trigger.target}`, `write health: { ${trigger.target}: "up x10 down x5" }`);
        if (trigger.query.kind === 'triggers') this.#note(path, `${name} watches other triggers`, `write the values of ${trigger.query.of.join(', ')}`);
        if (trigger.query.kind === 'received') this.#note(path, `${name} goes by what an Alertmanager sends`, 'write messages: [ { at: 1m, firing: { alertname: … } } ]');
        const rival = byQuery.get(queryKey(trigger.query));
        if (rival !== undefined) this.#note(path, `${name} asks the same as ${rival}, whose values are here already`, 'keep one: both triggers get its answers');
        byQuery.set(queryKey(trigger.query), name);
        return [[trigger.name, this.#results(path, results)]];
      }),
    );
  }

  #results(path: Path, results: WrittenResults): readonly WrittenSeries[] {
    if (isPoints(results)) return [{ labels: {}, points: results }];
    return Object.entries(results).flatMap(([text, points]) => {
      const labels = parseLabels(text);
      if (labels !== undefined) return [{ labels, points }];
      this.#note([...path, text], `"${text}" is no set of labels`, 'write {pod="a"}', true);
      return [];
    });
  }

  #series(): ReadonlyMap<string, MetricSeries> {
    return new Map(
      Object.entries(this.#written.series).flatMap(([text, points]): [string, MetricSeries][] => {
        const selector = parseSelector(text);
        if (selector !== undefined) return [[text, { ...selector, points }]];
        this.#note(['series', text], `"${text}" is no series`, 'write it as an application exposes it: http_requests_total{status="500"}', true);
        return [];
      }),
    );
  }

  #checkEngine(): void {
    const { engine, series } = this.#written;
    if (engine === undefined) return;
    if (Object.keys(series).length === 0) this.#note(['engine'], 'there is no "series" for Prometheus to answer from');
    if (!this.#place.config.sources.some(({ type }) => type === 'prometheus')) this.#note(['engine'], 'no source of the configuration is a Prometheus');
    for (const [text, points] of Object.entries(series)) {
      if (points.includes('stale')) this.#note(['series', text], 'stale marks cannot be loaded into a Prometheus', 'write _ : Prometheus looks back 5m for the last sample');
    }
  }

  #steps(series: ReadonlyMap<string, MetricSeries>): ReadonlyMap<string, StepScript> {
    const keys = this.#place.config.plans.flatMap(({ id, steps }) => steps.map((step) => `${id}/${step.id}`));
    const scripts = new Map<string, StepScript>();
    for (const [name, written] of Object.entries(this.#written.steps)) {
      const meant = keys.filter((key) => key === name || key.endsWith(`/${name}`));
      if (meant.length === 0) this.#note(['steps', name], `there is no step "${name}"`, suggestion(name, keys, 'known'), true);
      if (meant.length > 1) this.#note(['steps', name], `several plans have a step "${name}"`, `write one of ${meant.join(', ')}`, true);
      const [key] = meant;
      if (key !== undefined) scripts.set(key, this.#step(written, ['steps', name], series));
    }
    return scripts;
  }

  #step(written: WrittenStep, path: Path, series: ReadonlyMap<string, MetricSeries>): StepScript {
    const { takes = 0, fails, hangs = false, sets = {} } = typeof written === 'object' ? written : { fails: written === 'fails' ? (true as const) : undefined, hangs: written === 'hangs' ? (true as const) : undefined };
    if (this.#written.engine !== undefined && Object.keys(sets).some((name) => series.has(name))) {
      this.#note([...path, 'sets'], 'what a real Prometheus has been loaded with cannot go on otherwise', 'leave "engine" out, or set the values of triggers');
    }
    return { takesMs: takes, failures: fails === true ? Infinity : (fails ?? 0), hangs, sets: this.#sets(sets, [...path, 'sets'], series) };
  }

  #sets(sets: Readonly<Record<string, string>>, path: Path, series: ReadonlyMap<string, MetricSeries>): WorldChanges {
    const { config } = this.#place;
    const { changes, problems } = parseWorldChanges(sets, {
      triggers: triggerNames(config),
      queries: Object.keys(this.#written.queries),
      series: [...series.keys()],
      targets: config.health.map(({ target }) => target),
      checks: checkNames(config),
    });
    for (const { name, message, hint } of problems) this.#note([...path, name], message, hint);
    return changes;
  }

  #action(written: WrittenAction, path: Path): Action | undefined {
    const kinds = (['pause', 'resume', 'reset', 'mark', 'rollback', 'close', 'approve', 'reject'] as const).filter((kind) => written[kind] !== undefined);
    const [kind] = kinds;
    if (kind === undefined || kinds.length > 1) {
      this.#note(path, 'needs one of pause, resume, reset, mark, rollback, close, approve and reject', 'such as { at: 3m, pause: all }');
      return undefined;
    }
    const { at: atMs, target, version, configVersion, snapshotId, migration, flags, reason, by, for: forMs } = written;
    const allowed = { pause: ['reason', 'for'], resume: [], reset: [], mark: ['target', 'version', 'configVersion', 'snapshotId', 'migration', 'flags'], rollback: [], close: [], approve: ['by', 'reason'], reject: ['by', 'reason'] }[kind] as readonly string[];
    for (const key of ['target', 'version', 'configVersion', 'snapshotId', 'migration', 'flags', 'reason', 'by', 'for'] as const) {
      if (written[key] !== undefined && !allowed.includes(key)) this.#note([...path, key], `"${key}" has no place with "${kind}"`, undefined, true);
    }
    const named = written[kind] ?? '';
    const targets = this.#place.config.targets.map(({ name }) => name);
    switch (kind) {
      case 'pause':
      case 'resume':
      case 'reset': {
        if (named !== 'all') this.#mustKnow([...path, kind], named, [...targets, 'all'], 'target');
        const one = named === 'all' ? undefined : named;
        return kind === 'pause' ? { atMs, kind, target: one, reason: reason ?? 'as the scenario says', forMs } : { atMs, kind, target: one };
      }
      case 'mark':
        if (target === undefined || version === undefined) {
          this.#note([...path, kind], '"mark" needs "target" and "version"', 'such as { at: 3m, mark: deploy, target: checkout, version: v2 }');
          return undefined;
        }
        this.#mustKnow([...path, 'target'], target, targets, 'target');
        return { atMs, kind, target, change: written.mark ?? 'deploy', version, state: { configVersion, snapshotId, migration, flags } };
      case 'rollback':
        this.#mustKnow([...path, kind], named, this.#place.config.plans.map(({ id }) => id), 'plan');
        return { atMs, kind, planId: named };
      case 'close':
        this.#mustKnow([...path, kind], named, targets, 'target');
        return { atMs, kind, target: named };
      case 'approve':
      case 'reject':
        this.#mustKnow([...path, kind], named, targets, 'target');
        if (by !== undefined) this.#mustKnow([...path, 'by'], by, this.#place.config.people.map(({ name }) => name), 'person');
        return { atMs, kind, target: named, by, reason };
      default:
        return kind satisfies never;
    }
  }

  #checkNames(section: 'values' | 'health' | 'checks' | 'errors', known: readonly string[], what: string): void {
    for (const name of Object.keys(this.#written[section])) this.#mustKnow([section, name], name, known, what, true);
  }

  #mustKnow(path: Path, name: string, known: readonly string[], what: string, atKey = false): void {
    if (!known.includes(name)) this.#note(path, `there is no ${what} "${name}"`, suggestion(name, known, 'known'), atKey);
  }

  #note(path: Path, message: string, hint?: string, atKey = false): void {
    this.#problems.push(this.#place.document.problem(this.#path(path), message, { hint, atKey }));
  }

  #path(path: Path): Path {
    return [...this.#place.path, ...path];
  }
}

function isPoints(results: WrittenResults): results is WrittenSeries['points'] {
  return Array.isArray(results);
}

/** The triggers that have values of their own, by every name that they may be written with: one of several severities by the common name too. */
function triggerNames({ triggers }: Config): ReadonlyMap<string, string> {
  const common = triggers.map(({ name, severity }) => [name.replace(new RegExp(`:${severity}$`), ''), name] as const);
  return new Map([...common.toReversed(), ...triggers.map(({ name }) => [name, name] as const)]);
}

/** The names by which plans ask checks, in their steps and in their verifications. */
function checkNames({ plans, verifications }: Config): readonly string[] {
  const ofSteps = plans.flatMap(({ steps }) => steps.flatMap(({ type, parameters }) => (type === 'check' ? (checkNameOf(parameters) ?? []) : [])));
  return [...new Set([...ofSteps, ...[...verifications.values()].flatMap(({ checks }) => checks.map(({ name }) => name))])];
}

/** The name that a step gives its check; without one, what it asks, unless that is known only when the step runs. */
function checkNameOf(parameters: Readonly<Record<string, unknown>>): string | undefined {
  const { name } = parameters;
  return typeof name === 'string' ? name : stepParameterSchemas.check.safeParse(parameters).data?.name;
}

/** A scenario lasts as long as anything is written down for it. */
function lengthOf({ intervalMs, values, queries, series, health, checks, errors, messages, actions, restarts, expectations }: Scenario): number {
  const lists = [...values.values(), ...queries.values()].flat().map(({ points }) => points.length);
  const counts = [...lists, ...[...series.values()].map(({ points }) => points.length), ...[...health.values(), ...checks.values()].map((points) => points.length)];
  const spans = [...errors.values()].flatMap((script) => (script.kind === 'points' ? [script.points.length * intervalMs] : script.spans.flatMap(({ fromMs, toMs }) => toMs ?? fromMs)));
  return Math.max(
    ...counts.map((points) => (points - 1) * intervalMs),
    ...spans,
    ...[...messages, ...actions].map(({ atMs }) => atMs),
    ...restarts.map(({ atMs, downForMs }) => atMs + downForMs),
    ...expectations.map(({ atMs = 0, byMs = 0 }) => Math.max(atMs, byMs)),
  );
}

