import type { Mode } from '../trigger/trigger.js';

/** Where a metric tells which versions run: the values of `label` in the answer of `source` to `expr`. */
export interface VersionQuery {
  readonly source: string;
  readonly expr: string;
  readonly label: string;
}

/** A service under guard. */
export interface Target {
  readonly name: string;
  readonly owners: readonly string[];
  readonly priority: 'critical' | 'high' | 'medium' | 'low';
  readonly rtoMs?: number | undefined;
  readonly rpoMs?: number | undefined;
  readonly mode?: Mode | undefined;
  /** Whether a health endpoint is declared; where and how is the source's matter. */
  readonly hasHealth: boolean;
  readonly version?: VersionQuery | undefined;
}
