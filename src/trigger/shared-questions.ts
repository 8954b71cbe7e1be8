import { unlessAborted } from '../source/deadline.js';
import type { Observation } from '../source/sample.js';
import type { Source } from '../source/source.js';

export interface SharedQuestions extends Source {
  /** Ends the questions in hand. The source itself stays open. */
  stop(): void;
}

interface Question {
  readonly at: number;
  readonly answer: Promise<Observation>;
}

/**
 * A source that is asked once where several triggers ask the same about the same instant, as the severities of one
 * thing do. Each may give up by itself; the question goes on for the others.
 */
export function shareQuestions(source: Source): SharedQuestions {
  const newest = new Map<string, Question>();
  const stopping = new AbortController();
  return {
    name: source.name,
    intervalMs: source.intervalMs,

    async observe(query, at, signal) {
      signal.throwIfAborted();
      const key = JSON.stringify(query);
      const asked = newest.get(key);
      if (asked?.at === at) return unlessAborted(asked.answer, signal);
      const answer = source.observe(query, at, stopping.signal);
      newest.set(key, { at, answer });
      const forget = (): void => {
        if (newest.get(key)?.answer === answer) newest.delete(key);
      };
      // An answer is shared with those who ask while it is on its way; who asks later asks anew.
      void answer.then(forget, forget);
      return unlessAborted(answer, signal);
    },

    ...(source.history === undefined ? {} : { history: source.history.bind(source) }),

    close: () => source.close(),

    stop() {
      stopping.abort(new Error(`${source.name} is asked no more`));
    },
  };
}
