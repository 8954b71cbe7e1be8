import { alertQuestion, expressionIn, type AlertQuestion } from './alert-expression.js';
import { conditionHolds } from './condition.js';
import { alertKey, type ReceivedAlert } from './received-alert.js';
import type { Labels, Observation, Sample } from './sample.js';
import type { SourceSettings } from './source-settings.js';
import type { Query, ReceivedQuery, Source } from './source.js';

/** A configured source that can be asked about alerts. */
export interface AlertPlace {
  readonly settings: Pick<SourceSettings, 'name' | 'type' | 'url'>;
  readonly source: Source;
}

/** What a source says of an alert that a message calls firing: 1 or 0, or why it is not known. */
export type Confirmation = Extract<Sample, { kind: 'value' | 'no-data' | 'error' }>;

interface Question {
  readonly source: Source;
  readonly query: Query;
  readonly judge: (alert: ReceivedAlert, answer: Observation) => Confirmation;
}

/** Different questions in one go, all alerts of a trigger together. */
const MOST_QUESTIONS = 50;

/**
 * Asks the configured sources about alerts, each question once. An alert's own expression (the trigger's, or that of
 * its generatorURL) goes to the Prometheus from which it comes; without one, an Alertmanager is asked whether it fires.
 * `no-data` with the reason `unconfirmable` is an alert that nobody can be asked about. Rejects only when `signal` aborts.
 */
export async function confirmAlerts(query: ReceivedQuery, alerts: readonly ReceivedAlert[], places: readonly AlertPlace[], at: number, signal: AbortSignal): Promise<ReadonlyMap<string, Confirmation>> {
  const asked = new Map<string, { readonly question: Question; readonly alerts: ReceivedAlert[] }>();
  const known = new Map<string, Confirmation>();
  for (const alert of alerts) {
    const question = questionAbout(query, alert, places);
    if (question === undefined) {
      known.set(alert.key, { kind: 'no-data', at, reason: 'unconfirmable' });
      continue;
    }
    const id = JSON.stringify([question.source.name, question.query]);
    const same = asked.get(id);
    if (same !== undefined) same.alerts.push(alert);
    else if (asked.size < MOST_QUESTIONS) asked.set(id, { question, alerts: [alert] });
    else known.set(alert.key, { kind: 'error', at, reason: 'bad-answer', message: `more than ${MOST_QUESTIONS} different expressions fire at once: match fewer alerts, or give the trigger an expr of its own` });
  }
  await Promise.all(
    [...asked.values()].map(async ({ question: { source, query: own, judge }, alerts: concerned }) => {
      const answer = await source.observe(own, at, signal);
      for (const alert of concerned) known.set(alert.key, judge(alert, answer));
    }),
  );
  return known;
}

function questionAbout(query: ReceivedQuery, alert: ReceivedAlert, places: readonly AlertPlace[]): Question | undefined {
  const named = query.place === undefined ? places : places.filter(({ settings }) => settings.name === query.place);
  const expr = query.expr ?? expressionIn(alert.generatorUrl);
  const asked = expr === undefined ? undefined : alertQuestion(expr, query.condition);
  const prometheus = asked === undefined ? undefined : placeFor('prometheus', alert.generatorUrl, named);
  if (asked !== undefined && prometheus !== undefined) {
    return { source: prometheus, query: { kind: 'promql', expr: asked.expr }, judge: (about, answer) => judgeByExpression(asked, about, answer) };
  }
  const alertmanager = placeFor('alertmanager', alert.externalUrl, named);
  if (alertmanager === undefined) return undefined;
  return { source: alertmanager, query: { kind: 'alerts', match: query.match, each: true }, judge: judgeByAlertmanager };
}

/** The source of that type on the host of an address, or else the only one of that type. */
function placeFor(type: AlertPlace['settings']['type'], address: string | undefined, places: readonly AlertPlace[]): Source | undefined {
  const fitting = places.filter(({ settings }) => settings.type === type);
  const host = hostOf(address);
  const own = host === undefined ? undefined : fitting.find(({ settings }) => hostOf(settings.url) === host);
  return (own ?? (fitting.length === 1 ? fitting[0] : undefined))?.source;
}

function hostOf(address: string | undefined): string | undefined {
  return address !== undefined && URL.canParse(address) ? new URL(address).host : undefined;
}

function judgeByExpression({ condition, emptyIsClear }: AlertQuestion, { labels }: ReceivedAlert, answer: Observation): Confirmation {
  const { at } = answer;
  if (answer.kind === 'error') return answer;
  const own = answer.series.filter((series) => isOf(labels, series.labels));
  const values = own.flatMap(({ sample }) => (sample.kind === 'value' ? [sample.value] : []));
  if (values.some((value) => condition === undefined || conditionHolds(condition, value))) return { kind: 'value', at, value: 1 };
  if (values.length > 0 && values.length === own.length) return { kind: 'value', at, value: 0 };
  if (emptyIsClear && answer.series.length === 0) return { kind: 'value', at, value: 0 };
  return { kind: 'no-data', at, reason: 'empty' };
}

/** Rules add labels to those of their series, and relabeling takes some away; what both have must be the same. */
function isOf(alertLabels: Labels, seriesLabels: Labels): boolean {
  return Object.entries(seriesLabels).every(([name, value]) => alertLabels[name] === undefined || alertLabels[name] === value);
}

function judgeByAlertmanager({ key }: ReceivedAlert, answer: Observation): Confirmation {
  const { at } = answer;
  if (answer.kind === 'error') return answer;
  if (answer.series.some(({ labels }) => alertKey(labels) === key)) return { kind: 'value', at, value: 1 };
  // A series without labels stands for all that the Alertmanager does not know yet.
  return answer.series.some((series) => Object.keys(series.labels).length === 0) ? { kind: 'no-data', at, reason: 'empty' } : { kind: 'value', at, value: 0 };
}
