import { InvalidArgumentError } from 'commander';
import { parseInstant } from '../backtest/csv-line.js';
import { parseDuration } from '../time/duration.js';

/** An instant as people give it: RFC 3339, unix seconds or milliseconds, `now`, or a duration ago (`30d`). Milliseconds since the epoch. */
export function instantArgument(now: number): (text: string) => number {
  return (text) => {
    const agoMs = text === '0' ? undefined : parseDuration(text);
    const at = text === 'now' ? now : agoMs === undefined ? parseInstant(text) : now - agoMs;
    if (at === undefined) throw new InvalidArgumentError('an instant is RFC 3339 (2026-05-01T12:00:00Z), unix seconds, or a duration ago (30d)');
    return at;
  };
}
