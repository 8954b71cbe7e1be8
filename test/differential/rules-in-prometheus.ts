import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportPrometheusRules } from '../../src/export/prometheus-rules.js';
import type { AlertState } from '../../src/trigger/alert.js';
import type { Trigger } from '../../src/trigger/trigger.js';
import { promtool } from '../support/promtool.js';
import { STEP_MS, TICKS, type RawPoint } from './random-case.js';

export interface RuleSeries {
  /** `metric{case="1"}`. */
  readonly name: string;
  readonly points: readonly RawPoint[];
}

/** What one alert of a rule is expected to be, tick by tick. */
export interface ExpectedStates {
  readonly alertname: string;
  /** Matchers besides the name: `instance="a"`. */
  readonly matchers: string;
  readonly states: readonly AlertState[];
}

/** The settings by which exported triggers are known to be of a Prometheus. */
export const prometheusSource = { type: 'prometheus', name: 'prometheus', url: 'http://127.0.0.1:9090', intervalMs: STEP_MS, timeoutMs: 10_000, headers: {} } as const;

/**
 * Runs the triggers, written as rules, through `promtool test rules`, with the raw series and what is expected at every
 * tick; gives promtool's verdict and, where it disagrees, its words.
 */
export async function testRules(triggers: readonly Trigger[], series: readonly RuleSeries[], expected: readonly ExpectedStates[], evaluateEveryMs = STEP_MS, lastMs = (TICKS - 1) * STEP_MS): Promise<{ readonly agrees: boolean; readonly output: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'belay-differential-'));
  try {
    const rules = exportPrometheusRules({ triggers, sources: [prometheusSource] });
    await writeFile(join(folder, 'rules.yaml'), rules.yaml);
    await writeFile(
      join(folder, 'tests.yaml'),
      JSON.stringify({
        rule_files: ['rules.yaml'],
        evaluation_interval: `${evaluateEveryMs / 1_000}s`,
        tests: [
          {
            interval: `${STEP_MS / 1_000}s`,
            input_series: series.map(({ name, points }) => ({ series: name, values: points.map(notation).join(' ') })),
            promql_expr_test: expected.flatMap((one) => (['pending', 'firing'] as const).map((state) => stateTest(one, state, evaluateEveryMs / 1_000, lastMs / 1_000))),
          },
        ],
      }),
    );
    const { code, output } = await promtool('test', 'rules', join(folder, 'tests.yaml'));
    return { agrees: code === 0, output };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** All ticks at once: each at which the alert is in the state is one bit of a number. */
function stateTest({ alertname, matchers, states }: ExpectedStates, state: AlertState, every: number, last: number): unknown {
  const bits = states.reduce((sum, at, tick) => (at === state ? sum + 2 ** tick : sum), 0);
  const alerts = `ALERTS{alertname="${alertname}",alertstate="${state}"${matchers === '' ? '' : `,${matchers}`}}`;
  return {
    expr: `sum(sum_over_time((${alerts} * 2 ^ (time() / ${every}))[${last + every}s:${every}s]))`,
    eval_time: `${last}s`,
    exp_samples: bits === 0 ? [] : [{ labels: '{}', value: bits }],
  };
}

function notation(point: RawPoint): string {
  const words = { missing: '_', stale: 'stale', nan: 'NaN', inf: 'Inf', '-inf': '-Inf' } as const;
  return typeof point === 'number' ? String(point) : words[point];
}
