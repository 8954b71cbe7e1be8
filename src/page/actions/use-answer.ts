import { useEffect, useState } from 'preact/hooks';
import { ApiError } from '../session/api.js';

export type Answer<T> = { readonly kind: 'waiting' } | { readonly kind: 'there'; readonly value: T } | { readonly kind: 'refused'; readonly message: string; readonly status: number };

/** What the daemon answers to a question, asked anew whenever one of `about` changes; the old answer stands until then. */
export function useAnswer<T>(question: (signal: AbortSignal) => Promise<T>, about: readonly unknown[]): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T>>({ kind: 'waiting' });
  useEffect(() => {
    const controller = new AbortController();
    question(controller.signal).then(
      (value) => setAnswer({ kind: 'there', value }),
      (error: unknown) => {
        if (controller.signal.aborted) return;
        setAnswer({ kind: 'refused', message: error instanceof Error ? error.message : String(error), status: error instanceof ApiError ? error.status : 0 });
      },
    );
    return () => controller.abort();
  }, about);
  return answer;
}
