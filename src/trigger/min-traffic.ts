import type { Observation, Sample } from '../source/sample.js';
import { isKnown } from './advance-alert.js';
import { besideSeries, seriesKey } from './matching-series.js';
import type { MinTraffic } from './trigger.js';

/**
 * An answer with the values taken back for which too little goes on. `traffic` is the answer about the traffic at the
 * same instant: of the same series, or of the whole. Where it is unknown, the value is unknown for the same reason.
 */
export function withEnoughTraffic({ atLeast }: MinTraffic, observation: Observation, traffic: Observation): Observation {
  if (observation.kind === 'error') return observation;
  const bySeries = new Map(traffic.kind === 'error' ? [] : traffic.series.map(({ labels, sample }) => [seriesKey(labels), sample]));
  return {
    ...observation,
    warnings: traffic.kind === 'error' ? observation.warnings : [...observation.warnings, ...traffic.warnings],
    series: observation.series.map((series) => {
      const { sample } = series;
      if (!isKnown(sample)) return series;
      const amount: Sample = traffic.kind === 'error' ? traffic : (besideSeries(bySeries, series) ?? { kind: 'no-data', at: sample.at, reason: 'empty' });
      if (!isKnown(amount)) return { ...series, sample: { ...amount, at: sample.at } };
      return amount.value >= atLeast ? series : { ...series, sample: { kind: 'no-data', at: sample.at, reason: 'too-little-traffic' } };
    }),
  };
}
