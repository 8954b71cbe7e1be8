import { describe, expect, it } from 'vitest';
import { latestAt, nextAt } from '../../src/time/cron-schedule.js';

const DAY_MS = 86_400_000;
const at = (text: string): number => Date.parse(text);
const shown = (instant: number | undefined): string | undefined => (instant === undefined ? undefined : new Date(instant).toISOString());

describe('a schedule', () => {
  it.each([
    ['0 10 1 * *', 'UTC', '2026-11-29T01:00:00Z', '2026-12-01T10:00:00.000Z'],
    ['0 10 1 * *', 'UTC', '2026-12-01T10:00:00Z', '2027-01-01T10:00:00.000Z'],
    ['0 10 1 1,4,7,10 *', 'Europe/Berlin', '2026-07-01T08:00:00Z', '2026-10-01T08:00:00.000Z'],
    ['30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00.000Z'],
    ['0 0 29 2 *', 'UTC', '2025-01-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['0 0 29 2 1', 'UTC', '2026-01-01T00:00:00Z', undefined],
  ])('%s in %s comes next after %s at %s', (cron, timezone, now, next) => {
    expect(shown(nextAt({ cron, timezone }, at(now)))).toBe(next);
  });

  it('was last due at or before now, as far back as is asked', () => {
    const monthly = { cron: '0 10 1 * *', timezone: 'UTC' };
    expect(shown(latestAt(monthly, at('2026-12-01T10:00:00Z'), DAY_MS))).toBe('2026-12-01T10:00:00.000Z');
    expect(shown(latestAt(monthly, at('2026-12-20T00:00:00Z'), 31 * DAY_MS))).toBe('2026-12-01T10:00:00.000Z');
    expect(latestAt(monthly, at('2026-12-20T00:00:00Z'), 5 * DAY_MS)).toBeUndefined();
  });
});
