import { describe, expect, it } from 'vitest';
import type { Labels, Observation } from '../../src/source/sample.js';
import type { Query, Source } from '../../src/source/source.js';
import type { ChangeMarkers } from '../../src/trigger/baseline.js';
import { sourceOf } from '../../src/trigger/trigger-source.js';
import type { Trigger } from '../../src/trigger/trigger.js';
import { at, lettersOf, runAll, startAt } from '../support/slot-run.js';
import { aTrigger, condition } from '../support/triggers.js';

const HOUR_MS = 3_600_000;
const never = new AbortController().signal;
const promql = (expr: string): Query => ({ kind: 'promql', expr });

type Answer = number | 'none' | 'nan' | 'error' | Readonly<Record<string, number>>;

/** Answers each expression by a function of time, and writes down what it was asked of the past. */
class Told implements Source {
  readonly name = 'told';
  readonly intervalMs = 15_000;
  readonly asked: { readonly from: number; readonly to: number; readonly stepMs: number }[] = [];
  constructor(readonly answers: Readonly<Record<string, (now: number) => Answer>>) {}

  observe(query: Query, now: number): Promise<Observation> {
    const answer = this.answers[query.kind === 'promql' ? query.expr : '']?.(now) ?? 'none';
    if (answer === 'error') return Promise.resolve({ kind: 'error', at: now, reason: 'timeout', message: 'no answer' });
    const values = typeof answer === 'object' ? answer : answer === 'none' ? {} : { '': answer === 'nan' ? NaN : answer };
    const labelsOf = (pod: string): Labels => (pod === '' ? {} : { pod });
    return Promise.resolve({ kind: 'vector', at: now, warnings: [], series: Object.entries(values).map(([pod, value]) => ({ labels: labelsOf(pod), sample: { kind: 'value', at: now, value } })) });
  }

  async history(query: Query, fromAt: number, toAt: number, stepMs: number): Promise<readonly Observation[]> {
    this.asked.push({ from: (fromAt - startAt) / 1_000, to: (toAt - startAt) / 1_000, stepMs });
    return Promise.all(Array.from({ length: Math.floor((toAt - fromAt) / stepMs) + 1 }, (_, index) => this.observe(query, fromAt + index * stepMs)));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** What the trigger gets of its only series at `now`, in one word. */
async function judged(trigger: Trigger, source: Source, now: number, changes?: ChangeMarkers): Promise<string | number> {
  const answer = await sourceOf(trigger, source, changes).observe(trigger.query, now, never);
  return wordOf(answer);
}

function wordOf(answer: Observation): string | number {
  if (answer.kind === 'error') return `error: ${answer.message}`;
  const [series] = answer.series;
  if (series === undefined) return 'empty';
  const { sample } = series;
  return sample.kind === 'value' ? sample.value : sample.kind === 'no-data' ? sample.reason : sample.kind === 'error' ? `error: ${sample.message}` : 'stale';
}

describe('minTraffic', () => {
  const trigger = aTrigger({ query: promql('errors'), minTraffic: { query: promql('traffic'), atLeast: 10 } });
  it.each<[string, Answer, Answer, string | number]>([
    ['enough of it lets the value pass', 0.2, 10, 0.2],
    ['too little withholds the value', 0.2, 9.9, 'too-little-traffic'],
    ['none at all withholds it', 0.2, 0, 'too-little-traffic'],
    ['a series that is not there is no data', 0.2, 'none', 'empty'],
    ['NaN is none', 0.2, 'nan', 'unknown'],
    ['an error is one of the value too', 0.2, 'error', 'error: no answer'],
    ['what is unknown anyway stays as it is', 'none', 0, 'empty'],
    ['an error of the question itself stays that', 'error', 100, 'error: no answer'],
  ])('%s', async (_name, errors, traffic, expected) => {
    const found = await judged(trigger, new Told({ errors: () => errors, traffic: () => traffic }), startAt);
    if (expected === 'unknown') expect(found).toBeNaN();
    else expect(found).toBe(expected);
  });

  it('goes by the series, or by one number for all', async () => {
    const each = new Told({ errors: () => ({ a: 0.2, b: 0.3, c: 0.4 }), traffic: () => ({ a: 100, b: 1 }) });
    const answer = await sourceOf(trigger, each).observe(trigger.query, startAt, never);
    expect(answer.kind === 'vector' && answer.series.map((series) => wordOf({ ...answer, series: [series] }))).toEqual([0.2, 'too-little-traffic', 'empty']);
    const whole = new Told({ errors: () => ({ a: 0.2, b: 0.3 }), traffic: () => 5 });
    const other = await sourceOf(trigger, whole).observe(trigger.query, startAt, never);
    expect(other.kind === 'vector' && other.series.map((series) => wordOf({ ...other, series: [series] }))).toEqual(['too-little-traffic', 'too-little-traffic']);
  });

  it('is asked of the past as well', async () => {
    const source = new Told({ errors: () => 1, traffic: (now) => (now < at(30) ? 0 : 100) });
    const past = await sourceOf(trigger, source).history?.(trigger.query, at(0), at(60), 15_000, never);
    expect(past?.map(wordOf)).toEqual(['too-little-traffic', 'too-little-traffic', 1, 1, 1]);
  });

  it('never makes an alert fire or end while there is too little', async () => {
    const source = sourceOf(trigger, new Told({ errors: (now) => (now < at(120) ? 1 : 0), traffic: (now) => (now >= at(30) && now < at(60) ? 0 : 100) }));
    const answers = await Promise.all(Array.from({ length: 10 }, (_, slot) => source.observe(trigger.query, at(15 * slot), never)));
    expect(lettersOf(runAll(trigger, answers))).toBe('pppppppF..');
  });
});

describe('baseline', () => {
  const ofBaseline = { condition: { ...condition('> 150%'), text: '> 150% of baseline' }, query: promql('latency') };
  const daily = aTrigger({ ...ofBaseline, baseline: { kind: 'offset', offsetMs: 24 * HOUR_MS, windowMs: HOUR_MS } });
  const deployed = aTrigger({ ...ofBaseline, baseline: { kind: 'before-change', windowMs: HOUR_MS } });
  const markers = (...seconds: readonly number[]): ChangeMarkers => ({ lastDeployAt: (target, now) => (target === 'checkout' ? seconds.map(at).findLast((marker) => marker <= now) : undefined) });

  it('offset: makes values shares of the median of the hour that ended a day ago', async () => {
    // Half an hour at 2, the other at 4: and one spike, which a median does not see.
    const source = new Told({ latency: (now) => (now === at(-87_600) ? 1_000 : now < at(-86_400 - 1_800) ? 2 : now < at(-86_000) ? 4 : 9) });
    expect(await judged(daily, source, startAt)).toBe(9 / 4);
    expect(source.asked).toEqual([{ from: -89_940, to: -86_400, stepMs: 60_000 }]);
  });

  it('before change: compares with the hour before the last deployment', async () => {
    const source = new Told({ latency: (now) => (now <= at(-7_200) ? 2 : 3) });
    expect(await judged(deployed, source, at(0), markers(-90_000, -7_200, 600))).toBe(1.5);
    expect(source.asked).toEqual([{ from: -7_200 - 3_540, to: -7_200, stepMs: 60_000 }]);
  });

  it.each<[string, (now: number) => Answer, ChangeMarkers, string]>([
    ['no marker', () => 2, markers(), 'no-baseline'],
    ['only a marker of the future', () => 2, markers(60), 'no-baseline'],
    ['no data before it', (now) => (now >= at(-60) ? 2 : 'none'), markers(-60), 'no-baseline'],
    ['too little data before it', (now) => (now >= at(-1_500) ? 2 : 'nan'), markers(-60), 'no-baseline'],
    ['a baseline of zero', (now) => (now >= at(0) ? 2 : 0), markers(-60), 'no-baseline'],
    ['a negative one', (now) => (now >= at(0) ? 2 : -1), markers(-60), 'no-baseline'],
    ['an infinite one', (now) => (now >= at(0) ? 2 : Infinity), markers(-60), 'no-baseline'],
    ['a past that cannot be asked for', (now) => (now >= at(0) ? 2 : 'error'), markers(-60), 'error: the baseline could not be looked up: no answer'],
  ])('%s: the value is unknown', async (_name, latency, changes, expected) => {
    expect(await judged(deployed, new Told({ latency }), startAt, changes)).toBe(expected);
  });

  it('of a source that remembers nothing is none', async () => {
    const told = new Told({ latency: () => 2 });
    const forgetful: Source = { name: 'x', intervalMs: 15_000, observe: (query, now) => told.observe(query, now), close: () => Promise.resolve() };
    expect(await judged(daily, forgetful, startAt)).toBe('no-baseline');
  });

  it('is looked up once as long as it is the same, and again when it could not be', async () => {
    let failing = true;
    const source = new Told({ latency: (now) => (now < at(-60) && failing ? 'error' : 2) });
    const asked = sourceOf(deployed, source, markers(-60));
    const words: (string | number)[] = [];
    for (const second of [0, 15, 30, 45]) {
      words.push(wordOf(await asked.observe(deployed.query, at(second), never)));
      if (second === 0) expect(words[0]).toContain('could not be looked up');
      failing = false;
    }
    expect(words.slice(1)).toEqual([1, 1, 1]);
    expect(source.asked).toHaveLength(2);
  });

  it('is that of each series by itself', async () => {
    const source = new Told({ latency: (now) => (now < at(-60) ? { a: 1, b: 10 } : { a: 3, b: 10, c: 1 }) });
    const answer = await sourceOf(deployed, source, markers(-120)).observe(deployed.query, startAt, never);
    expect(answer.kind === 'vector' && answer.series.map((series) => wordOf({ ...answer, series: [series] }))).toEqual([3, 1, 'no-baseline']);
  });

  it('slides through the past in one question, and gives what would have been seen live', async () => {
    const latency = (now: number): Answer => 2 + Math.sin(now / 1e6);
    const source = new Told({ latency });
    const past = await sourceOf(daily, source).history?.(daily.query, at(0), at(1_800), 15_000, never);
    expect(source.asked).toHaveLength(2);
    const live = await Promise.all(Array.from({ length: 121 }, (_, slot) => judged(daily, new Told({ latency }), at(15 * slot))));
    expect(past?.map(wordOf)).toEqual(live);
  });
});

it('a trigger that asks for neither gets the source as it is', () => {
  const source = new Told({});
  expect(sourceOf(aTrigger(), source)).toBe(source);
});
