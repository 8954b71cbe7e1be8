import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load-config.js';
import type { Trigger } from '../../src/trigger/trigger.js';
import { configFolder, goodFiles } from '../support/config-folder.js';
import { expectProblems } from '../support/config-problems.js';

const RATE = 'signal: { type: errorRate, metric: requests_total, errors: { status: "5.." } }';
const APP = `source: app\n${RATE}`;
const PROM = 'source: prom\nexpr: sum(queue)';

const rules = (...triggers: readonly string[]): Record<string, string> => ({
  'rules/checkout.yaml': `target: checkout\ntriggers:\n${triggers.map((lines, index) => `  - name: T${index}\n${`${lines}\nresponse: monitor`.replaceAll(/^/gm, '    ')}\n`).join('')}`,
});

async function loaded(...triggers: readonly string[]): Promise<readonly Trigger[]> {
  const result = await loadConfig(configFolder({ ...goodFiles, ...rules(...triggers) }), { env: {} });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config.triggers;
}

describe('keys of windows and conditions', () => {
  it('become what the trigger is evaluated by', async () => {
    const [all, baseline, plain] = await loaded(
      `${PROM}\ncondition: "> 1000"\ntrend: rising\nfor: { for: 30m, atLeast: 80% }\nminTraffic: { expr: 'sum(rate(requests_total[1m]))', atLeast: 0.5 }\nminSamples: 100\nmaxAlerts: 7\nkeepFiringFor: 2m`,
      `${PROM}\ncondition: { below: 50% of baseline, clear: 90% of baseline }\nbaseline: { before: change, window: 1h }\nfor: { for: 5m, atLeast: 100% }`,
      `${PROM}\ncondition: "> 150% of baseline"\nbaseline: { offset: 1w, window: 30m }\nfor: 0s\nminTraffic: { signal: { type: queueDepth, metric: requests }, atLeast: 1 }`,
    );
    expect(all).toMatchObject({
      window: { kind: 'share', forMs: 1_800_000, atLeast: 0.8 }, trend: 'rising', minSamples: 100, maxAlerts: 7, keepFiringForMs: 120_000,
      minTraffic: { query: { kind: 'promql', expr: 'sum(rate(requests_total[1m]))' }, atLeast: 0.5 }, baseline: undefined,
    });
    expect(baseline).toMatchObject({
      condition: { comparison: '<', threshold: 0.5, unit: 'ratio', text: '< 50% of baseline' }, clearCondition: { comparison: '>=', threshold: 0.9 },
      baseline: { kind: 'before-change', windowMs: 3_600_000 }, window: { kind: 'for', forMs: 300_000 },
    });
    expect(plain).toMatchObject({ baseline: { kind: 'offset', offsetMs: 604_800_000, windowMs: 1_800_000 }, minTraffic: { query: { kind: 'signal', signal: { type: 'queueDepth' } } } });
  });

  it('several severities become a trigger of each, worst first', async () => {
    const triggers = await loaded(`${APP}\nseverities: { high: "> 1%", critical: "> 5%" }\nfor: 5m`);
    expect(triggers.map(({ name, severity, condition }) => [name, severity, condition.text])).toEqual([['T0:critical', 'critical', '> 5%'], ['T0:high', 'high', '> 1%']]);
    expect(triggers[0]?.query).toEqual(triggers[1]?.query);
  });

  it('composites ask the triggers that they name, as often as the quickest of them', async () => {
    const triggers = await loaded(
      `${PROM}\ncondition: "> 1"\nfor: 1m`,
      `${APP}\nseverities: { low: "> 1%", critical: "> 5%" }\nfor: 5m`,
      'all: [T0, T1]',
      'any: [T0, "T1:critical"]\nfor: 2m\nkeepFiringFor: 1m',
      'count: { atLeast: 2, of: [T3, T2, T1] }\nfor: { consecutive: 3 }',
    );
    expect(triggers.slice(3)).toMatchObject([
      { source: 'triggers', query: { kind: 'triggers', of: ['T0', 'T1:low'], atLeast: 2 }, condition: { text: '>= 2' }, window: { kind: 'for', forMs: 0 }, queryText: 'how many of T0, T1:low fire', intervalMs: 5_000 },
      { query: { of: ['T0', 'T1:critical'], atLeast: 1 }, window: { kind: 'for', forMs: 120_000 }, keepFiringForMs: 60_000, intervalMs: 5_000 },
      { query: { of: ['T3', 'T2', 'T1:low'], atLeast: 2 }, window: { kind: 'consecutive', count: 3 }, intervalMs: 5_000 },
    ]);
  });

  it('rates of events are an expression', async () => {
    const [crashes, tickets] = await loaded(
      'source: prom\nexpr: increase(crashes_total[1h])\ncondition: "> 2"\nfor: 0s',
      'source: prom\nexpr: sum(increase(support_tickets_total[1h]))\nseverities: { high: "> 5", critical: "> 10" }\nfor: 0s',
    );
    expect(crashes).toMatchObject({ condition: { threshold: 2 } });
    expect(tickets).toMatchObject({ name: 'T1:critical', condition: { threshold: 10 } });
  });
});

describe('what makes no sense', () => {
  it.each<readonly [title: string, lines: string, ...problems: string[]]>([
    ['a condition that is none', `${APP}\ncondition: ►"> banana"\nfor: 5m`, '"banana" is not a threshold: write a number (1000), a percentage (10%), a duration (5s) or a size (512MiB) (triggers[0].condition)'],
    ['a time that is negative', `${APP}\ncondition: "> 1%"\nfor: ►-5m`, '"-5m" is not a duration: write it as Prometheus does (90s, 5m, 1h30m) (triggers[0].for)'],
    ['a ratio beyond everything', `${APP}\nseverities: { high: "> 1%", critical: ►"> 110%" }\nfor: 5m`, '"> 110%" can never hold: an error rate is between 0% and 100% (triggers[0].severities.critical)'],
    ['a share beyond everything', `${APP}\ncondition: "> 1%"\nfor: { for: 5m, atLeast: ►110% }`, '"110%" is not a share: write a percentage above 0% and up to 100% (triggers[0].for.atLeast)'],
    ['no share at all', `${APP}\ncondition: "> 1%"\nfor: { for: 5m, atLeast: ►0 }`, '"0" is not a share: write a percentage above 0% and up to 100% (triggers[0].for.atLeast)'],
    ['half a window', `${APP}\ncondition: "> 1%"\n►for: { for: 5m }`, '"for" needs either consecutive, or for and atLeast (triggers[0].for)'],
    ['two windows', `${APP}\ncondition: "> 1%"\n►for: { for: 5m, atLeast: 80%, consecutive: 3 }`, '"for" needs either consecutive, or for and atLeast (triggers[0].for)'],
    ['a megabyte of expression', `source: prom\nexpr: ►sum(queue)${' + 1'.repeat(250_000)}\ncondition: "> 1"\nfor: 5m`, '"expr" must not be longer than 20000 characters (triggers[0].expr)'],
    ['a condition beside severities', `${APP}\nseverities: { high: "> 1%" }\n►condition: "> 2%"\n►severity: low\nfor: 5m`, '"condition" and "severities" exclude each other (triggers[0].condition)\n  hint: keep one', '"severity" and "severities" exclude each other (triggers[0].severity)\n  hint: keep one'],
    ['severities in the wrong order', `${APP}\nseverities: { high: ►"> 5%", critical: "> 1%" }\nfor: 5m`, '"> 5%" must be met before "> 1%" (critical) is (triggers[0].severities.high)'],
    ['severities that are the same', `${APP}\nseverities: { high: ►"> 5%", critical: "> 5%" }\nfor: 5m`, '"> 5%" must be met before "> 5%" (critical) is (triggers[0].severities.high)'],
    ['severities of two things', `${APP}\nseverities: { medium: ►"< 1%", critical: "> 5%" }\nfor: 5m`, '"< 1%" and "> 5%" (critical) are not thresholds of one thing (triggers[0].severities.medium)'],
    ['no severity', `${APP}\n►severities: {}\nfor: 5m`, '"severities" must have at least one entry (triggers[0].severities)'],
    ['a severity that is misspelled', `${APP}\nseverities: { ►critcal: "> 5%", high: "> 1%" }\nfor: 5m`, 'unknown key "critcal" (triggers[0].severities.critcal)\n  hint: did you mean "critical"?'],
    ['a trend of another kind', `${PROM}\ncondition: "> 1"\ntrend: ►falling\nfor: 30m`, '"falling" is not rising (triggers[0].trend)'],
    ['a trend away from the condition', `${PROM}\ncondition: ►"< 1"\ntrend: rising\nfor: 30m`, 'what is rising leaves "< 1" behind (triggers[0].condition)\n  hint: a trend goes with > or >='],
    ['a trend within too little time', `${PROM}\ncondition: "> 1"\ntrend: rising\nfor: ►2m`, 'no trend can be told within 2m from a value every 15s (triggers[0].for)\n  hint: it takes 12 values: write 3m or longer'],
    ['a trend of single samples', `${PROM}\ncondition: "> 1"\n►trend: rising\n►minSamples: 3\nfor: { consecutive: 4 }`, '"trend" has no place with "consecutive", which counts samples itself (triggers[0].trend)\n  hint: write how long it must be growing, such as for: 30m', '"minSamples" has no place with "consecutive", which counts samples itself (triggers[0].minSamples)\n  hint: take it out'],
    ['a baseline that the condition does not use', `${PROM}\ncondition: ►"> 5s"\nbaseline: { offset: 1d, window: 1h }\nfor: 5m`, '"> 5s" is no comparison with the baseline (triggers[0].condition)\n  hint: write a share of it, such as "> 150% of baseline"'],
    ['a condition whose baseline is not there', `${PROM}\ncondition: ►"> 150% of baseline"\nfor: 5m`, '"> 150% of baseline" needs a baseline (triggers[0].condition)\n  hint: add baseline: { offset: 1d, window: 1h }, or baseline: { before: change, window: 1h }'],
    ['seconds of a baseline', `${PROM}\ncondition: ►"> 5s of baseline"\nbaseline: { offset: 1d, window: 1h }\nfor: 5m`, '"> 5s of baseline" is no comparison with a baseline: write a share of it, such as "> 150% of baseline" (triggers[0].condition)'],
    ['half a baseline', `${PROM}\ncondition: "> 150% of baseline"\n►baseline: { window: 1h }\nfor: 5m`, '"baseline" needs either offset or before: change (triggers[0].baseline)'],
    ['a baseline of a source that forgets', `${APP}\ncondition: "> 150% of baseline"\n►baseline: { offset: 1d, window: 1h }\nfor: 5m`, 'a scrape source does not remember what was long ago (triggers[0].baseline)\n  hint: ask a prometheus source'],
    ['traffic that is not asked for', `${PROM}\ncondition: "> 1"\n►minTraffic: { atLeast: 1 }\nfor: 5m`, '"minTraffic" needs either expr or signal (triggers[0].minTraffic)'],
    ['traffic that a scraped endpoint cannot tell', `${APP}\ncondition: "> 1%"\nminTraffic: { ►expr: up, atLeast: 1 }\nfor: 5m`, 'a scrape source answers signals, not PromQL (triggers[0].minTraffic.expr)\n  hint: write signal: { type: …, metric: … } instead, or ask a prometheus source'],
    ['PromQL of traffic that is broken', `${PROM}\ncondition: "> 1"\nminTraffic: { expr: "sum(►", atLeast: 1 }\nfor: 5m`, 'the expression ends too early: ")" is missing (triggers[0].minTraffic.expr)'],
    ['health with what it has not', `source: health\ncondition: "== 0"\n►severities: { high: "== 0" }\n►minTraffic: { expr: up, atLeast: 1 }\nfor: 5m`, '"severities" has no place with source: health, which asks the target\'s own endpoint (triggers[0].severities)\n  hint: take it out', '"minTraffic" has no place with source: health, which asks the target\'s own endpoint (triggers[0].minTraffic)\n  hint: take it out'],
    ['a fuse that never blows', `${PROM}\ncondition: "> 1"\nmaxAlerts: ►100000\nfor: 5m`, '"maxAlerts" must be at most 1000 (triggers[0].maxAlerts)'],
    ['a composite of two kinds', `all: [►T1]\n►any: [T1]`, 'there is no trigger "T1" (triggers[0].all[0])\n  hint: did you mean "T0"?', '"all" and "any" exclude each other (triggers[0].any)\n  hint: keep one, or make a trigger of each and put them together in a third'],
  ])('%s', async (_title, lines, ...problems) => {
    await expectProblems(rules(lines), problems.map((problem) => `error: ${problem}`));
  });

  it('composites of what is not there, of too few, of themselves', async () => {
    await expectProblems(
      rules(`${PROM}\ncondition: "> 1"\nfor: 5m`, 'all: [T0, ►TO]', 'count: { atLeast: ►3, of: [T0, ►T0] }', 'any: [T4]', 'any: [T5, T0]\n►source: prom\n►condition: "> 1"', 'all: [T1, ►T3]'),
      [
        'error: there is no trigger "TO" (triggers[1].all[1])\n  hint: did you mean "T0"?',
        'error: 3 of 2 triggers can never fire (triggers[2].count.atLeast)',
        'error: "T0" is there twice (triggers[2].count.of[1])',
        'error: "source" has no place with "any", which asks other triggers (triggers[4].source)\n  hint: take it out',
        'error: "condition" has no place with "any", which asks other triggers (triggers[4].condition)\n  hint: take it out',
        'error: triggers are about each other in a circle: T3 → T4 → T5 → T3 (triggers[5].all[1])',
      ],
    );
  });

  it('a name that is already one of the severities of another trigger', async () => {
    const more = `  - name: ►T0:high\n    source: app\n    ${RATE}\n    condition: "> 1%"\n    for: 5m\n    response: monitor\n`;
    const [[file, text]] = Object.entries(rules(`${APP}\nseverities: { high: "> 1%" }\nfor: 5m`)) as [[string, string]];
    await expectProblems({ [file]: text + more }, ['error: another trigger has the name "T0:high" (line 3) (triggers[1].name)\n  hint: names are unique over all files']);
  });

  it('a source with the name of what composites ask', async () => {
    await expectProblems({ 'belay.yaml': goodFiles['belay.yaml'].replace('sources:\n', 'sources:\n  ►triggers: { type: prometheus, url: "http://127.0.0.1:9091" }\n') }, [
      'error: "triggers" is what composites ask (sources.triggers)\n  hint: give the source another name',
    ]);
  });
});
