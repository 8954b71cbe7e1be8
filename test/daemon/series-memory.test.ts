import { expect, test } from 'vitest';
import { SeriesMemory } from '../../src/daemon/series-memory.js';
import type { Alert, RecentSample } from '../../src/trigger/alert.js';

function alert(fingerprint: string, ...recent: readonly RecentSample[]): Alert {
  return { trigger: 't', target: 'shop', labels: {}, fingerprint, state: 'inactive', health: 'ok', window: { countedMs: 0, streak: 0 }, recent };
}

test('points are remembered with why some are unknown, the newest few hundred of them', () => {
  const memory = new SeriesMemory();
  for (let at = 0; at < 1_500; at += 1) memory.note('t', [alert('f', at % 7 === 0 ? { at, unknown: 'timeout' } : { at, value: at / 2 })]);
  const points = memory.pointsOf('t', 'f', 0);
  expect(points).toHaveLength(600);
  expect(points[0]).toEqual({ at: 900, value: 450 });
  expect(points.slice(-3)).toEqual([{ at: 1_497, value: 748.5 }, { at: 1_498, unknown: 'timeout' }, { at: 1_499, value: 749.5 }]);
  expect(points.map(({ at }) => at)).toEqual(Array.from({ length: 600 }, (_, index) => 900 + index));
  expect(memory.pointsOf('t', 'f', 1_498)).toHaveLength(2);
  expect(memory.pointsOf('t', 'g', 0)).toEqual([]);
});

test('nothing older than an hour is shown', () => {
  const memory = new SeriesMemory();
  for (const at of [0, 1_800_000, 3_600_001]) memory.note('t', [alert('f', { at, value: 1 })]);
  expect(memory.pointsOf('t', 'f', 0).map(({ at }) => at)).toEqual([1_800_000, 3_600_001]);
});

test('what a history tells of a gap takes the place of what was unknown in it', () => {
  const memory = new SeriesMemory();
  memory.note('t', [alert('f', { at: 10, value: 1 }, { at: 20, unknown: 'timeout' })]);
  memory.note('t', [alert('f', { at: 20, unknown: 'timeout' }, { at: 30, unknown: 'timeout' })]);
  memory.note('t', [alert('f', { at: 10, value: 1 }, { at: 20, value: 2 }, { at: 30, value: 3 }, { at: 40, value: 4 })]);
  expect(memory.pointsOf('t', 'f', 0)).toEqual([{ at: 10, value: 1 }, { at: 20, value: 2 }, { at: 30, value: 3 }, { at: 40, value: 4 }]);
});

test('a clock that was set back does not mix two stories about one time', () => {
  const memory = new SeriesMemory();
  for (const at of [10, 20, 30]) memory.note('t', [alert('f', { at, value: at })]);
  memory.note('t', [alert('f', { at: 15, value: 99 })]);
  expect(memory.pointsOf('t', 'f', 0)).toEqual([{ at: 10, value: 10 }, { at: 15, value: 99 }]);
});

test('series are forgotten with their alerts and triggers, and are never more than memory is set aside for', () => {
  const memory = new SeriesMemory();
  const point = { at: 1, value: 1 };
  const many = Array.from({ length: 4_001 }, (_, index) => alert(`f${index}`, point));
  memory.note('t', many);
  expect(memory.pointsOf('t', 'f3999', 0)).toEqual([point]);
  expect(memory.pointsOf('t', 'f4000', 0)).toEqual([]);
  memory.note('t', many.slice(1));
  expect(memory.pointsOf('t', 'f0', 0)).toEqual([]);
  expect(memory.pointsOf('t', 'f4000', 0)).toEqual([point]);
  memory.keepOnly(new Set(['other']));
  expect(memory.pointsOf('t', 'f1', 0)).toEqual([]);
  memory.note('other', many.slice(0, 4_000));
  expect(memory.pointsOf('other', 'f3999', 0)).toEqual([point]);
});
