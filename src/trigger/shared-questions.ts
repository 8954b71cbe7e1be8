import { unlessAborted } from '../source/deadline.js';
import type { Observation } from '../source/sample.js';
import type { Source } from '../source/source.js';

export interface SharedQuestions {
  /** The source as one of those who share it asks it. */
  asker(): Source;
  /** Ends the questions in hand. The source itself stays open. */
  stop(): void;
}

interface Question {
  readonly at: number;
  readonly answer: Promise<Observation>;
  readonly answered: Set<Source>;
}

/**
 * A source that is asked once where several triggers ask the same about the same instant, as the severities of one
 * thing do. Each may give up by itself; the question goes on for the others. Who asks a second time wants to know anew.
 */
export function shareQuestions(source: Source): SharedQuestions {
  const newest = new Map<string, Question>();
  const stopping = new AbortController();

  function ask(asker: Source, query: Parameters<Source['observe']>[0], at: number): Promise<Observation> {
    const key = JSON.stringify(query);
    const asked = newest.get(key);
    if (asked?.at === at && !asked.answered.has(asker)) {
      asked.answered.add(asker);
      return asked.answer;
    }
    const answer = source.observe(query, at, stopping.signal);
    // It may be that nobody waits any more when it fails.
    answer.catch(() => undefined);
    newest.set(key, { at, answer, answered: new Set([asker]) });
    return answer;
  }

  return {
    asker() {
      const asker: Source = {
        name: source.name,
        intervalMs: source.intervalMs,
        async observe(query, at, signal) {
          signal.throwIfAborted();
          return unlessAborted(ask(asker, query, at), signal);
        },
        ...(source.confirm === undefined ? {} : { confirm: source.confirm.bind(source) }),
        ...(source.history === undefined ? {} : { history: source.history.bind(source) }),
        close: () => source.close(),
      };
      return asker;
    },
    stop() {
      stopping.abort(new Error(`${source.name} is asked no more`));
    },
  };
}
