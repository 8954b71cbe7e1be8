import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Signal } from '../../src/source/signal.js';
import { answerFrom } from '../support/scrapes.js';

const errorRate: Signal = { type: 'errorRate', metric: 'requests_total', select: {}, errors: { status: '5..' }, windowMs: 60_000 };
const started = (seconds: number): string => `process_start_time_seconds ${String(seconds)}\n`;

/** One document every ten seconds, from 1,000,000 ms on; an `undefined` one is a scrape that failed. */
function answer(signal: Signal, ...texts: (string | undefined)[]): unknown {
  const documents = texts.flatMap((text, index) => (text === undefined ? [] : [[1_000_000 + index * 10_000, `${text}\n`] as const]));
  const observation = answerFrom(documents, signal);
  if (observation.kind === 'error') return `${observation.reason}: ${observation.message}`;
  const samples = observation.series.map(({ sample }) => (sample.kind === 'value' ? sample.value : sample.kind === 'no-data' ? sample.reason : sample.kind));
  return samples.length === 0 ? 'empty' : samples[0];
}
const requests = (ok?: number, failed?: number): string =>
  [ok === undefined ? '' : `requests_total{status="200"} ${String(ok)}`, failed === undefined ? '' : `requests_total{status="503"} ${String(failed)}`].join('\n');

describe('the error rate', () => {
  it('is the share of what was counted in the window', () => {
    expect(answer(errorRate, requests(100, 10), requests(190, 20))).toBe(0.1);
    // The first two scrapes are out of the window of a minute.
    expect(answer(errorRate, requests(0, 0), requests(0, 1_000), requests(100, 1_000), ...Array<string>(5).fill(requests(200, 1_000)), requests(275, 1_025))).toBe(0.125);
  });

  it('is no data without a metric, without two scrapes and without traffic', () => {
    expect(answer(errorRate, 'other 1', 'other 2')).toBe('empty');
    expect(answer(errorRate, requests(5, 5))).toBe('too-few-samples');
    expect(answer(errorRate, requests(5, 5), requests(5, 5))).toBe('nan');
    expect(answer(errorRate, requests(5, 5), ...Array<undefined>(7).fill(undefined), requests(50, 50))).toBe('too-few-samples');
  });

  it('is 0 with traffic and without any error series', () => {
    expect(answer(errorRate, requests(5), requests(6))).toBe(0);
  });

  it('is 1, not more, when nothing but errors is counted', () => {
    expect(answer(errorRate, requests(5, 0), requests(5, 9))).toBe(1);
  });

  it('spans a scrape that failed', () => {
    expect(answer(errorRate, requests(0, 0), undefined, undefined, requests(75, 25))).toBe(0.25);
  });

  it('refuses a selector that is no regular expression', () => {
    expect(answer({ ...errorRate, errors: { status: '5(' } }, requests(0, 0), requests(1, 1))).toMatch(/^query-refused: "5\(", wanted of the label status/);
  });
});

describe('a counter that restarts', () => {
  it('has counted from zero when it falls', () => {
    expect(answer(errorRate, requests(100, 40), requests(30, 10))).toBe(0.25);
  });

  it('has counted from zero when the process has started in between, though it does not fall', () => {
    const at = 1_000;
    expect(answer(errorRate, started(at - 100) + requests(10, 2), started(at + 5) + requests(20, 20))).toBe(0.5);
    // Without a declared start only the difference can be known: 10 and 18.
    expect(answer(errorRate, requests(10, 2), requests(20, 20))).toBe(18 / 28);
  });

  it('has grown by nothing known when another, older process answers', () => {
    const [a, b] = [started(500), started(700)];
    expect(answer(errorRate, a + requests(1_000, 0), b + requests(900, 50))).toBe('too-few-samples');
    expect(answer(errorRate, a + requests(1_000, 0), b + requests(900, 50), a + requests(1_001, 0), b + requests(901, 50))).toBe('too-few-samples');
    // From then on it is the other one that counts.
    expect(answer(errorRate, a + requests(1_000, 0), b + requests(900, 50), b + requests(909, 51))).toBe(0.1);
  });

  it('takes a start that is rounded, or read from a clock that is a little behind, for what it is', () => {
    expect(answer(errorRate, started(500) + requests(10, 0), started(500.4) + requests(19, 1))).toBe(0.1);
    expect(answer(errorRate, started(500) + requests(10, 0), started(999.4) + requests(9, 1))).toBe(0.1);
  });
});

describe('a series that appears', () => {
  it('counts from zero when the scrape before it, and every other, lacked it', () => {
    expect(answer(errorRate, requests(100), requests(190, 10))).toBe(0.1);
    expect(answer(errorRate, 'up 1', requests(undefined, 3))).toBe(1);
  });

  it('adds nothing yet when nothing is known of the time before', () => {
    expect(answer(errorRate, undefined, requests(100, 50), requests(200, 50))).toBe(0);
  });

  it('adds nothing yet when it was there before the window, lest its past is counted again', () => {
    const away = Array<string>(8).fill(requests(100));
    expect(answer(errorRate, requests(100, 5_000), ...away, requests(150, 5_001))).toBe(0);
    expect(answer(errorRate, requests(100, 5_000), ...away, requests(150, 5_001), requests(159, 5_002))).toBe(1 / 60);
  });

  it('is compared with its last value when it was away for less than the window', () => {
    expect(answer(errorRate, requests(100, 5_000), requests(150), requests(190, 5_010))).toBe(0.1);
  });
});

describe('increases in general', () => {
  /** What a process counts between scrapes, and whether it is restarted before. */
  const steps = fc.array(fc.record({ ok: fc.nat(50), failed: fc.nat(50), restart: fc.boolean() }), { minLength: 2, maxLength: 6 });

  it('miss nothing and invent nothing, however often the process restarts, if it says when', () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(1_000), steps, (ok, failed, parts) => {
        let now = { ok, failed };
        let start = 100;
        const sums = { ok: 0, failed: 0 };
        const texts = [started(start) + requests(ok, failed)];
        for (const [index, part] of parts.entries()) {
          if (part.restart) {
            now = { ok: 0, failed: 0 };
            start = 1_000 + index * 10 + 5;
          }
          now = { ok: now.ok + part.ok, failed: now.failed + part.failed };
          sums.ok += part.ok;
          sums.failed += part.failed;
          texts.push(started(start) + requests(now.ok, now.failed));
        }
        const total = sums.ok + sums.failed;
        const found = answer(errorRate, ...texts);
        if (total === 0) expect(found).toBe('nan');
        else expect(found).toBeCloseTo(sums.failed / total, 12);
      }),
    );
  });

  it('never count more than the process did, without a declared start', () => {
    fc.assert(
      fc.property(steps, (parts) => {
        let count = 10;
        let counted = 0;
        const texts = ['requests_total{status="503"} 10\nticks_total 0'];
        for (const part of parts) {
          if (part.restart) count = 0;
          count += part.failed;
          counted += part.failed;
          texts.push(`requests_total{status="503"} ${String(count)}`);
        }
        // A constant traffic of one makes the increase of the errors readable from the rate.
        const found = answer(errorRate, ...texts.map((text, index) => `${text}\nrequests_total{status="200",never="resets"} ${String(index)}`));
        const increase = typeof found === 'number' ? (found * parts.length) / (1 - found) : NaN;
        expect(increase).toBeLessThanOrEqual(counted + 1e-6);
        expect(increase).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('latency', () => {
  const latency: Signal = { type: 'latency', metric: 'took_seconds', select: {}, quantile: 0.5, windowMs: 60_000 };
  const histogram = (counts: readonly number[], labels = ''): string =>
    ['0.1', '0.5', '1', '+Inf'].map((bound, index) => `took_seconds_bucket{${labels}le="${bound}"} ${String(counts[index])}`).join('\n');

  it('is interpolated within the bucket, over what was counted in the window', () => {
    expect(answer(latency, histogram([1_000, 1_000, 1_000, 1_000]), histogram([1_000, 1_010, 1_020, 1_020]))).toBeCloseTo(0.5, 12);
    expect(answer(latency, histogram([0, 0, 0, 0]), histogram([10, 10, 10, 10]))).toBeCloseTo(0.05, 12);
    expect(answer({ ...latency, quantile: 0.75 }, histogram([0, 0, 0, 0]), histogram([0, 10, 20, 20]))).toBeCloseTo(0.75, 12);
    // Beyond the last bound nothing more exact can be said.
    expect(answer(latency, histogram([0, 0, 0, 0]), histogram([0, 0, 0, 10]))).toBe(1);
  });

  it('adds up the buckets of several series, and picks some', () => {
    const both = (a: readonly number[], b: readonly number[]): string => `${histogram(a, 'route="/a",')}\n${histogram(b, 'route="/b",')}`;
    const zero = [0, 0, 0, 0];
    expect(answer(latency, both(zero, zero), both([10, 10, 10, 10], [0, 0, 10, 10]))).toBeCloseTo(0.1, 12);
    expect(answer({ ...latency, select: { route: '/b' } }, both(zero, zero), both([10, 10, 10, 10], [0, 0, 10, 10]))).toBeCloseTo(0.75, 12);
    expect(answer({ ...latency, select: { route: '/[ab]' } }, both(zero, zero), both([10, 10, 10, 10], [0, 0, 10, 10]))).toBeCloseTo(0.1, 12);
    // The name may be written as that of the buckets.
    expect(answer({ ...latency, metric: 'took_seconds_bucket' }, both(zero, zero), both([10, 10, 10, 10], [0, 0, 10, 10]))).toBeCloseTo(0.1, 12);
  });

  it('is no data without traffic, and an error for what has no buckets', () => {
    expect(answer(latency, histogram([1, 2, 3, 4]), histogram([1, 2, 3, 4]))).toBe('nan');
    expect(answer(latency, 'other 1', 'other 1')).toBe('empty');
    expect(answer(latency, histogram([1, 2, 3, 4]))).toBe('too-few-samples');
    const summary = 'took_seconds{quantile="0.5"} 0.2\ntook_seconds_sum 5\ntook_seconds_count 9';
    expect(answer(latency, summary, summary)).toMatch(/^wrong-type: took_seconds has no buckets/);
  });
});

describe('what is read from the newest scrape alone', () => {
  const values = 'depth{queue="a"} 3\ndepth{queue="b"} 5\nodd{is="nan"} NaN\nodd{is="one"} 1\nfull 30\nfull{disk="b"} 60\nsize 100\nsize{disk="b"} 0\nendless 0';
  const gauge = (metric: string, reduce: 'max' | 'min' | 'sum' | 'avg', select = {}): Signal => ({ type: 'gauge', metric, select, reduce });

  it('is reduced over its series', () => {
    expect(answer({ type: 'queueDepth', metric: 'depth', select: {} }, values)).toBe(8);
    expect(answer({ type: 'queueDepth', metric: 'depth', select: { queue: 'b' } }, values)).toBe(5);
    expect((['max', 'min', 'sum', 'avg'] as const).map((reduce) => answer(gauge('depth', reduce), values))).toEqual([5, 3, 8, 4]);
    expect((['max', 'min', 'sum', 'avg'] as const).map((reduce) => answer(gauge('odd', reduce), values))).toEqual([1, 1, 'nan', 'nan']);
    expect(answer(gauge('odd', 'max', { is: 'nan' }), values)).toBe('nan');
  });

  it('is nothing once it is gone', () => {
    expect(answer(gauge('depth', 'max'), values, 'other 1')).toBe('empty');
    expect(answer(gauge('depth', 'max', { queue: 'c' }), values)).toBe('empty');
  });

  it('is a share of a limit that exists', () => {
    expect(answer({ type: 'saturation', used: 'full', limit: 'size', select: {} }, values)).toBe(0.9);
    expect(answer({ type: 'saturation', used: 'full', limit: 'endless', select: {} }, values)).toBe('empty');
    expect(answer({ type: 'saturation', used: 'full', limit: 'nothing', select: {} }, values)).toBe('empty');
  });

  it('does not believe a timestamp of long ago', () => {
    expect(answer(gauge('depth', 'max'), 'depth 7 999000')).toBe(7);
    expect(answer(gauge('depth', 'max'), 'depth 7 500000')).toBe('empty');
  });
});

it('the success of a synchronization is its share of all', () => {
  const sync: Signal = { type: 'syncSuccess', metric: 'syncs_total', select: {}, successes: { result: 'ok' }, windowMs: 60_000 };
  expect(answer(sync, 'syncs_total{result="ok"} 5\nsyncs_total{result="failed"} 0', 'syncs_total{result="ok"} 14\nsyncs_total{result="failed"} 1')).toBe(0.9);
  expect(answer(sync, 'syncs_total{result="failed"} 0', 'syncs_total{result="failed"} 7')).toBe(0);
});
