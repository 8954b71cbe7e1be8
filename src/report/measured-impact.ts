import type { Incident } from '../incident/incident.js';
import type { Source } from '../source/source.js';
import type { MeasuredImpact } from './incident-report.js';
import { incidentTimes } from './incident-times.js';

/** A figure of the damage: an expression asked of a source once the trouble is over. */
export interface ImpactMeasure {
  /** As it stands in the report: `bad requests`. */
  readonly name: string;
  /** Every target when absent. */
  readonly target?: string | undefined;
  readonly source: string;
  /** `${downtime}` in it is how long the trouble took, as a duration of whole seconds. */
  readonly expr: string;
}

export const DOWNTIME = '${downtime}';

/** Asks each measure about the instant at which the trouble was over, or about `now` while it is not. */
export async function measureImpact(incident: Incident, measures: readonly ImpactMeasure[], sources: ReadonlyMap<string, Source>, now: number, signal: AbortSignal): Promise<readonly MeasuredImpact[]> {
  const { beganAt, overAt = now } = incidentTimes(incident);
  const seconds = Math.max(1, Math.ceil((overAt - beganAt) / 1_000));
  const concerned = measures.filter(({ target }) => target === undefined || target === incident.target);
  return Promise.all(
    concerned.map(async ({ name, source: sourceName, expr }): Promise<MeasuredImpact> => {
      const source = sources.get(sourceName);
      if (source === undefined) return { name, problem: `there is no source ${sourceName}` };
      const answer = await source.observe({ kind: 'promql', expr: expr.replaceAll(DOWNTIME, `${seconds}s`) }, overAt, signal);
      if (answer.kind === 'error') return { name, problem: answer.message };
      const [only, second] = answer.series;
      if (second !== undefined) return { name, problem: `the expression gives ${answer.series.length} series: aggregate it` };
      return only?.sample.kind === 'value' ? { name, value: only.sample.value } : { name, problem: 'no data' };
    }),
  );
}
