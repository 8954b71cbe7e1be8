import type { ChangeMarker } from './change-marker.js';

/** What one look at a target says. `unhealthy`: something about it is known to be bad. */
export type HealthLook = 'healthy' | 'unhealthy' | 'unknown';

/** For how long the version that runs has been seen to be healthy, without a break. Instants in ms since the epoch. */
export interface VersionProof {
  readonly version: string;
  /** When it began to run. */
  readonly since: number;
  readonly healthyForMs: number;
  /** The last look, where that was a healthy one: the time from it to the next one counts. */
  readonly healthyAt?: number | undefined;
  /** Since when nothing is known. */
  readonly unknownSince?: number | undefined;
}

export interface ProofRule {
  readonly goodAfterMs: number;
  /** The nominal distance of two looks. */
  readonly everyMs: number;
}

/**
 * The proof after one more look. Only the time between two healthy looks counts, and only where they are at most 1.5
 * intervals apart; what is unknown counts for nothing, and begins anew when it has lasted longer than the proof takes;
 * what is known to be bad begins anew at once.
 */
export function advanceProof(proof: VersionProof, look: HealthLook, at: number, { goodAfterMs, everyMs }: ProofRule): VersionProof {
  const { version, since, healthyForMs, healthyAt, unknownSince = at } = proof;
  switch (look) {
    case 'unhealthy':
      return { version, since, healthyForMs: 0 };
    case 'unknown':
      return { version, since, healthyForMs, unknownSince };
    case 'healthy': {
      const before = at - unknownSince > goodAfterMs ? 0 : healthyForMs;
      const elapsedMs = healthyAt === undefined ? 0 : at - healthyAt;
      return { version, since, healthyForMs: before + (elapsedMs > 0 && elapsedMs <= 1.5 * everyMs ? elapsedMs : 0), healthyAt: at };
    }
    default:
      return look satisfies never;
  }
}

/** What runs on a target and has not been called good since it began to run; `markers` in the order of the journal. */
export function unprovenVersion(markers: readonly ChangeMarker[], target: string): Pick<VersionProof, 'version' | 'since'> | undefined {
  const own = markers.filter((marker) => marker.target === target).toSorted((a, b) => a.at - b.at);
  const running = own.findLast(({ kind }) => kind !== 'good');
  if (running === undefined || own.some(({ kind, version, at }) => kind === 'good' && version === running.version && at >= running.at)) return undefined;
  return { version: running.version, since: running.at };
}
