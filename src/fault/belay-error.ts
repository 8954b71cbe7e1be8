import type { ErrorCode } from './error-codes.js';

/** Every error that Belay raises on purpose: a stable code, what it was about, and what caused it. */
export class BelayError extends Error {
  readonly code: ErrorCode;
  /** Facts for logs and `--json`: never a secret, never a whole payload. */
  readonly context: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: { context?: Readonly<Record<string, unknown>>; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'BelayError';
    this.code = code;
    this.context = options.context ?? {};
  }
}

/** The one-line text of anything that was thrown. */
export function errorText(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(errorText).join('; ');
  return error instanceof Error ? error.message : String(error);
}
