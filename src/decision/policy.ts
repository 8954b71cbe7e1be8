import type { Level } from '../trigger/trigger.js';
import type { Approvals } from './approval-need.js';
import type { Freeze } from './freeze.js';
import type { MatrixRow } from './matrix.js';

/** The guards around every automatic decision. Durations in milliseconds. */
export interface Policy {
  /** Between automatic incidents of one target; rungs of one incident do not count. */
  readonly cooldownMs: number;
  /** Incidents of one target rolled back automatically within `perMs`; beyond it a person must reset. */
  readonly maxRollbacks: { readonly count: number; readonly perMs: number };
  /** Different targets rolled back automatically within `perMs`, and rollbacks under way at the same time. */
  readonly fleet: { readonly maxTargets: number; readonly perMs: number; readonly maxConcurrent: number };
  readonly maxAutoLevel: Level;
  /** What is done for triggers that ask for no level and no plan themselves; the first row that matches. */
  readonly matrix: readonly MatrixRow[];
  /** A breach that no change goes before by at most this is told to a person instead of being acted upon. */
  readonly requireChange?: { readonly withinMs: number } | undefined;
  /** A version that runs and was seen to be healthy for so long is known to be good; `undefined`: only people say so. */
  readonly goodAfterMs?: number | undefined;
  /** A target with an alert that fired and cleared so often within `perMs`, without any help, is left to a person. */
  readonly flap: { readonly count: number; readonly perMs: number };
  readonly freeze: readonly Freeze[];
  /** Who must agree before what; without an entry, levels 4 and 5 take one approver. */
  readonly approvals?: Approvals | undefined;
}
