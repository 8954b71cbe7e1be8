import type { Labels } from '../source/sample.js';
import type { Candidate } from './candidate.js';
import { isCounter, isGauge, type MetricFamily, type MetricInventory } from './metric-family.js';
import { type SaturationPair, saturationPairs } from './saturation-pairs.js';
import { type StatusLabel, statusLabelOf } from './status-label.js';

/** The scrape itself, what the collector adds, and calls that the service makes to others: none of it is how the service serves. */
const NOT_SERVING = /^(?:promhttp_|scrape_|prometheus_|go_gc|jvm_gc)|(?:^|_)(?:client|outgoing|outbound|upstream_cx|egress)(?:_|$)/;
const SERVING = [/(?:^|_)(?:http|grpc|rpc)(?:_|$)/, /(?:^|_)(?:requests?|rq|server|handled|handler)(?:_|$)/];
const DURATION = /(?:^|_)(?:duration|latency|time|seconds|milliseconds|ms|rq_time)(?:_|$)/;
const QUEUE = /(?:^|_)(?:queues?|queued|backlog|pending|waiting|lag|unprocessed|outstanding)(?:_|$)/;
const NOT_A_DEPTH = /(?:^|_)(?:seconds|milliseconds|ms|bytes|max|limit|capacity|workers|consumers|age)(?:_|$)/;
const MEMORY = [/resident_memory_bytes$/, /memory_working_set_bytes$/, /(?:memory|heap)_(?:usage|used)(?:_size)?_bytes$/, /heap_(?:alloc|size_used)_bytes$/];
const MOST_OF_A_KIND = 3;

/** What a service's metrics can be watched for, told by their shapes. The most telling metric of each kind comes first. */
export function recognise(inventory: MetricInventory, select: Labels): readonly Candidate[] {
  const pairs = saturationPairs(inventory);
  const limited = new Set(pairs.map(({ used }) => used));
  return [...errorRates(inventory, select), ...latencies(inventory, select), ...saturations(pairs, select), ...queues(inventory, select), ...memories(inventory, select, limited)];
}

function errorRates(inventory: MetricInventory, select: Labels): readonly Candidate[] {
  const counters = [...inventory.values()].filter((family) => isCounter(family) && !isOurs(family));
  const rated = counters.flatMap((family) => {
    const status = statusLabelOf(family);
    return status === undefined ? [] : [{ family, status, score: servingScore(family.name) + (status.kind === 'outcome' ? -2 : 0) + (family.name.endsWith('_count') ? -0.5 : 0) }];
  });
  const best = new Map<StatusLabel['kind'], (typeof rated)[number]>();
  for (const one of rated) if (one.score > (best.get(one.status.kind)?.score ?? -Infinity)) best.set(one.status.kind, one);
  const names = { http: 'ErrorRateHigh', grpc: 'GrpcErrorRateHigh', outcome: 'FailureRateHigh' } as const;
  return [...best.values()].map(({ family, status }): Candidate => ({
    name: names[status.kind],
    watches: { kind: 'signal', signal: { type: 'errorRate', metric: family.name, select, errors: status.errors, window: '5m' } },
    conditions: ['> 5%', '> 10%', '> 20%', '> 50%'],
    window: '5m',
    severity: status.kind === 'outcome' ? 'high' : 'critical',
    acts: status.kind !== 'outcome',
    summary: status.kind === 'outcome' ? '${value} fail' : '${value} of the requests fail',
  }));
}

function latencies(inventory: MetricInventory, select: Labels): readonly Candidate[] {
  const scored = [...inventory.values()]
    .filter((family) => family.name.endsWith('_bucket') && DURATION.test(family.name) && !isOurs(family))
    .map((family) => ({ family, score: servingScore(family.name) }))
    .sort((a, b) => b.score - a.score);
  const histogram = scored[0]?.family;
  const base = { window: '5m', severity: 'high', acts: true } as const;
  if (histogram !== undefined) {
    const inMilliseconds = isInMilliseconds(histogram);
    return [
      {
        ...base,
        name: 'Slow',
        watches: { kind: 'signal', signal: { type: 'latency', metric: histogram.name.slice(0, -'_bucket'.length), select, quantile: 0.95, window: '5m' } },
        conditions: inMilliseconds ? ['> 500', '> 1000', '> 2000', '> 5000', '> 10000'] : ['> 500ms', '> 1s', '> 2s', '> 5s', '> 10s'],
        summary: `one request in twenty takes longer than \${value}${inMilliseconds ? ' ms' : ''}`,
      },
    ];
  }
  const summaries = [...inventory.values()]
    .filter((family) => DURATION.test(family.name) && !isOurs(family) && family.series.some(({ labels }) => labels['quantile'] === '0.95' || labels['quantile'] === '0.99'))
    .sort((a, b) => servingScore(b.name) - servingScore(a.name));
  const [summary] = summaries;
  if (summary === undefined) return [];
  const quantile = summary.series.some(({ labels }) => labels['quantile'] === '0.95') ? '0.95' : '0.99';
  return [
    {
      ...base,
      name: 'Slow',
      watches: { kind: 'signal', signal: { type: 'gauge', metric: summary.name, select: { ...select, quantile }, reduce: 'max' } },
      conditions: isInMilliseconds(summary) ? ['> 500', '> 1000', '> 2000', '> 5000', '> 10000'] : ['> 500ms', '> 1s', '> 2s', '> 5s', '> 10s'],
      summary: 'the slowest requests take ${value}',
    },
  ];
}

function saturations(pairs: readonly SaturationPair[], select: Labels): readonly Candidate[] {
  return pairs
    .slice(0, MOST_OF_A_KIND)
    .map((pair): Candidate => ({
      name: `${pascal(pair.used)}NearlyFull`,
      watches: { kind: 'signal', signal: { type: 'saturation', used: pair.used, limit: pair.limit, select: { ...select, ...pair.select } } },
      conditions: ['> 80%', '> 90%', '> 95%', '> 99%'],
      window: '10m',
      severity: 'high',
      acts: false,
      summary: `${pair.used} is at \${value} of ${pair.limit}`,
    }));
}

function queues(inventory: MetricInventory, select: Labels): readonly Candidate[] {
  return [...inventory.values()]
    .filter((family) => isGauge(family) && QUEUE.test(family.name) && !NOT_A_DEPTH.test(family.name) && !isOurs(family))
    .slice(0, MOST_OF_A_KIND)
    .map((family): Candidate => ({
      name: `${pascal(family.name.replace(/_(?:depth|length|size)$/, ''))}Deep`,
      watches: { kind: 'signal', signal: { type: 'queueDepth', metric: family.name, select } },
      conditions: steps([20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 100_000, 1_000_000], 2 * sumOf(family), (depth) => `> ${depth}`),
      window: '10m',
      severity: 'medium',
      acts: false,
      summary: `\${value} wait in ${family.name}`,
    }));
}

/** Memory without a known limit: what is normal for the service is the measure. */
function memories(inventory: MetricInventory, select: Labels, limited: ReadonlySet<string>): readonly Candidate[] {
  const [family] = MEMORY.flatMap((shape) => [...inventory.values()].find((one) => isGauge(one) && shape.test(one.name) && !limited.has(one.name)) ?? []);
  if (family === undefined) return [];
  const megabytes = [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000];
  return [
    {
      name: 'MemoryHigh',
      watches: { kind: 'signal', signal: { type: 'gauge', metric: family.name, select, reduce: 'max' } },
      conditions: steps(megabytes, (1.5 * Math.max(0, ...family.series.map(({ value }) => value ?? 0))) / 1000 ** 2, (size) => (size < 1000 ? `> ${size}MB` : `> ${size / 1000}GB`)),
      window: '10m',
      severity: 'medium',
      acts: false,
      summary: 'it takes ${value} of memory',
    },
  ];
}

/** The conditions from the first step that is not below `least` on; always one at least. */
function steps(values: readonly number[], least: number, write: (value: number) => string): readonly [string, ...string[]] {
  const from = values.findIndex((value) => value >= least);
  const [first = 0, ...more] = values.slice(from === -1 ? -1 : from);
  return [write(first), ...more.map(write)];
}

function sumOf({ series }: MetricFamily): number {
  return series.reduce((sum, { value = 0 }) => sum + (Number.isFinite(value) ? value : 0), 0);
}

function isOurs({ name }: MetricFamily): boolean {
  return NOT_SERVING.test(name);
}

function servingScore(name: string): number {
  return SERVING.reduce((score, shape) => score + (shape.test(name) ? 1 : 0), 0);
}

/** Told by the name, or by bounds that no answer in seconds would have. */
function isInMilliseconds({ name, series }: MetricFamily): boolean {
  if (/_seconds(?:_|$)/.test(name)) return false;
  if (/_(?:milliseconds|ms|millis)(?:_|$)/.test(name)) return true;
  const bounds = series.map(({ labels }) => Number(labels['le'])).filter(Number.isFinite);
  return bounds.length > 0 && Math.max(...bounds) >= 500;
}

/** `hikaricp_connections_active` as it stands in a trigger's name. */
function pascal(name: string): string {
  return name
    .replace(/_bytes$/, '')
    .split(/[^a-zA-Z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
