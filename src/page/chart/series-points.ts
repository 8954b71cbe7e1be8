import type { PointView, TriggerSeriesView, TriggerView } from '../../http/guard-api.js';

/** The points of one alert, oldest first. */
export interface Line {
  readonly fingerprint: string;
  readonly points: readonly PointView[];
}

/** More lines than these cannot be told apart. */
export const MOST_LINES = 8;
const MOST_POINTS = 900;

export function linesOf({ series }: TriggerSeriesView): readonly Line[] {
  return series.map(({ fingerprint, points }) => ({ fingerprint, points }));
}

/** The lines with the newest points of the trigger's alerts, where these are newer than what is there. */
export function withNewest(lines: readonly Line[], { alerts }: Pick<TriggerView, 'alerts'>): readonly Line[] {
  const known = new Map(lines.map((line) => [line.fingerprint, line]));
  return alerts.map(({ fingerprint, point }) => {
    const line = known.get(fingerprint) ?? { fingerprint, points: [] };
    if (point === undefined || point.at <= (line.points.at(-1)?.at ?? 0)) return line;
    return { fingerprint, points: [...line.points, point].slice(-MOST_POINTS) };
  });
}

/** As uPlot takes them: instants in seconds, and for each line a value, `null` where it was unknown, `undefined` where it was not asked. */
export type Columns = readonly [instants: readonly number[], ...values: (readonly (number | null | undefined)[])[]];

export function columnsOf(lines: readonly Line[]): Columns {
  const instants = [...new Set(lines.flatMap(({ points }) => points.map(({ at }) => at)))].sort((a, b) => a - b);
  const places = new Map(instants.map((at, index) => [at, index]));
  const values = lines.map(({ points }) => {
    const column: (number | null | undefined)[] = new Array<undefined>(instants.length).fill(undefined);
    for (const point of points) column[places.get(point.at) ?? 0] = 'value' in point ? point.value : null;
    return column;
  });
  return [instants.map((at) => at / 1_000), ...values];
}

/** Where nothing was known of any line: from the first unknown instant to the next known one. Seconds. */
export function blindSpans([instants, ...values]: Columns): readonly (readonly [from: number, to: number])[] {
  const spans: [number, number][] = [];
  let from: number | undefined;
  instants.forEach((at, index) => {
    const isKnown = values.some((column) => typeof column[index] === 'number');
    const isUnknown = !isKnown && values.some((column) => column[index] === null);
    if (isUnknown) from ??= at;
    if (isKnown && from !== undefined) {
      spans.push([from, at]);
      from = undefined;
    }
  });
  const last = instants.at(-1);
  if (from !== undefined && last !== undefined) spans.push([from, last]);
  return spans;
}
