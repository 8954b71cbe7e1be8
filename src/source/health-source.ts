import { unlessAborted } from './deadline.js';
import { checkHttp, type HttpCheckResult } from './http-check.js';
import { createHttpClient } from './http-client.js';
import { errorObservation, valueObservation } from './observation.js';
import { OncePerInstant } from './once-per-instant.js';
import { noteProbe, turnedDown, unsuspicious, usualFate, type SharedFate, type SharedFateRule } from './shared-fate.js';
import type { HealthSettings } from './source-settings.js';
import type { Source } from './source.js';

/** The name by which triggers and checks ask for health endpoints. */
export const HEALTH_SOURCE = 'health';

export interface HealthSource extends Source {
  /** How often one target's endpoint is probed; `undefined` for a target without one. */
  intervalMsOf(target: string): number | undefined;
}

/**
 * Probes the targets' health endpoints, each over a connection of its own. A target's value is 1, or 0 with the reason
 * as a warning; a fault on our own side is an `our-side` error. When a target turns down, all others are probed at once, and
 * if that looks like blindness (shared-fate.ts), every target is a `shared-fate` error until one proves otherwise.
 */
export function createHealthSource(settings: readonly HealthSettings[], options: { readonly sharedFate?: SharedFateRule | 'never' | undefined } = {}): HealthSource {
  const client = createHttpClient({ keepAlive: false });
  const closing = new AbortController();
  const watched = new Map(settings.map((health) => [health.target, { health, probes: new OncePerInstant<HttpCheckResult>(health.intervalMs) }]));
  const intervals = settings.map((health) => health.intervalMs);
  const watch = { targetCount: watched.size, intervalMs: Math.max(0, ...intervals), rule: options.sharedFate ?? usualFate };
  let fate: SharedFate = unsuspicious;

  async function probe({ target, url, headers, expect, timeoutMs }: HealthSettings, at: number): Promise<HttpCheckResult> {
    const request = { method: 'GET', url, headers, timeoutMs } as const;
    const result = await checkHttp(client, request, expect, closing.signal).catch((error: unknown): HttpCheckResult => {
      if (!closing.signal.aborted) throw error;
      return { status: 'error', detail: 'the health source was closed' };
    });
    if (result.status !== 'error') fate = noteProbe(fate, { target, at, up: result.status === 'ok' }, watch);
    return result;
  }

  /** Whether a target that turned down may be believed depends on how the others fare at the same time. */
  async function probeOthers(target: string, at: number): Promise<void> {
    const others = [...watched.values()].filter(({ health }) => health.target !== target);
    await Promise.all(others.map(async ({ health, probes }) => probes.ask(at, () => probe(health, at))));
  }

  return {
    name: HEALTH_SOURCE,
    intervalMs: Math.min(...intervals, Number.MAX_SAFE_INTEGER),
    intervalMsOf: (target) => watched.get(target)?.health.intervalMs,

    async observe(query, at, signal) {
      signal.throwIfAborted();
      const target = query.kind === 'health' ? query.target : undefined;
      if (target === undefined) return errorObservation(at, 'query-refused', 'the health source answers neither an expr nor a signal');
      const own = watched.get(target);
      if (own === undefined) return errorObservation(at, 'query-refused', `${target} has no health endpoint`);
      const asked = own.probes.ask(at, () => probe(own.health, at));
      if (asked === undefined) return errorObservation(at, 'our-side', `the health of ${target} was asked about an instant that is long over`);
      const result = await unlessAborted(asked, signal);
      if (result.status === 'error') return errorObservation(at, 'our-side', result.detail);
      if (turnedDown(fate, target, at)) await unlessAborted(probeOthers(target, at), signal);
      if (fate.fallen !== undefined) {
        const detail = `${fate.fallen.size} of ${watched.size} targets turned down together, so the fault is suspected on our side until one of them answers again`;
        return errorObservation(at, 'shared-fate', detail);
      }
      return result.status === 'ok' ? valueObservation(at, 1) : valueObservation(at, 0, [result.detail]);
    },

    close() {
      closing.abort(new Error('the health source was closed'));
      client.close();
      return Promise.resolve();
    },
  };
}
