import { expect, it } from 'vitest';
import { instantArgument } from '../../src/cli/instant-argument.js';

const now = Date.UTC(2026, 5, 1);
const instant = instantArgument(now);

it.each([
  ['now', now],
  ['30d', now - 30 * 86_400_000],
  ['1h30m', now - 5_400_000],
  ['2026-05-01T12:00:00Z', Date.UTC(2026, 4, 1, 12)],
  ['2026-05-01T14:00:00+02:00', Date.UTC(2026, 4, 1, 12)],
  ['1777636800', Date.UTC(2026, 4, 1, 12)],
  ['0', 0],
])('%s is an instant', (text, at) => {
  expect(instant(text)).toBe(at);
});

it.each(['yesterday', '', '2026-05-01', '-5m', '5m ago'])('"%s" is none', (text) => {
  expect(() => instant(text)).toThrow(/an instant is RFC 3339/);
});
