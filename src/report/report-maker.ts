import type { Target } from '../decision/target.js';
import type { Incident } from '../incident/incident.js';
import type { Source } from '../source/source.js';
import type { Clock } from '../time/clock.js';
import type { ChangeMarkers } from '../trigger/baseline.js';
import type { Trigger } from '../trigger/trigger.js';
import type { CustomersTold } from './customers-told.js';
import { incidentPlots, type RememberedSeries } from './incident-plots.js';
import { incidentReport, type IncidentReport } from './incident-report.js';
import type { DeployedChange } from './incident-timeline.js';
import { incidentTimes } from './incident-times.js';
import { type ImpactMeasure, measureImpact } from './measured-impact.js';

/** What the files and the journal say now, beside the incident. */
export interface ReportView {
  readonly targets: readonly Target[];
  readonly triggers: readonly Trigger[];
  readonly sources: ReadonlyMap<string, Source>;
  readonly changes: ChangeMarkers;
  readonly remembered?: RememberedSeries | undefined;
  readonly deploys: readonly (DeployedChange & { readonly target: string })[];
  readonly measures: readonly ImpactMeasure[];
  readonly customers: CustomersTold;
}

/** A report is no reason to wait for a source that hangs. */
const ASK_LIMIT_MS = 20_000;

/** Makes the report of an incident as it stands now; what sources no longer remember is left out of it, and said. */
export async function makeIncidentReport(incident: Incident, view: ReportView, clock: Clock): Promise<IncidentReport> {
  const now = clock.now();
  const over = new AbortController();
  const asking = new AbortController();
  // Rejects only when `over` aborts, which is the ordinary end.
  const limit = clock.sleepUntil(now + ASK_LIMIT_MS, over.signal).then(() => asking.abort(), () => undefined);
  try {
    const triggers = new Map(view.triggers.map((trigger) => [trigger.name, trigger]));
    const [plots, impact] = await Promise.all([
      incidentPlots(incident, { triggers, sources: view.sources, changes: view.changes, remembered: view.remembered }, now, asking.signal).catch(() => []),
      measureImpact(incident, view.measures, view.sources, now, asking.signal).catch(() => view.measures.map(({ name }) => ({ name, problem: 'its source took too long' }))),
    ]);
    const { beganAt } = incidentTimes(incident);
    const lastDeploy = view.deploys.filter(({ target, at }) => target === incident.target && at <= beganAt).at(-1);
    return incidentReport(incident, { target: view.targets.find(({ name }) => name === incident.target), lastDeploy, impact, plots, customers: view.customers });
  } finally {
    over.abort();
    await limit;
  }
}
