import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AlertState } from '../../src/trigger/alert.js';
import type { Trigger } from '../../src/trigger/trigger.js';
import { startPrometheus, type PrometheusServer } from '../support/prometheus-server.js';
import { aTrigger } from '../support/triggers.js';
import { STEP_MS, TICKS, type RawPoint } from './random-case.js';
import { testRules } from './rules-in-prometheus.js';
import { answersOf, statesOf, writeRaw } from './states-in-belay.js';

// Each is named after the rule of DESIGN.md §6 for the sake of which Belay is not like Prometheus.

let prometheus: PrometheusServer;
beforeAll(async () => {
  prometheus = await startPrometheus({ remoteWrite: true });
});
afterAll(() => prometheus.stop());

interface Difference {
  readonly rule: string;
  /** `#` breach, `.` clear, `x` stale, `_` missing, `n` NaN; one per tick of 15 s. The window is a minute. */
  readonly series: string;
  /** Ticks between two evaluations; every one unless told. */
  readonly everyTicks?: number;
  /** `.` inactive, `p` pending, `F` firing, at each evaluation. */
  readonly inPrometheus: string;
  readonly inBelay: string;
}

const differences: readonly Difference[] = [
  {
    rule: '6.1: unknown samples freeze a window, and add nothing to it',
    series: '###x_#####',
    inPrometheus: 'ppp..ppppF',
    inBelay: 'pppppppFFF',
  },
  {
    rule: '6.1: blindness that lasts longer than the window restarts it',
    series: '###x____#####',
    inPrometheus: 'ppp.....ppppF',
    inBelay: 'ppppppp.ppppF',
  },
  {
    rule: '6.1: blindness clears no alert',
    series: '######x____#.',
    inPrometheus: 'ppppFF.....p.',
    inBelay: 'ppppFFFFFFFF.',
  },
  {
    rule: '6.1: time between two looks that are more than 1.5 intervals apart does not count',
    series: '#'.repeat(TICKS),
    everyTicks: 4,
    inPrometheus: 'pFFFFFFFFFFFF',
    inBelay: 'ppppppppppppp',
  },
  {
    rule: '6.3: NaN is neither OK nor a breach',
    series: '##n###n##',
    inPrometheus: 'pp.ppp.pp',
    inBelay: 'ppppppppF',
  },
];

it.each(differences)('$rule', async ({ rule, series, everyTicks = 1, inPrometheus, inBelay }) => {
  const points = Array.from(series, (letter) => ({ '#': 1, '.': 0, x: 'stale', _: 'missing', n: 'nan' })[letter] as RawPoint);
  const name = `d${differences.findIndex((difference) => difference.rule === rule)}`;
  const trigger: Trigger = aTrigger({ name, source: 'prometheus', query: { kind: 'promql', expr: name }, window: { kind: 'for', forMs: 60_000 }, intervalMs: STEP_MS });
  await writeRaw(prometheus.url, [{ labels: { __name__: name }, points }]);
  const answers = (await answersOf(prometheus.url, trigger)).filter((_, tick) => tick % everyTicks === 0).slice(0, inBelay.length);
  expect(statesOf(trigger, answers, () => '', ['']).get('')?.map((state) => letters[state]).join('')).toBe(inBelay);

  const expected = Array.from(inPrometheus, (letter) => states[letter] ?? 'inactive');
  const { agrees, output } = await testRules([trigger], [{ name, points }], [{ alertname: name, matchers: '', states: expected }], everyTicks * STEP_MS, (inPrometheus.length - 1) * everyTicks * STEP_MS);
  expect(agrees, output).toBe(true);
});

const letters: Readonly<Record<AlertState, string>> = { inactive: '.', pending: 'p', firing: 'F' };
const states: Readonly<Record<string, AlertState>> = { '.': 'inactive', p: 'pending', F: 'firing' };
