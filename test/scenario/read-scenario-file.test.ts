import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readScenarioFile } from '../../src/scenario/read-scenario-file.js';
import { ScenarioFolder } from '../support/scenario-file.js';

let folder: ScenarioFolder;
beforeAll(async () => {
  folder = await ScenarioFolder.create();
});
afterAll(() => folder.remove());

const rest = '    expect: [ { not: { rollback: {} } } ]\n';
const scenario = (lines: string): string => `scenarios:\n  - name: one\n${lines.replaceAll(/^/gm, '    ')}\n${/^expect:/m.test(lines) ? '' : rest}`;

describe('what is wrong is told with its place and what would be right', () => {
  test.each<[what: string, text: string, problem: string]>([
    ['an unknown key', scenario('valeus: {}'), '3:5 unknown key "valeus"; did you mean "values"?'],
    ['an unknown trigger', scenario('values: { ErorRateHigh: 1 }'), '3:15 there is no trigger "ErorRateHigh"; did you mean "ErrorRateHigh"?'],
    ['a series that is none', scenario('values: { ErrorRateHigh: 1+1 }'), '3:30 "1+1" does not say how often the step is taken: write 1+1x10'],
    ['labels that are none', scenario('values: { ErrorRateHigh: { pod: 1 } }'), '3:32 "pod" is no set of labels; write {pod="a"}'],
    ['values for health', scenario('values: { Unhealthy: 0 }'), '3:26 Unhealthy watches the health of checkout; write health: { checkout: "up x10 down x5" }'],
    ['a metric that is none', scenario('series: { "http total": 1 }'), '3:15 "http total" is no series; write it as an application exposes it: http_requests_total{status="500"}'],
    ['an unknown word of health', scenario('health: { checkout: up x3 dwon }'), '3:25 "dwon" is not one of up, down, refused, timeout, error; did you mean "down"?'],
    ['a target without a health endpoint', scenario('health: { cart: up }'), '3:15 there is no target with a health endpoint "cart"; known: checkout'],
    ['an unknown source', scenario('errors: { prometheuss: from 1m }'), '3:15 there is no source "prometheuss"; did you mean "prometheus"?'],
    ['a span that is none', scenario('errors: { prometheus: from 3m until 5m }'), '3:27 "from 3m until 5m" is no span: write "from 3m to 5m", or "timeout from 3m"'],
    ['an unknown step', scenario('steps: { of: fails }'), '3:14 there is no step "of"; known: flag-off/off, release-back/deploy, release-back/tell'],
    ['what a step cannot do', scenario('steps: { off: explodes }'), '3:19 "off" must be succeeds, fails, hangs, or a map such as'],
    ['what a step cannot set', scenario('steps: { off: { sets: { ErorRateHigh: 1 } } }'), '3:43 "ErorRateHigh" is neither a trigger nor a query, series, target or check of this scenario; did you mean "ErrorRateHigh"?'],
    ['a restart that is none', scenario('restart: 3m'), '3:14 "3m" is no restart: write "at 3m", or "at 3m for 1m" when Belay is down for a minute'],
    ['an action without a deed', scenario('actions: [ { at: 3m } ]'), '3:16 needs one of pause, resume, reset, mark, rollback, close, approve and reject; such as { at: 3m, pause: all }'],
    ['an action on nobody', scenario('actions: [ { at: 3m, pause: chekout } ]'), '3:33 there is no target "chekout"; did you mean "checkout"?'],
    ['a mark without a version', scenario('actions: [ { at: 3m, mark: deploy, target: checkout } ]'), '3:32 "mark" needs "target" and "version"; such as { at: 3m, mark: deploy, target: checkout, version: v2 }'],
    ['a duration that is none', scenario('interval: 15'), '3:15 15 is not a duration: write it as Prometheus does (90s, 5m, 1h30m)'],
    ['an engine without series', scenario('engine: prometheus'), '3:13 there is no "series" for Prometheus to answer from'],
    ['stale marks for a real Prometheus', scenario('engine: prometheus\nseries: { x: 1 stale }'), '4:18 stale marks cannot be loaded into a Prometheus; write _ : Prometheus looks back 5m for the last sample'],
    ['nothing expected', 'scenarios:\n  - name: one\n    expect: []\n', '3:5 "expect" must have at least one entry'],
    ['an expectation of nothing', scenario('expect: [ { at: 3m } ]'), '3:15 expects nothing: write one of alert, incident, decision, rollback, verification, needsHuman, message'],
    ['two in one', scenario('expect: [ { at: 3m, incident: open, decision: {} } ]'), '3:15 "incident" and "decision" exclude each other; write two expectations'],
    ['of a trigger without data', scenario('expect: [ { at: 3m, alert: ErrorRateHigh, state: inactive } ]'), '3:32 the scenario gives ErrorRateHigh no data, so nothing can be expected of it; write values: { ErrorRateHigh: "0x10" }, or what it is made of'],
    ['an unknown reason', scenario('expect: [ { decision: { reason: sustained-breech } } ]'), '3:37 "sustained-breech" is not one of'],
    ['an unknown plan', scenario('expect: [ { rollback: { plan: flag-of } } ]'), '3:35 there is no plan "flag-of"; did you mean "flag-off"?'],
    ['what proves nothing', scenario('values: { ErrorRateHigh: 0 }\nexpect: [ { by: 3m, alert: ErrorRateHigh, state: inactive } ]'), '4:15 every alert is inactive at the start, so this proves nothing; write "at"'],
    ['what comes after the end', scenario('lasts: 2m\nexpect: [ { by: 3m, decision: {} } ]'), '4:15 is expected after the end of the scenario; make "lasts" longer'],
    ['a file without scenarios', '[]\n', '1:1 the file holds no scenarios; write scenarios: [ { name, values, expect } ]'],
    ['a file that is no YAML', 'scenarios: [\n', '2:1 not valid YAML'],
  ])('%s', async (_what, text, problem) => {
    const [first = 'nothing', ...more] = await folder.problems(text);
    expect([first.startsWith(problem) ? problem : first, ...more]).toEqual([problem]);
  });

  test('two scenarios of one name, two triggers that ask the same', async () => {
    expect(await folder.problems(`${scenario('lasts: 1m')}  - name: one\n${rest}`)).toEqual(['5:11 another scenario of this file has the same name']);
  });

  test('a file that is not there', async () => {
    expect(await readScenarioFile(join(folder.path, 'nowhere.yaml'), 'belay.yaml')).toMatchObject({ ok: false, problems: [{ message: 'the file does not exist' }] });
  });
});

describe('the configuration', () => {
  test('is the one that the file names, relative to itself', async () => {
    const other = await ScenarioFolder.create();
    try {
      const file = await other.write('tests/deep/one.yaml', `config: ../../belay.yaml\n${scenario('lasts: 1m')}`);
      expect(await readScenarioFile(file, '/nowhere/belay.yaml')).toMatchObject({ ok: true, config: { file: join(other.path, 'belay.yaml') } });
    } finally {
      await other.remove();
    }
  });

  test('its problems are told beside the scenarios whose rules it holds', async () => {
    const broken = await ScenarioFolder.create({ 'rules/checkout.yaml': 'target: chekout\ntriggers: []\n' });
    try {
      const problems = await broken.problems(scenario('lasts: 1m'));
      expect(problems[0]).toMatch(/^1:1 the configuration that these scenarios test is not valid/);
      expect(problems.some((problem) => problem.includes('chekout'))).toBe(true);
    } finally {
      await broken.remove();
    }
  });

  test('gets what the file says for its references, and never the environment of the machine', async () => {
    process.env['SCENARIO_URL'] = 'http://real.example';
    const referring = await ScenarioFolder.create({ 'belay.yaml': { environment: 'x', sources: { app: { type: 'scrape', url: '${env:SCENARIO_URL}' } }, targets: { checkout: { health: { url: 'http://127.0.0.1:9/' } } }, featureFlags: { default: { type: 'file', path: 'f' } } }, 'rules/checkout.yaml': { target: 'checkout', triggers: [{ name: 'Unhealthy', source: 'health', for: { consecutive: 4 }, level: 3 }] } });
    try {
      expect(await referring.problems(scenario('lasts: 1m'))).not.toEqual([]);
      const read = await referring.read(`env: { SCENARIO_URL: "http://made-up.example" }\n${scenario('lasts: 1m')}`);
      expect(read).toMatchObject({ ok: true, config: { sources: [{ url: 'http://made-up.example' }] } });
    } finally {
      delete process.env['SCENARIO_URL'];
      await referring.remove();
    }
  });
});

test('a scenario lasts as long as anything is written down for it, unless it says how long', async () => {
  const lasts = async (more: string): Promise<number | undefined> => {
    const read = await folder.read(scenario(more));
    return read.ok ? read.scenarios[0]?.lastsMs : undefined;
  };
  expect(await lasts('values: { ErrorRateHigh: 1x8 }')).toBe(120_000);
  expect(await lasts('interval: 1m\nvalues: { ErrorRateHigh: 1x8 }')).toBe(480_000);
  expect(await lasts('errors: { prometheus: from 3m to 5m }')).toBe(300_000);
  expect(await lasts('restart: at 3m for 4m')).toBe(420_000);
  expect(await lasts('expect: [ { by: 9m, not: { decision: {} } } ]')).toBe(540_000);
  expect(await lasts('lasts: 1h')).toBe(3_600_000);
});
