/** What was looked at. */
export type Area = 'configuration' | 'store' | 'source' | 'trigger' | 'clock' | 'health' | 'provider' | 'channel' | 'daemon';

/** `skipped`: it cannot be looked at without an effect, or nothing uses it. */
export type FindingStatus = 'ok' | 'warning' | 'bad' | 'skipped';

/** One line of what `belay doctor` says. */
export interface Finding {
  readonly area: Area;
  readonly name: string;
  readonly status: FindingStatus;
  /** What was found. */
  readonly message: string;
  /** What to do about it. */
  readonly mend?: string | undefined;
}

/** Something to look at. */
export interface Examination {
  readonly area: Area;
  readonly name: string;
  /** How long it may take. */
  readonly timeoutMs: number;
  /** Has no effect on the world. What it rejects with is found to be bad. */
  look(signal: AbortSignal): Promise<Omit<Finding, 'area' | 'name'> | readonly Finding[]>;
  /** What can do nothing without it: where it gives no answer, that is said once, with how many these are. */
  readonly dependents?: Dependents | undefined;
}

export interface Dependents {
  readonly area: Area;
  readonly count: number;
  /** Looked at once it has answered, and not at all where it does not. */
  readonly examinations: readonly Examination[];
}

/** Most answer at once; one that hangs must not hold up a person who waits. */
export const LOOK_TIMEOUT_MS = 10_000;
