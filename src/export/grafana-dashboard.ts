import type { Config } from '../config/config.js';
import type { Trigger } from '../trigger/trigger.js';
import { exprOf } from './prometheus-rules.js';

export interface GrafanaDashboard {
  /** As Grafana imports it. */
  readonly dashboard: Readonly<Record<string, unknown>> & { readonly panels: readonly GrafanaPanel[] };
  /** Triggers without a panel, and why. */
  readonly left: readonly { readonly trigger: string; readonly message: string }[];
}

export interface GrafanaPanel {
  readonly id: number;
  readonly type: 'row' | 'timeseries' | 'stat';
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly refId: string; readonly expr: string; readonly legendFormat: string }[];
  readonly [key: string]: unknown;
}

interface Wanted {
  readonly title: string;
  readonly description?: string;
  readonly type?: 'timeseries' | 'stat';
  readonly queries: readonly (readonly [expr: string, legend: string])[];
  readonly unit?: string;
  readonly threshold?: { readonly value: number; readonly isBelow: boolean };
}

const SCHEMA_VERSION = 39;
const [COLUMNS, WIDTH, HEIGHT] = [24, 8, 7];
const units = { number: 'short', ratio: 'percentunit', seconds: 's', bytes: 'bytes' } as const;
const datasource = { type: 'prometheus', uid: '${datasource}' };

/** What Belay says of itself, and each trigger that asks a Prometheus against its threshold. `job`: under which Belay is scraped. */
export function grafanaDashboard({ environment, targets, triggers, sources }: Pick<Config, 'environment' | 'targets' | 'triggers' | 'sources'>, job: string): GrafanaDashboard {
  const promised = new Set(sources.flatMap(({ name, type }) => (type === 'prometheus' ? [name] : [])));
  const isAsked = ({ source, query }: Trigger): boolean => promised.has(source) && (query.kind === 'promql' || query.kind === 'signal');
  const rows: (readonly [title: string, panels: readonly Wanted[]])[] = [
    ['Belay', ownPanels(job)],
    ...targets.map(({ name }) => [name, triggers.filter((trigger) => trigger.target === name && isAsked(trigger)).map(triggerPanel)] as const),
  ];
  return {
    dashboard: {
      uid: 'belay',
      title: `Belay (${environment})`,
      tags: ['belay'],
      schemaVersion: SCHEMA_VERSION,
      version: 1,
      editable: true,
      refresh: '30s',
      time: { from: 'now-6h', to: 'now' },
      timezone: 'browser',
      templating: { list: [{ name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', hide: 0, refresh: 1, regex: '', options: [], current: {} }] },
      annotations: { list: [] },
      panels: laidOut(rows.filter(([, panels]) => panels.length > 0)),
    },
    left: triggers.filter((trigger) => !isAsked(trigger)).map(({ name: trigger }) => ({ trigger, message: 'left out: it is not asked of a Prometheus' })),
  };
}

function ownPanels(job: string): readonly Wanted[] {
  const own = (metric: string): string => `${metric}{job=${JSON.stringify(job)}}`;
  const happened = (metric: string, by: string): string => `sum by (${by}) (increase(${own(metric)}[$__range]))`;
  const quantile = (metric: string, by: string): (readonly [string, string])[] =>
    [0.5, 0.9].map((share) => [`histogram_quantile(${share}, sum by (le, ${by}) (${own(`${metric}_bucket`)}))`, `${share === 0.5 ? 'half' : '90%'} within, {{target}}`] as const);
  return [
    { title: 'On guard', description: '1 while Belay can see and act', type: 'stat', queries: [[own('belay_ready'), 'ready']] },
    { title: 'Blind sources', queries: [[own('belay_source_blind'), '{{source}}']] },
    { title: 'Alerts', queries: [[`sum by (target, state) (${own('belay_alerts')})`, '{{target}} {{state}}']] },
    { title: 'Open incidents', queries: [[own('belay_open_incidents'), '{{target}}']] },
    { title: 'Decisions', description: 'In the time that is shown', queries: [[happened('belay_decisions_total', 'target, kind, reason'), '{{target}} {{kind}} {{reason}}']] },
    { title: 'Rollbacks', description: 'In the time that is shown', queries: [[happened('belay_rollbacks_total', 'target, outcome'), '{{target}} {{outcome}}']] },
    { title: 'Verifications', description: 'In the time that is shown', queries: [[happened('belay_verifications_total', 'target, outcome'), '{{target}} {{outcome}}']] },
    { title: 'A person is needed', description: 'In the time that is shown', queries: [[happened('belay_needs_human_total', 'target, reason'), '{{target}} {{reason}}']] },
    { title: 'Time to detection', unit: 's', queries: quantile('belay_detection_seconds', 'target') },
    { title: 'Time to decision', unit: 's', queries: quantile('belay_decision_seconds', 'target') },
    { title: 'Time to rollback', unit: 's', queries: quantile('belay_rollback_seconds', 'target') },
    { title: 'Time to recovery', unit: 's', queries: quantile('belay_recovery_seconds', 'target') },
    { title: 'Answers of sources', queries: [[`sum by (source, outcome) (rate(${own('belay_observations_total')}[$__rate_interval]))`, '{{source}} {{outcome}}']] },
    { title: 'Messages', description: 'In the time that is shown', queries: [[happened('belay_messages_total', 'channel, outcome'), '{{channel}} {{outcome}}']] },
    { title: 'Since the last good drill', unit: 's', queries: [[`time() - ${own('belay_drill_last_success_timestamp_seconds')}`, '{{kind}} {{plan}}']] },
    { title: 'Never drilled, or failed', queries: [[own('belay_drill_warning'), '{{kind}} {{plan}}']] },
  ];
}

function triggerPanel({ name, query, condition, queryText }: Trigger): Wanted {
  return {
    title: `${name} ${condition.text}`,
    description: queryText,
    queries: [[exprOf(query), '__auto']],
    unit: units[condition.unit],
    threshold: { value: condition.threshold, isBelow: condition.comparison.startsWith('<') },
  };
}

/** Three panels beside each other below the title of their row. */
function laidOut(rows: readonly (readonly [title: string, panels: readonly Wanted[]])[]): readonly GrafanaPanel[] {
  const panels: GrafanaPanel[] = [];
  let y = 0;
  for (const [title, wanted] of rows) {
    panels.push({ id: panels.length + 1, type: 'row', title, collapsed: false, gridPos: { x: 0, y, w: COLUMNS, h: 1 }, panels: [], targets: [] });
    y += 1;
    wanted.forEach((panel, index) => panels.push(panelOf(panel, panels.length + 1, { x: (index * WIDTH) % COLUMNS, y: y + Math.floor((index * WIDTH) / COLUMNS) * HEIGHT, w: WIDTH, h: HEIGHT })));
    y += Math.ceil((wanted.length * WIDTH) / COLUMNS) * HEIGHT;
  }
  return panels;
}

function panelOf({ title, description, type = 'timeseries', queries, unit = 'short', threshold }: Wanted, id: number, gridPos: GrafanaPanel['gridPos']): GrafanaPanel {
  const [good, bad] = ['green', 'red'];
  const steps = threshold === undefined ? [{ color: good, value: null }] : [{ color: threshold.isBelow ? bad : good, value: null }, { color: threshold.isBelow ? good : bad, value: threshold.value }];
  return {
    id,
    type,
    title,
    ...(description === undefined ? {} : { description }),
    gridPos,
    datasource,
    targets: queries.map(([expr, legendFormat], index) => ({ refId: String.fromCharCode(65 + index), datasource, expr, legendFormat })),
    fieldConfig: { defaults: { unit, min: 0, thresholds: { mode: 'absolute', steps }, custom: type === 'stat' ? {} : { thresholdsStyle: { mode: threshold === undefined ? 'off' : 'line' }, spanNulls: false } }, overrides: [] },
    options: type === 'stat' ? { reduceOptions: { calcs: ['lastNotNull'] } } : { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
  };
}
