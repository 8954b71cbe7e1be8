import type { Incident, IncidentAlert } from '../incident/incident.js';
import type { Plot, PlotLine } from '../plot/plot.js';
import type { Observation } from '../source/sample.js';
import type { Source } from '../source/source.js';
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

export interface PlotPorts {
  readonly triggers: ReadonlyMap<string, Trigger>;
  readonly sources: ReadonlyMap<string, Source>;
  readonly changes: ChangeMarkers;
}

/**
 * The series of the incident's triggers before, during and after it, as their sources still remember them. A trigger
 * whose source remembers nothing has no plot.
 */
export async function incidentPlots(incident: Incident, { triggers, sources, changes }: PlotPorts, now: number, signal: AbortSignal): Promise<readonly Plot[]> {
  const { beganAt } = incidentTimes(incident);
  const fromAt = beganAt - BEFORE_MS;
  const toAt = Math.min(now, (incident.endedAt ?? now) + AFTER_MS);
  const names = [...new Set(incident.alerts.map(({ evidence }) => evidence.trigger))].slice(0, MOST_PLOTS);
  const plots = await Promise.all(
    names.map(async (name) => {
      const trigger = triggers.get(name);
      const source = trigger === undefined ? undefined : sources.get(trigger.source);
      if (trigger === undefined || source?.history === undefined) return [];
      const stepMs = Math.max(trigger.intervalMs, Math.ceil((toAt - fromAt) / MOST_POINTS / 1_000) * 1_000);
      const observations = (await sourceOf(trigger, source, changes).history?.(trigger.query, fromAt, toAt, stepMs, signal)) ?? [];
      const lines = linesOf(observations);
      return lines.length === 0 ? [] : [plotOf(trigger, incident.alerts.filter(({ evidence }) => evidence.trigger === name), lines, { fromAt, toAt, stepMs })];
    }),
  );
  return plots.flat();
}

function plotOf({ name, condition, clearCondition }: Trigger, alerts: readonly IncidentAlert[], lines: readonly PlotLine[], { fromAt, toAt, stepMs }: { readonly fromAt: number; readonly toAt: number; readonly stepMs: number }): Plot {
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
    joinWithinMs: 1.5 * stepMs,
  };
}

function linesOf(observations: readonly Observation[]): readonly PlotLine[] {
  const lines = new Map<string, { readonly name: string; readonly points: PlotLine['points'][number][] }>();
  for (const observation of observations) {
    if (observation.kind === 'error') continue;
    for (const { labels, sample } of observation.series) {
      if (sample.kind !== 'value') continue;
      const name = Object.entries(labels).map(([label, value]) => `${label}="${value}"`).join(', ') || 'without labels';
      const line = lines.get(name) ?? { name, points: [] };
      lines.set(name, line);
      line.points.push({ fromAt: sample.at, toAt: sample.at, min: sample.value, max: sample.value });
    }
  }
  return [...lines.values()].slice(0, MOST_LINES);
}
