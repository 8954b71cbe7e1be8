import { describe, expect, it } from 'vitest';
import { type Freeze, frozenUntil } from '../../src/decision/freeze.js';

const hour = 3_600_000;
const berlin = (cron: string, forMs: number): Freeze => ({ cron, timezone: 'Europe/Berlin', forMs, reason: '' });
const until = (freeze: Freeze, at: string): string | undefined => {
  const end = frozenUntil(freeze, Date.parse(at));
  return end === undefined ? undefined : new Date(end).toISOString().slice(0, 16);
};

describe('a freeze', () => {
  it.each([
    ['just before', '2026-12-23T22:59:59.999Z', undefined],
    ['at its beginning', '2026-12-23T23:00:00Z', '2026-12-25T23:00'],
    ['in the middle', '2026-12-25T12:00:00Z', '2026-12-25T23:00'],
    ['in its last moment', '2026-12-25T22:59:59.999Z', '2026-12-25T23:00'],
    ['at its end', '2026-12-25T23:00:00Z', undefined],
    ['half a year later', '2026-06-24T12:00:00Z', undefined],
  ])('begins at midnight of its time zone and lasts as long as it says: %s', (_title, at, end) => {
    expect(until(berlin('0 0 24 12 *', 48 * hour), at)).toBe(end);
  });

  it('reaches over the end of the year', () => {
    expect(until(berlin('0 12 30 12 *', 96 * hour), '2027-01-02T10:00:00Z')).toBe('2027-01-03T11:00');
  });

  it('goes on from the latest of several beginnings', () => {
    const evenings = berlin('0 18,20 * * 1-5', 3 * hour);
    expect(until(evenings, '2026-06-01T17:30:00Z')).toBe('2026-06-01T19:00');
    expect(until(evenings, '2026-06-01T18:30:00Z')).toBe('2026-06-01T21:00');
    expect(until(evenings, '2026-06-06T18:30:00Z')).toBeUndefined();
  });

  it('takes days as node-cron does: both fields, the last of the month, the second Friday', () => {
    expect(until(berlin('0 0 1 * 1', hour), '2026-05-31T22:30:00Z')).toBe('2026-05-31T23:00');
    expect(until(berlin('0 0 1 * 1', hour), '2026-06-30T22:30:00Z')).toBeUndefined();
    expect(until(berlin('0 0 L * *', hour), '2027-02-27T23:30:00Z')).toBe('2027-02-28T00:00');
    expect(until(berlin('0 0 * * 5#2', hour), '2026-06-11T22:30:00Z')).toBe('2026-06-11T23:00');
  });
});

describe('when summer begins (01:00Z: from 02:00 to 03:00)', () => {
  it.each([
    ['0 1 * * *', '2026-03-29T00:00:00Z', '2026-03-29T02:00'],
    ['0 3 * * *', '2026-03-29T01:00:00Z', '2026-03-29T03:00'],
    ['30 2 * * *', '2026-03-29T00:59:59Z', undefined],
    ['30 2 * * *', '2026-03-29T01:00:00Z', '2026-03-29T03:00'],
    ['30 2 * * *', '2026-03-29T02:59:59Z', '2026-03-29T03:00'],
    ['30 2 * * *', '2026-03-28T01:30:00Z', '2026-03-28T03:30'],
    ['30 2 * * *', '2026-03-30T00:30:00Z', '2026-03-30T02:30'],
  ])('%s at %s ends at %s', (cron, at, end) => {
    expect(until(berlin(cron, 2 * hour), at)).toBe(end);
  });

  it('lasts as long as ever, though the clock jumps meanwhile', () => {
    expect(until(berlin('0 18 28 3 *', 12 * hour), '2026-03-28T20:00:00Z')).toBe('2026-03-29T05:00');
  });
});

describe('when summer ends (01:00Z: from 03:00 back to 02:00)', () => {
  it.each([
    ['2026-10-25T00:29:59Z', undefined],
    ['2026-10-25T00:30:00Z', '2026-10-25T01:15'],
    ['2026-10-25T01:20:00Z', undefined],
    ['2026-10-25T01:30:00Z', '2026-10-25T02:15'],
    ['2026-10-25T02:15:00Z', undefined],
  ])('begins at both of the times that read 02:30: at %s it ends at %s', (at, end) => {
    expect(until(berlin('30 2 * * *', 45 * 60_000), at)).toBe(end);
  });
});

describe('zones that are not whole hours, and those beyond midnight', () => {
  it.each([
    ['Asia/Kolkata', '0 9 * * *', '2026-06-01T03:30:00Z', '2026-06-01T04:30'],
    ['Pacific/Kiritimati', '0 0 2 6 *', '2026-06-01T10:30:00Z', '2026-06-01T11:00'],
    ['Pacific/Pago_Pago', '0 23 31 5 *', '2026-06-01T10:30:00Z', '2026-06-01T11:00'],
    ['Australia/Lord_Howe', '15 2 * * *', '2026-10-03T15:30:00Z', '2026-10-03T16:30'],
  ])('%s, %s', (timezone, cron, at, end) => {
    expect(until({ cron, timezone, forMs: hour, reason: '' }, at)).toBe(end);
  });
});
