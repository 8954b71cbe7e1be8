import type { AlertMatcher } from './alert-match.js';
import type { Labels } from './sample.js';
import type { Condition } from './condition.js';
import type { Signal } from './signal.js';

/** Something about the world that must hold: asked by `check` steps and by verification. */
export type Check =
  | { readonly type: 'http'; readonly name: string; readonly url: string; readonly method: 'GET' | 'POST' | 'HEAD'; readonly headers: Labels; readonly body?: unknown; readonly expect: HttpExpectation; readonly timeoutMs: number }
  | { readonly type: 'query'; readonly name: string; readonly source: string; readonly expr?: string | undefined; readonly signal?: Signal | undefined; readonly condition: Condition; readonly timeoutMs: number }
  | { readonly type: 'command'; readonly name: string; readonly argv: readonly string[]; readonly env?: Readonly<Record<string, string>> | undefined; readonly timeoutMs: number }
  /** How many alerts fire in an Alertmanager; the only one that is configured where `source` is absent. */
  | { readonly type: 'alerts'; readonly name: string; readonly source?: string | undefined; readonly match: readonly AlertMatcher[]; readonly atMost: number; readonly timeoutMs: number }
  | { readonly type: 'health'; readonly name: string; readonly target: string; readonly timeoutMs: number }
  /** Whether a backup of an entry of `databases`, the newest without `snapshotId`, could be restored. `target`: whose `rpo` says how old it may be, where the entry does not. */
  | { readonly type: 'backup'; readonly name: string; readonly database: string; readonly snapshotId?: string | undefined; readonly target?: string | undefined; readonly timeoutMs: number };

export type BackupCheck = Extract<Check, { readonly type: 'backup' }>;

/** Looks at backups. */
export interface BackupJudge {
  /** Resolves to a line for people about a backup that is good enough. Throws BelayError `backup-unfit` with what is wrong with it. */
  verify(check: BackupCheck, signal: AbortSignal): Promise<string>;
}

export interface HttpExpectation {
  readonly status: number;
  /** A subset that the answer's JSON must contain. */
  readonly json?: unknown;
  /** Text that the answer must contain. */
  readonly contains?: string | undefined;
  readonly maxLatencyMs?: number | undefined;
}

/** `failed` is known bad; `unknown` is no data; `error` could not be measured. `detail` is one sentence for people. */
export interface CheckResult {
  readonly name: string;
  readonly status: 'ok' | 'failed' | 'unknown' | 'error';
  readonly at: number;
  readonly detail: string;
}

/** Asks one check once; never rejects but for the signal. */
export interface CheckRunner {
  run(check: Check, signal: AbortSignal): Promise<CheckResult>;
}
