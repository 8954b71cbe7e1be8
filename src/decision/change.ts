/** What a marker may tell of a target beside its version. */
export interface MarkedState {
  readonly configVersion?: string | undefined;
  readonly snapshotId?: string | undefined;
  readonly migration?: string | undefined;
  readonly flags?: Readonly<Record<string, boolean>> | undefined;
}

/** The last known good state of a target. */
export interface RollbackPoint extends MarkedState {
  readonly version: string;
  /** When it was seen to be good, milliseconds since the epoch. */
  readonly at: number;
}

/** What is known of a target's changes when a decision is taken. */
export interface ChangeFacts {
  /** Its deployments, oldest first. */
  readonly deploys: readonly { readonly version: string; readonly at: number }[];
  /** What was deployed, or rolled back to, last. */
  readonly running?: string | undefined;
  readonly rollbackPoint?: RollbackPoint | undefined;
  /** Versions that were rolled back since they were last seen to be good. */
  readonly rolledBack: readonly string[];
}

export const noChanges: ChangeFacts = { deploys: [], rolledBack: [] };

/** What plans reach as `${rollbackPoint.…}`; empty when there is none. */
export function rollbackPointValues(point: RollbackPoint | undefined): Readonly<Record<string, unknown>> {
  if (point === undefined) return {};
  const known = Object.entries({ ...point, at: new Date(point.at).toISOString() }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known);
}

/** Whether a rollback point has what a template asks of it: `version`, `flags.new-checkout`; the empty path is the point itself. */
export function hasValue(point: RollbackPoint | undefined, path: string): boolean {
  let value: unknown = point === undefined ? undefined : rollbackPointValues(point);
  for (const key of path === '' ? [] : path.split('.')) value = typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  return value !== undefined;
}
