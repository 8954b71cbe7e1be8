import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Labels } from '../../src/source/sample.js';
import type { Trigger } from '../../src/trigger/trigger.js';
import { startPrometheus, type PrometheusServer } from '../support/prometheus-server.js';
import { aTrigger } from '../support/triggers.js';
import { randomCase, STEP_MS, TICKS, type RandomCase } from './random-case.js';
import { testRules, type ExpectedStates, type RuleSeries } from './rules-in-prometheus.js';
import { answersOf, statesOf, writeRaw } from './states-in-belay.js';

/** Another one with every run; a run is repeated with DIFFERENTIAL_SEED. */
const seed = Number(process.env['DIFFERENTIAL_SEED'] ?? Date.now() % 2 ** 31);
const CASES = 400;

let prometheus: PrometheusServer;
beforeAll(async () => {
  prometheus = await startPrometheus({ remoteWrite: true });
});
afterAll(() => prometheus.stop());

it(`agrees with Prometheus' rules at every tick on ${CASES} random series (DIFFERENTIAL_SEED=${seed})`, async () => {
  const cases = fc.sample(randomCase, { seed, numRuns: CASES });
  const raw = cases.flatMap(({ series }, index) => Object.entries(series).map(([instance, points]) => ({ labels: { __name__: 'm', case: String(index), instance }, points })));
  await writeRaw(prometheus.url, raw);

  const expected: ExpectedStates[] = [];
  let ticksByState = { inactive: 0, pending: 0, firing: 0 };
  for (const [index, one] of cases.entries()) {
    const trigger = triggerOf(one, index);
    const answers = await answersOf(prometheus.url, trigger);
    expect(answers.map(({ kind }) => kind)).toEqual(Array.from({ length: TICKS }, () => 'vector'));
    const keyOf = ({ instance = '' }: Labels): string => instance;
    for (const [instance, states] of statesOf(trigger, answers, keyOf, ['', ...Object.keys(one.series)])) {
      expected.push({ alertname: trigger.name, matchers: `instance="${instance}"`, states });
      for (const state of states) ticksByState = { ...ticksByState, [state]: ticksByState[state] + 1 };
    }
  }
  // Or else nothing would be compared.
  expect(ticksByState.pending).toBeGreaterThan(CASES);
  expect(ticksByState.firing).toBeGreaterThan(CASES);

  const series: RuleSeries[] = raw.map(({ labels, points }) => ({ name: `m{case="${labels.case}",instance="${labels.instance}"}`, points }));
  const { agrees, output } = await testRules(cases.map(triggerOf), series, expected);
  expect(agrees, `DIFFERENTIAL_SEED=${seed}\n${disagreements(output, cases)}`).toBe(true);
});

/** The equivalent of a rule: whatever is unknown resets. */
function triggerOf({ expr, comparison, threshold, window, keepFiringForMs }: RandomCase, index: number): Trigger {
  const selector = `m{case="${index}"}`;
  return aTrigger({
    name: `Case${index}`,
    source: 'prometheus',
    query: { kind: 'promql', expr: expr.replaceAll('SELECTOR', selector) },
    condition: { comparison, threshold, unit: 'number', text: `${comparison} ${threshold}` },
    window,
    keepFiringForMs,
    intervalMs: STEP_MS,
    onNoData: 'reset',
    onError: 'reset',
  });
}

/** The first alert about which the two disagree, as its ticks; promtool's own words where they say something else. */
function disagreements(output: string, cases: readonly RandomCase[]): string {
  const [, index, state, instance, exp, got] = /"Case(\d+)\\",alertstate=\\"(\w+)\\",instance=\\"(\w*)\\".*\n\s*exp:(?: \{\} (\S+)|.*)\n\s*got:(?: \{\} (\S+)|.*)/.exec(output) ?? [];
  if (index === undefined) return output.slice(0, 4_000);
  const ticks = (bits = '0'): string => Array.from({ length: TICKS }, (_, tick) => ((BigInt(Number(bits)) >> BigInt(tick)) & 1n ? '#' : '.')).join('');
  return `Case${index} ${JSON.stringify(cases[Number(index)])}\ninstance "${instance ?? ''}" is ${state ?? ''}\n  in Belay:      ${ticks(exp)}\n  in Prometheus: ${ticks(got)}`;
}
