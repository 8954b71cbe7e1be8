import type { Observation } from '../source/sample.js';
import type { Source } from '../source/source.js';
import { asShareOf, BaselineReader, type ChangeMarkers } from './baseline.js';
import { withEnoughTraffic } from './min-traffic.js';
import type { Trigger } from './trigger.js';

/** For programs that are told of no changes. */
export const noChangeMarkers: ChangeMarkers = { lastDeployAt: () => undefined };

/**
 * A source as one trigger asks it: values are held against their baseline, and taken back where too little goes on.
 * Everything that is asked besides is about the same instants, of the same source. Without a baseline and a minimum of
 * traffic it is the source itself.
 */
export function sourceOf(trigger: Trigger, source: Source, changes: ChangeMarkers = noChangeMarkers): Source {
  const { baseline, minTraffic } = trigger;
  if (baseline === undefined && minTraffic === undefined) return source;
  const baselines = baseline === undefined ? undefined : new BaselineReader(trigger, baseline, source, changes);
  const judge = (observation: Observation, reading: Parameters<typeof asShareOf>[0] | undefined, traffic: Observation | undefined): Observation => {
    const compared = reading === undefined ? observation : asShareOf(reading, observation);
    return minTraffic === undefined || traffic === undefined ? compared : withEnoughTraffic(minTraffic, compared, traffic);
  };
  return {
    name: source.name,
    intervalMs: source.intervalMs,

    async observe(query, at, signal) {
      const [observation, readings, traffic] = await Promise.all([
        source.observe(query, at, signal),
        baselines?.readAll([at], signal),
        minTraffic === undefined ? undefined : source.observe(minTraffic.query, at, signal),
      ]);
      return judge(observation, readings?.[0], traffic);
    },

    async history(query, fromAt, toAt, stepMs, signal) {
      const [observations, amounts] = await Promise.all([
        source.history?.(query, fromAt, toAt, stepMs, signal) ?? [],
        minTraffic === undefined ? [] : (source.history?.(minTraffic.query, fromAt, toAt, stepMs, signal) ?? []),
      ]);
      const readings = await baselines?.readAll(observations.map(({ at }) => at), signal);
      const trafficAt = new Map(amounts.map((traffic) => [traffic.at, traffic]));
      return observations.map((observation, index) => {
        const { at } = observation;
        const traffic = trafficAt.get(at) ?? { kind: 'error', at, reason: 'bad-answer', message: 'the traffic of that time is not known' };
        return judge(observation, readings?.[index], minTraffic === undefined ? undefined : traffic);
      });
    },

    close: () => source.close(),
  };
}
