import { setTimeout as waitMs } from 'node:timers/promises';

/** Looks again and again until something holds; rejects after `timeoutMs` or when `signal` aborts. */
export async function until(what: string, holds: () => Promise<boolean>, { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<void> {
  const startedMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedMs > timeoutMs) throw new Error(`waited ${timeoutMs / 1_000} s in vain until ${what}`);
    await waitMs(100, undefined, { signal });
  }
}
