import { BelayError } from '../fault/belay-error.js';
import type { Observation } from '../source/sample.js';
import type { Query, Source } from '../source/source.js';
import { slotAfter, slotAtOrBefore } from '../time/slots.js';
import type { History, HistoryBatch } from './history.js';

export interface HistoryRange {
  readonly fromAt: number;
  readonly toAt: number;
  readonly stepMs: number;
}

/** The first question is small, to learn how many series there are; then as much as a Prometheus gives at once. */
const FIRST_POINTS = 500;
const MOST_POINTS = 10_000;
/** Of all series together, about 15 MB of JSON. */
const MOST_VALUES = 400_000;
/** What cannot be answered in pieces this small cannot be answered at all. */
const FEWEST_POINTS = 100;

/** A source's answers at every slot of a range, asked piece by piece. Rejects with BelayError `provider-unreachable` or `provider-refused`. */
export function sourceHistory(source: Source, query: Query, { fromAt, toAt, stepMs }: HistoryRange, signal: AbortSignal): History {
  const firstAt = slotAfter(fromAt - 1, stepMs);
  const lastAt = slotAtOrBefore(toAt, stepMs);
  return { stepMs, batches: askedInPieces(source, query, { fromAt: firstAt, toAt: lastAt, stepMs }, signal) };
}

async function* askedInPieces(source: Source, query: Query, { fromAt, toAt, stepMs }: HistoryRange, signal: AbortSignal): AsyncGenerator<HistoryBatch> {
  let points = FIRST_POINTS;
  let at = fromAt;
  while (at <= toAt) {
    const endAt = Math.min(toAt, at + (points - 1) * stepMs);
    const observations = (await source.history?.(query, at, endAt, stepMs, signal)) ?? [];
    const failure = wholeFailure(observations);
    if (failure !== undefined) {
      // A range that is too much for the server at once (time, memory, size of the answer) may do in smaller pieces.
      if (failure.reason === 'unreachable' || points <= FEWEST_POINTS) throw historyFault(source, failure);
      points = Math.max(FEWEST_POINTS, Math.floor(points / 4));
      continue;
    }
    yield { observations, share: (endAt - fromAt + stepMs) / (toAt - fromAt + stepMs) };
    at = endAt + stepMs;
    const series = Math.max(1, ...observations.map((answer) => (answer.kind === 'vector' ? answer.series.length : 0)));
    points = Math.max(FEWEST_POINTS, Math.min(MOST_POINTS, Math.floor(MOST_VALUES / series)));
  }
}

type Failure = Extract<Observation, { kind: 'error' }>;

/** The fault that made every answer of a piece an error; single ones among them are for the trigger to judge. */
function wholeFailure(observations: readonly Observation[]): Failure | undefined {
  const [first] = observations;
  return first?.kind === 'error' && observations.every((answer) => answer.kind === 'error' && answer.message === first.message) ? first : undefined;
}

function historyFault({ name }: Source, { at, reason, message }: Failure): BelayError {
  const refused = reason === 'query-refused' || reason === 'wrong-type';
  return new BelayError(refused ? 'provider-refused' : 'provider-unreachable', `the past of source ${name} cannot be read: ${message}`, { context: { source: name, at, reason } });
}
