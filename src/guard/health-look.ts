import type { CheckResult, CheckRunner } from '../source/check.js';
import type { Alert, AlertHealth } from '../trigger/alert.js';
import type { Trigger } from '../trigger/trigger.js';
import type { HealthLook } from './version-proof.js';

export interface HealthLookPorts {
  readonly checks: CheckRunner;
  readonly isIncidentOpen: boolean;
  /** Of the target, each with what it sees and with its alerts. */
  readonly triggers: readonly { readonly trigger: Trigger; readonly health: AlertHealth; readonly alerts: readonly Alert[] }[];
  /** Absent where the target declares no endpoint. */
  readonly healthOf?: string | undefined;
}

const HEALTH_TIMEOUT_MS = 10_000;

/**
 * How a target is, by everything that is declared of it: healthy takes a known good answer of each trigger that asks a
 * source and of its health endpoint, no alert that fires or is about to, and no open incident. Rejects only when
 * `signal` aborts.
 */
export async function lookAtHealth({ checks, isIncidentOpen, triggers, healthOf }: HealthLookPorts, signal: AbortSignal): Promise<HealthLook> {
  if (isIncidentOpen || triggers.some(({ alerts }) => alerts.some(({ state }) => state !== 'inactive'))) return 'unhealthy';
  const eyes = triggers.filter(({ trigger }) => hasEyes(trigger));
  if (eyes.length === 0 && healthOf === undefined) return 'unknown';
  const endpoint = healthOf === undefined ? 'ok' : await askEndpoint(checks, healthOf, signal);
  if (endpoint === 'failed') return 'unhealthy';
  return endpoint === 'ok' && eyes.every(({ health }) => health === 'ok') ? 'healthy' : 'unknown';
}

/** What a target's own health endpoint says. Rejects only when `signal` aborts. */
export async function askEndpoint(checks: CheckRunner, target: string, signal: AbortSignal): Promise<CheckResult['status']> {
  return (await checks.run({ type: 'health', name: 'health', target, timeoutMs: HEALTH_TIMEOUT_MS }, signal)).status;
}

/** A composite sees what its members see; and where each alert is a series, nothing is what is well. */
function hasEyes({ query }: Trigger): boolean {
  return query.kind !== 'triggers' && query.kind !== 'received' && !(query.kind === 'alerts' && query.each);
}
