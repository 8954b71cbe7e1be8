import type { Incident, IncidentAlert } from '../incident/incident.js';
import type { Plot, PlotLine, PlotMark } from '../plot/plot.js';
import type { Labels, Observation } from '../source/sample.js';
import type { Source } from '../source/source.js';
import type { RecentSample } from '../trigger/alert.js';
import type { ChangeMarkers } from '../trigger/baseline.js';
import type { Trigger } from '../trigger/trigger.js';
import { sourceOf } from '../trigger/trigger-source.js';
import { incidentTimes } from './incident-times.js';

/** What is shown before the trouble and after it. */
const BEFORE_MS = 15 * 60_000;
const AFTER_MS = 10 * 60_000;
const MOST_PLOTS = 4;
const MOST_LINES = 8;
const MOST_POINTS = 600;

export type RememberedSeries = (trigger: string, sinceAt: number) => readonly { readonly labels: Labels; readonly points: readonly RecentSample[] }[];

export interface PlotPorts {
  readonly triggers: ReadonlyMap<string, Trigger>;
  readonly sources: ReadonlyMap<string, Source>;
  readonly changes: ChangeMarkers;
  /** What is remembered of the alerts of a trigger, oldest first: drawn where its source keeps no history. */
  readonly remembered?: RememberedSeries | undefined;
  /** No more plots than this. */
  readonly most?: number | undefined;
}

/** What else happened meanwhile: where it began, when it fired, each rung that really ran, and the recovery. */
function marksOf(incident: Incident, alerts: readonly IncidentAlert[]): readonly PlotMark[] {
  const [first] = alerts.toSorted((a, b) => a.firedAt - b.firedAt);
  const began = first?.evidence.activeAt;
  return [
    ...(began === undefined ? [] : [{ at: began, text: 'began' }]),
    ...(first === undefined ? [] : [{ at: first.evidence.firedAt ?? first.firedAt, text: 'fired' }]),
    ...incident.rungs.filter(({ begun, mode }) => begun && mode === 'enforce').map(({ startedAt, level, undoes }) => ({ at: startedAt, text: undoes !== undefined ? 'undo' : level === undefined ? 'rollback' : `level ${level}` })),
    ...(incident.status === 'recovered' && incident.endedAt !== undefined ? [{ at: incident.endedAt, text: 'recovered' }] : []),
  ];
}

/**
 * The series of the incident's triggers before, during and after it, as their sources still remember them, or Belay
 * itself. A trigger of which nothing is remembered has no plot.
 */
export async function incidentPlots(incident: Incident, { triggers, sources, changes, remembered = () => [], most = MOST_PLOTS }: PlotPorts, now: number, signal: AbortSignal): Promise<readonly Plot[]> {
  const { beganAt } = incidentTimes(incident);
  const fromAt = beganAt - BEFORE_MS;
  const toAt = Math.min(now, (incident.endedAt ?? now) + AFTER_MS);
  const names = [...new Set(incident.alerts.map(({ evidence }) => evidence.trigger))].slice(0, most);
  const plots = await Promise.all(
    names.map(async (name) => {
      const trigger = triggers.get(name);
      const source = trigger === undefined ? undefined : sources.get(trigger.source);
      if (trigger === undefined || source === undefined) return [];
      if (source.history === undefined) return rememberedPlots(incident, trigger, remembered(name, fromAt), toAt);
      const stepMs = Math.max(trigger.intervalMs, Math.ceil((toAt - fromAt) / MOST_POINTS / 1_000) * 1_000);
      const observations = (await sourceOf(trigger, source, changes).history?.(trigger.query, fromAt, toAt, stepMs, signal)) ?? [];
      const lines = linesOf(observations);
      return lines.length === 0 ? [] : [plotOf(incident, trigger, lines, { fromAt, toAt, stepMs })];
    }),
  );
  return plots.flat();
}

function rememberedPlots(incident: Incident, trigger: Trigger, series: ReturnType<RememberedSeries>, toAt: number): readonly Plot[] {
  const lines = series
    .map(({ labels, points }) => ({ name: nameOf(labels), points: points.flatMap((point) => ('value' in point && point.at <= toAt ? [{ fromAt: point.at, toAt: point.at, min: point.value, max: point.value }] : [])) }))
    .filter(({ points }) => points.length > 0);
  // It may not reach as far back as wanted.
  const fromAt = Math.min(...lines.flatMap(({ points }) => points[0]?.fromAt ?? []));
  return lines.length === 0 ? [] : [plotOf(incident, trigger, lines.slice(0, MOST_LINES), { fromAt, toAt, stepMs: trigger.intervalMs })];
}

function plotOf(incident: Incident, { name, condition, clearCondition }: Trigger, lines: readonly PlotLine[], { fromAt, toAt, stepMs }: { readonly fromAt: number; readonly toAt: number; readonly stepMs: number }): Plot {
  const alerts = incident.alerts.filter(({ evidence }) => evidence.trigger === name);
  return {
    description: `${name} before, during and after the incident`,
    fromAt,
    toAt,
    unit: condition.unit,
    lines,
    thresholds: [{ value: condition.threshold, text: condition.text }, ...(clearCondition === undefined ? [] : [{ value: clearCondition.threshold, text: `clear ${clearCondition.text}` }])],
    bands: alerts.flatMap(({ evidence: { activeAt, firedAt }, firedAt: notedAt, clearedAt }) => {
      const began = firedAt ?? notedAt;
      return [...(activeAt === undefined ? [] : [{ kind: 'pending' as const, fromAt: activeAt, toAt: began }]), { kind: 'firing' as const, fromAt: began, toAt: clearedAt ?? toAt }];
    }),
    marks: marksOf(incident, alerts),
    joinWithinMs: 1.5 * stepMs,
  };
}

function linesOf(observations: readonly Observation[]): readonly PlotLine[] {
  const lines = new Map<string, { readonly name: string; readonly points: PlotLine['points'][number][] }>();
  for (const observation of observations) {
    if (observation.kind === 'error') continue;
    for (const { labels, sample } of observation.series) {
      if (sample.kind !== 'value') continue;
      const name = nameOf(labels);
      const line = lines.get(name) ?? { name, points: [] };
      lines.set(name, line);
      line.points.push({ fromAt: sample.at, toAt: sample.at, min: sample.value, max: sample.value });
    }
  }
  return [...lines.values()].slice(0, MOST_LINES);
}

function nameOf(labels: Labels): string {
  return Object.entries(labels).map(([label, value]) => `${label}="${value}"`).join(', ') || 'without labels';
}
