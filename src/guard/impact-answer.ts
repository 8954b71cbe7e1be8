import type { Impact } from '../decision/impact.js';
import type { Observation, SeriesSample } from '../source/sample.js';
import type { Alert } from '../trigger/alert.js';

/** How far above 1 a share may be for the roundness of a division alone. */
const ROUNDING = 1e-6;

/** What an answer says about the impact of one alert: by the series with its labels, or by the one about the whole. */
export function impactIn(observation: Observation, { labels }: Pick<Alert, 'labels'>): Impact {
  if (observation.kind === 'error') return unknown(observation.message);
  const fitting = observation.series.filter((series) => Object.entries(series.labels).every(([name, value]) => labels[name] === value));
  const mostLabels = Math.max(...fitting.map(countLabels));
  const [only, another] = fitting.filter((series) => countLabels(series) === mostLabels);
  if (only === undefined) return unknown(observation.series.length === 0 ? 'nothing matches its query' : 'its query says nothing about this alert');
  if (another !== undefined) return unknown('its query gives several values for this alert');
  return impactOf(only);
}

function countLabels({ labels }: SeriesSample): number {
  return Object.keys(labels).length;
}

function impactOf({ sample }: SeriesSample): Impact {
  switch (sample.kind) {
    case 'value':
      if (sample.value < 0 || sample.value > 1 + ROUNDING) return unknown(`its query gives ${sample.value}, which is no share from 0 to 1`);
      return { kind: 'known', share: Math.min(1, sample.value) };
    case 'no-data':
      return unknown(`there is no data (${sample.reason})`);
    case 'stale':
      return unknown('the newest sample is too old');
    case 'error':
      return unknown(sample.message);
    default:
      throw new TypeError(`unknown sample ${JSON.stringify(sample satisfies never)}`);
  }
}

function unknown(why: string): Impact {
  return { kind: 'unknown', why };
}
