/** Whether this is no more than the word of a signal that has aborted without a reason of its own. */
export function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
