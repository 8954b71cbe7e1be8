import { describe, expect, it } from 'vitest';
import { sourceHistory } from '../../src/backtest/source-history.js';
import type { Observation, SourceErrorReason } from '../../src/source/sample.js';
import type { Source } from '../../src/source/source.js';

const STEP_MS = 15_000;
const never = new AbortController().signal;
const query = { kind: 'promql', expr: 'x' } as const;

/** A source with so many series, that answers no more than so many points at once. */
function aSource(options: { readonly series?: number; readonly mostPoints?: number; readonly reason?: SourceErrorReason }): { readonly source: Source; readonly asked: number[] } {
  const { series = 1, mostPoints = Infinity, reason = 'timeout' } = options;
  const asked: number[] = [];
  const source: Source = {
    name: 'prometheus',
    intervalMs: STEP_MS,
    observe: () => Promise.reject(new Error('not asked here')),
    history: (_query, fromAt, toAt, stepMs) => {
      const instants = Array.from({ length: (toAt - fromAt) / stepMs + 1 }, (_, index) => fromAt + index * stepMs);
      asked.push(instants.length);
      const answer = (at: number): Observation =>
        instants.length > mostPoints
          ? { kind: 'error', at, reason, message: 'too much' }
          : { kind: 'vector', at, warnings: [], series: Array.from({ length: series }, (_, index) => ({ labels: { pod: String(index) }, sample: { kind: 'value', at, value: 1 } })) };
      return Promise.resolve(instants.map(answer));
    },
    close: () => Promise.resolve(),
  };
  return { source, asked };
}

async function instantsOf(source: Source, fromAt: number, toAt: number): Promise<number[]> {
  const instants: number[] = [];
  let share = 0;
  for await (const batch of sourceHistory(source, query, { fromAt, toAt, stepMs: STEP_MS }, never).batches) {
    expect(batch.share).toBeGreaterThan(share);
    share = batch.share;
    instants.push(...batch.observations.map(({ at }) => at));
  }
  expect(share).toBe(1);
  return instants;
}

const slots = (count: number): number[] => Array.from({ length: count }, (_, index) => index * STEP_MS);

describe('the past of a source', () => {
  it('is asked for slot by slot, in pieces of at most 10,000 points, without a gap or an overlap', async () => {
    const { source, asked } = aSource({});
    expect(await instantsOf(source, 0, 24_999 * STEP_MS)).toEqual(slots(25_000));
    expect(Math.max(...asked)).toBe(10_000);
    expect(asked.length).toBeLessThanOrEqual(4);
  });

  it('begins and ends with whole slots inside of the range', async () => {
    expect(await instantsOf(aSource({}).source, 1, 4 * STEP_MS - 1)).toEqual([1, 2, 3].map((slot) => slot * STEP_MS));
  });

  it('comes in smaller pieces the more series there are', async () => {
    const { source, asked } = aSource({ series: 100 });
    await instantsOf(source, 0, 9_999 * STEP_MS);
    expect(Math.max(...asked)).toBeLessThanOrEqual(4_000);
  });

  it('is asked for in smaller pieces when a piece is too much for the server', async () => {
    const { source } = aSource({ mostPoints: 1_500 });
    expect(await instantsOf(source, 0, 9_999 * STEP_MS)).toEqual(slots(10_000));
  });

  it.each([
    ['query-refused', 'provider-refused'],
    ['timeout', 'provider-unreachable'],
  ] as const)('cannot be told when the smallest piece fails: %s', async (reason, code) => {
    await expect(instantsOf(aSource({ mostPoints: 0, reason }).source, 0, 999 * STEP_MS)).rejects.toMatchObject({ code, message: 'the past of source prometheus cannot be read: too much' });
  });

  it('is not asked for again and again when nobody answers', async () => {
    const { source, asked } = aSource({ mostPoints: 0, reason: 'unreachable' });
    await expect(instantsOf(source, 0, 999 * STEP_MS)).rejects.toMatchObject({ code: 'provider-unreachable' });
    expect(asked).toHaveLength(1);
  });
});
