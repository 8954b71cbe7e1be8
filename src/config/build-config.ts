import { dirname, resolve } from 'node:path';
import { deepFreeze } from '../rollback/plain-data.js';
import type { RollbackPlan } from '../rollback/rollback-plan.js';
import type { HealthSettings, SourceSettings } from '../source/source-settings.js';
import type { Query } from '../source/source.js';
import type { Level, LevelRange, Trigger, Window } from '../trigger/trigger.js';
import type { VerificationSpec } from '../verification/verification.js';
import type { BelayFile } from './belay-schema.js';
import type { Config } from './config.js';
import { HEALTH } from './health-source.js';
import type { WrittenPlan } from './plan-schema.js';
import { queryText } from './query-text.js';
import type { WrittenTrigger } from './rules-schema.js';
import { conditionsOf, unhealthy } from './trigger-condition.js';

/** The files without a problem left. */
export interface CheckedFiles {
  readonly file: string;
  readonly belay: BelayFile;
  readonly triggers: readonly { readonly target: string; readonly source: string; readonly trigger: WrittenTrigger }[];
  readonly plans: readonly WrittenPlan[];
}

/** What the files say, complete and frozen. */
export function buildConfig({ file, belay, triggers, plans }: CheckedFiles): Config {
  const directory = dirname(file);
  const sources = Object.entries(belay.sources).map(([name, { interval, timeout, ...source }]): SourceSettings => ({ ...source, name, intervalMs: interval, timeoutMs: timeout }));
  const health = Object.entries(belay.targets).flatMap(([target, { health: settings }]): HealthSettings[] => {
    if (settings === undefined) return [];
    const { interval, timeout, ...endpoint } = settings;
    return [{ ...endpoint, target, intervalMs: interval, timeoutMs: timeout }];
  });
  const intervalMs = (source: string, target: string): number => (source === HEALTH ? belay.targets[target]?.health : belay.sources[source])?.interval ?? 0;
  const { listen, auth } = belay.http;
  const { cooldown, maxRollbacks, fleet, maxAutoLevel } = belay.policy;
  return deepFreeze<Config>({
    file,
    directory,
    environment: belay.environment,
    mode: belay.mode,
    storePath: resolve(directory, belay.store),
    http: { ...listen, tokens: auth.tokens },
    sources,
    health,
    targets: Object.entries(belay.targets).map(([name, { owners, priority, rto, rpo, mode, health: endpoint }]) => ({
      name, owners, priority, rtoMs: rto, rpoMs: rpo, mode, hasHealth: endpoint !== undefined,
    })),
    triggers: triggers.map(({ target, source, trigger }) => triggerOf(trigger, target, source, intervalMs(source, target))),
    plans: plans.map(planOf),
    verifications: new Map(plans.flatMap((plan) => verificationOf(plan, belay))),
    bindings: { featureFlags: belay.featureFlags, deployments: belay.deployments, configurations: belay.configurations, databases: belay.databases },
    notify: belay.notify,
    policy: {
      cooldownMs: cooldown,
      maxRollbacks: { count: maxRollbacks.count, perMs: maxRollbacks.per },
      fleet: { maxTargets: fleet.maxTargets, perMs: fleet.per, maxConcurrent: fleet.maxConcurrent },
      maxAutoLevel,
    },
  });
}

function triggerOf(written: WrittenTrigger, target: string, source: string, intervalMs: number): Trigger {
  const { name, expr, signal, condition, for: lasting, level, levels, plan, ...rest } = written;
  const query: Query = signal !== undefined ? { kind: 'signal', signal } : expr !== undefined ? { kind: 'promql', expr } : { kind: 'health', target };
  return {
    ...pick(rest),
    ...(condition === undefined ? { condition: unhealthy } : conditionsOf(condition)),
    name,
    target,
    source,
    query,
    queryText: queryText(query),
    window: windowOf(lasting),
    levels: rangeOf(level, levels),
    planId: plan,
    intervalMs,
  };
}

function pick({ onNoData, onError, severity, response, mode, labels, annotations }: Pick<WrittenTrigger, 'onNoData' | 'onError' | 'severity' | 'response' | 'mode' | 'labels' | 'annotations'>) {
  return { onNoData, onError, severity, response, mode, labels, annotations };
}

function windowOf(lasting: WrittenTrigger['for']): Window {
  if (typeof lasting === 'object') return { kind: 'consecutive', count: lasting.consecutive };
  return { kind: 'for', forMs: lasting ?? 0 };
}

function rangeOf(level: Level | undefined, levels: readonly [Level, Level] | undefined): LevelRange | undefined {
  if (levels !== undefined) return { from: levels[0], to: levels[1] };
  return level === undefined ? undefined : { from: level, to: level };
}

function planOf({ id, name, description, phase, target, level, dependencies, estimatedDuration, steps }: WrittenPlan): RollbackPlan {
  return { id, name, description, phase, target, level, dependencies, estimatedDuration, steps };
}

const DEFAULT_HOLD_MS = 120_000;
const DEFAULT_TIMEOUT_MS = 600_000;
const DEFAULT_INTERVAL_MS = 5_000;

/** A plan of a target always proves that it helped; without words of its own by the target's health and the alerts. */
function verificationOf({ id, target, verification }: WrittenPlan, belay: BelayFile): [string, VerificationSpec][] {
  if (verification === undefined && target === undefined) return [];
  const health = target === undefined ? undefined : belay.targets[target]?.health;
  const ownHealth = target === undefined || health === undefined ? [] : [{ type: 'health' as const, name: `health of ${target}`, target, timeoutMs: health.timeout }];
  const { checks = ownHealth, hold = DEFAULT_HOLD_MS, timeout = DEFAULT_TIMEOUT_MS, interval = DEFAULT_INTERVAL_MS } = verification ?? {};
  return [[id, deepFreeze({ checks, holdMs: hold, timeoutMs: timeout, intervalMs: interval })]];
}
