import { createHttpClient, type HttpAnswer } from '../source/http-client.js';
import { AlertmanagerApi } from '../source/alertmanager-api.js';
import { parseExposition } from '../source/exposition.js';
import { createPrometheusSource } from '../source/prometheus-source.js';
import { histogramName } from '../source/signal-promql.js';
import type { Signal } from '../source/signal.js';
import type { AlertmanagerSettings, PrometheusSettings, ScrapeSettings, SourceSettings } from '../source/source-settings.js';
import type { Clock } from '../time/clock.js';
import { formatDuration } from '../time/duration.js';
import type { Trigger } from '../trigger/trigger.js';
import { BelayError } from '../fault/belay-error.js';
import { type Examination, type Finding, LOOK_TIMEOUT_MS } from './finding.js';

/** Beyond this, "five minutes ago" is another time there than here. */
const MOST_SKEW_MS = 5_000;
const MOST_SAMPLES = 200_000;

/** Whether a source answers, whether its clock agrees with this one, and whether it has what its triggers ask for. */
export function sourceExamination(settings: SourceSettings, triggers: readonly Trigger[], clock: Clock): Examination {
  const own = triggers.filter(({ source }) => source === settings.name);
  const examination = (look: (signal: AbortSignal) => Promise<readonly Finding[]>, after: readonly Examination[] = []): Examination => ({
    area: 'source', name: settings.name, timeoutMs: LOOK_TIMEOUT_MS, look, dependents: { area: 'trigger', count: own.length, examinations: after },
  });
  switch (settings.type) {
    case 'prometheus':
      return examination((signal) => prometheusFindings(settings, clock, signal), own.map((trigger) => triggerExamination(settings, trigger, clock)));
    case 'scrape':
      return examination((signal) => scrapeFindings(settings, own, clock, signal));
    case 'alertmanager':
      return examination((signal) => alertmanagerFindings(settings, signal));
    default:
      return settings satisfies never;
  }
}

async function prometheusFindings({ name, url, headers }: PrometheusSettings, clock: Clock, signal: AbortSignal): Promise<readonly Finding[]> {
  const { answer, skewMs } = await asked(`${url.replace(/\/+$/, '')}/api/v1/query?query=vector(1)`, headers, clock, signal);
  const answersAsPrometheus = answer.status === 200 && answer.body.includes('"resultType"');
  if (!answersAsPrometheus) throw new BelayError('provider-refused', `does not answer as a Prometheus does: HTTP ${answer.status}`, { context: { status: answer.status } });
  return [{ area: 'source', name, status: 'ok', message: `answers at ${url}` }, ...clockFindings(name, skewMs)];
}

async function scrapeFindings({ name, url, headers }: ScrapeSettings, triggers: readonly Trigger[], clock: Clock, signal: AbortSignal): Promise<readonly Finding[]> {
  const { answer, skewMs } = await asked(url, headers, clock, signal);
  if (answer.status !== 200) throw new BelayError('provider-refused', `answers HTTP ${answer.status}`, { context: { status: answer.status } });
  const format = (answer.headers['content-type'] ?? '').includes('application/openmetrics-text') ? 'openmetrics' : 'text';
  const read = parseExposition(answer.body, { format, maxSamples: MOST_SAMPLES });
  if ('problem' in read) throw new BelayError('provider-refused', `shows no metrics that can be read: line ${read.line}: ${read.problem}`);
  const names = new Set(read.samples.map((sample) => sample.name));
  const missing = triggers.flatMap((trigger): Finding[] => {
    const absent = trigger.query.kind === 'signal' ? metricsOf(trigger.query.signal).filter((metric) => !names.has(metric)) : [];
    if (absent.length === 0) return [];
    return [{ area: 'trigger', name: trigger.name, status: 'warning', message: `${name} does not show ${absent.join(' and ')}`, mend: 'see the name of the metric in rules/; a counter that has never counted may also come later' }];
  });
  return [{ area: 'source', name, status: 'ok', message: `shows ${read.samples.length} samples at ${url}` }, ...clockFindings(name, skewMs), ...missing];
}

async function alertmanagerFindings(settings: AlertmanagerSettings, signal: AbortSignal): Promise<readonly Finding[]> {
  const client = createHttpClient({ keepAlive: false });
  try {
    const startedAt = await new AlertmanagerApi(settings, client).startedAt(signal);
    if (typeof startedAt !== 'number') throw new BelayError('provider-unreachable', startedAt.message);
    return [{ area: 'source', name: settings.name, status: 'ok', message: `answers at ${settings.url}` }];
  } finally {
    client.close();
  }
}

/** The very question of the trigger, asked once. */
function triggerExamination(settings: PrometheusSettings, trigger: Trigger, clock: Clock): Examination {
  return {
    area: 'trigger',
    name: trigger.name,
    timeoutMs: LOOK_TIMEOUT_MS,
    async look(signal) {
      const source = createPrometheusSource(settings);
      try {
        const observation = await source.observe(trigger.query, clock.now(), signal);
        if (observation.kind === 'error') return { status: 'bad', message: observation.message };
        const known = observation.series.filter(({ sample }) => sample.kind === 'value');
        if (known.length > 0) return { status: 'ok', message: `its query returns ${known.length} series` };
        return { status: 'warning', message: `its query returns nothing now: ${trigger.queryText}`, mend: 'see the names of the metric and of the labels; without traffic it may be well' };
      } finally {
        await source.close();
      }
    },
  };
}

async function asked(url: string, headers: Readonly<Record<string, string>>, clock: Clock, signal: AbortSignal): Promise<{ readonly answer: HttpAnswer; readonly skewMs: number | undefined }> {
  const client = createHttpClient({ keepAlive: false });
  try {
    const answer = await client.ask({ method: 'GET', url, headers, timeoutMs: LOOK_TIMEOUT_MS }, signal);
    if (answer.kind === 'fault') throw new BelayError('provider-unreachable', answer.message);
    const dateAt = Date.parse(answer.headers['date'] ?? '');
    return { answer, skewMs: Number.isNaN(dateAt) ? undefined : clock.now() - dateAt };
  } finally {
    client.close();
  }
}

/** Its Date is cut to the second, and the answer took a while: a skew that is less than both is none. */
function clockFindings(name: string, skewMs: number | undefined): readonly Finding[] {
  if (skewMs === undefined) return [];
  const isFar = Math.abs(skewMs) > MOST_SKEW_MS;
  const text = `${formatDuration(Math.round(Math.abs(skewMs) / 1000) * 1000)} ${skewMs > 0 ? 'ahead of' : 'behind'} that of ${name}`;
  return [isFar ? { area: 'clock', name, status: 'bad', message: `the clock here is ${text}`, mend: 'let both machines keep their time by NTP: windows and deployments are compared by it' } : { area: 'clock', name, status: 'ok', message: `the clock here agrees with that of ${name}` }];
}

function metricsOf(signal: Signal): readonly string[] {
  switch (signal.type) {
    case 'saturation':
      return [signal.used, signal.limit];
    case 'latency':
      return [`${histogramName(signal.metric)}_bucket`];
    case 'errorRate':
    case 'syncSuccess':
    case 'queueDepth':
    case 'gauge':
      return [signal.metric];
    default:
      return signal satisfies never;
  }
}
