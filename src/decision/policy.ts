import type { Level } from '../trigger/trigger.js';

/** The guards around every automatic decision. Durations in milliseconds. */
export interface Policy {
  /** Between automatic incidents of one target; rungs of one incident do not count. */
  readonly cooldownMs: number;
  /** Incidents of one target rolled back automatically within `perMs`; beyond it a person must reset. */
  readonly maxRollbacks: { readonly count: number; readonly perMs: number };
  /** Different targets rolled back automatically within `perMs`, and rollbacks under way at the same time. */
  readonly fleet: { readonly maxTargets: number; readonly perMs: number; readonly maxConcurrent: number };
  readonly maxAutoLevel: Level;
}
