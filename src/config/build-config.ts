import { dirname, resolve } from 'node:path';
import type { Drill } from '../drill/drill.js';
import type { PluginManifest } from '../executor/plugin/plugin-manifest.js';
import type { DrillSubject } from '../incident/drill-event.js';
import type { Wording } from '../notify/wording.js';
import { deepFreeze } from '../rollback/plain-data.js';
import { registeredPlan } from '../rollback/registered-plan.js';
import type { RollbackPlan } from '../rollback/rollback-plan.js';
import { RECEIVER_INTERVAL_MS, RECEIVER_SOURCE } from '../source/receiver-source.js';
import type { HealthSettings, SourceSettings } from '../source/source-settings.js';
import type { VerificationSpec } from '../verification/verification.js';
import { mayApprove } from './approver.js';
import type { BelayFile, WrittenSource } from './belay-schema.js';
import { buildTriggers, type CheckedTrigger } from './build-triggers.js';
import { buildMatrix } from './build-matrix.js';
import { buildEscalations, buildNotify } from './build-notify.js';
import type { Config } from './config.js';
import type { WrittenDrill } from './drill-schema.js';
import { HEALTH } from './health-source.js';
import type { WrittenPlan } from './plan-schema.js';

/** The files without a problem left. */
export interface CheckedFiles {
  readonly file: string;
  readonly belay: BelayFile;
  readonly triggers: readonly CheckedTrigger[];
  readonly plans: readonly WrittenPlan[];
  readonly plugins: readonly PluginManifest[];
  readonly wording: Wording;
}

/** What the files say, complete and frozen. */
export function buildConfig({ file, belay, triggers, plans, plugins, wording }: CheckedFiles): Config {
  const directory = dirname(file);
  const sources = Object.entries(belay.sources).map(([name, source]) => sourceOf(name, source));
  const health = Object.entries(belay.targets).flatMap(([target, { health: settings }]): HealthSettings[] => {
    if (settings === undefined) return [];
    const { interval, timeout, ...endpoint } = settings;
    return [{ ...endpoint, target, intervalMs: interval, timeoutMs: timeout }];
  });
  const intervalMs = (source: string, target: string): number => {
    if (source === RECEIVER_SOURCE) return RECEIVER_INTERVAL_MS;
    return (source === HEALTH ? belay.targets[target]?.health : belay.sources[source])?.interval ?? 0;
  };
  const { listen, auth, tls } = belay.http;
  const inDirectory = (path: string): string => resolve(directory, path);
  const { cooldown, maxRollbacks, fleet, maxAutoLevel, approvals, matrix, requireChange, goodAfter, flap, freeze } = belay.policy;
  return deepFreeze<Config>({
    file,
    directory,
    environment: belay.environment,
    mode: belay.mode,
    storePath: resolve(directory, belay.store),
    http: {
      ...listen,
      tokens: auth.tokens,
      ...(tls === undefined ? {} : { tls: { cert: inDirectory(tls.cert), key: inDirectory(tls.key), ...(tls.clientCa === undefined ? {} : { clientCa: inDirectory(tls.clientCa) }) } }),
    },
    sources,
    health,
    sharedFate: belay.sharedFate,
    targets: Object.entries(belay.targets).map(([name, { owners, priority, rto, rpo, mode, version, health: endpoint }]) => ({
      name, owners, priority, rtoMs: rto, rpoMs: rpo, mode, version, hasHealth: endpoint !== undefined,
    })),
    silences: silencesOf(belay),
    escalations: buildEscalations(belay),
    triggers: buildTriggers(triggers, intervalMs),
    plans: plans.map(planOf),
    verifications: new Map(plans.flatMap((plan) => verificationOf(plan, belay))),
    bindings: { featureFlags: belay.featureFlags, deployments: belay.deployments, configurations: belay.configurations, databases: belay.databases, traffic: belay.traffic },
    plugins,
    notify: buildNotify(belay, wording),
    policy: {
      cooldownMs: cooldown,
      maxRollbacks: { count: maxRollbacks.count, perMs: maxRollbacks.per },
      fleet: { maxTargets: fleet.maxTargets, perMs: fleet.per, maxConcurrent: fleet.maxConcurrent },
      maxAutoLevel,
      matrix: buildMatrix(matrix, plans),
      requireChange: requireChange === undefined ? undefined : { withinMs: requireChange.within },
      goodAfterMs: goodAfter === 'never' ? undefined : goodAfter,
      flap: { count: flap.count, perMs: flap.per },
      freeze: freeze.map(({ for: forMs, ...start }) => ({ ...start, forMs })),
      approvals,
    },
    reports: { directory: belay.reports.directory === undefined ? undefined : resolve(directory, belay.reports.directory), impact: belay.reports.impact },
    drills: belay.drills.map((drill) => drillOf(drill, inDirectory)),
    heartbeat: heartbeatOf(belay),
    retention: { incidentsMs: belay.retention.incidents, samplesMs: belay.retention.samples },
    people: Object.entries(belay.people).map(([name, { role, ...person }]) => ({ ...person, name, isApprover: mayApprove(role ?? auth.tokens.find((token) => token.name === name)?.role) })),
  });
}

function drillOf({ plan, backup, communication, cron, timezone, announce: announceMs, within: withinMs, against, settings, target, labels = {}, recipients = [] }: WrittenDrill, inDirectory: (path: string) => string): Drill {
  const subject: DrillSubject = plan !== undefined ? { kind: 'plan', name: plan } : backup !== undefined ? { kind: 'backup', name: backup } : { kind: 'communication', name: communication ?? '' };
  return { ...subject, schedule: { cron, timezone }, announceMs, withinMs, against: against === undefined ? undefined : inDirectory(against), settings: settings === undefined ? undefined : inDirectory(settings), target, labels, recipients };
}

function heartbeatOf({ heartbeat }: BelayFile): Config['heartbeat'] {
  if (heartbeat === undefined) return undefined;
  const { url, headers, every: everyMs, timeout: timeoutMs } = heartbeat;
  return { url, headers, everyMs, timeoutMs };
}

function sourceOf(name: string, written: WrittenSource): SourceSettings {
  const { interval: intervalMs, timeout: timeoutMs, type, url, headers } = written;
  const settings = { name, url, headers, intervalMs, timeoutMs };
  return type === 'alertmanager' ? { ...settings, type, settleMs: written.settle } : { ...settings, type };
}

/** Without a name, the only Alertmanager is meant; the check has seen that there is one. */
function silencesOf({ targets, sources }: BelayFile): Config['silences'] {
  const only = Object.entries(sources).find(([, { type }]) => type === 'alertmanager')?.[0] ?? '';
  return new Map(Object.entries(targets).flatMap(([target, { silence }]) => (silence === undefined ? [] : [[target, deepFreeze({ source: silence.source ?? only, match: silence.match, forMs: silence.for })] as const])));
}

function planOf({ id, name, description, phase, target, level, approval, dependencies, estimatedDuration, budget, steps, onResolved }: WrittenPlan): RollbackPlan {
  return registeredPlan({ id, name, description, phase, target, level, approval, dependencies, estimatedDuration, budget, steps, ...(onResolved === 'continue' ? {} : { onResolved }) });
}

export const DEFAULT_HOLD_MS = 120_000;
export const DEFAULT_TIMEOUT_MS = 600_000;
const DEFAULT_INTERVAL_MS = 5_000;

/** A plan of a target always proves that it helped; without words of its own by the target's health and the alerts. */
function verificationOf({ id, target, verification }: WrittenPlan, belay: BelayFile): [string, VerificationSpec][] {
  if (verification === undefined && target === undefined) return [];
  const health = target === undefined ? undefined : belay.targets[target]?.health;
  const ownHealth = target === undefined || health === undefined ? [] : [{ type: 'health' as const, name: `health of ${target}`, target, timeoutMs: health.timeout }];
  const { checks: written = ownHealth, hold = DEFAULT_HOLD_MS, timeout = DEFAULT_TIMEOUT_MS, interval = DEFAULT_INTERVAL_MS } = verification ?? {};
  const checks = written.map((check) => (check.type === 'backup' && target !== undefined ? { ...check, target: check.target ?? target } : check));
  return [[id, deepFreeze({ checks, holdMs: hold, timeoutMs: timeout, intervalMs: interval })]];
}
