const UNIT_MS = {
  y: 365 * 86_400_000,
  w: 7 * 86_400_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
} as const;

/** Prometheus' own grammar: each unit at most once, largest first, no fractions, no sign. */
const PROMETHEUS_DURATION = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** Reads a Prometheus duration (`90s`, `5m`, `1h30m`, `0`) as milliseconds; `undefined` when it is not one. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const match = PROMETHEUS_DURATION.exec(text);
  if (match === null || text === '') return undefined;
  const units = Object.values(UNIT_MS);
  const counts = match.slice(1) as (string | undefined)[];
  const totalMs = counts.reduce((sumMs, digits, index) => sumMs + Number(digits ?? 0) * (units[index] ?? 0), 0);
  return Number.isSafeInteger(totalMs) ? totalMs : undefined;
}

/** Writes milliseconds the way Prometheus does: `90000` is `1m30s`. Rounded to whole milliseconds. */
export function formatDuration(durationMs: number): string {
  let leftMs = Math.round(durationMs);
  if (leftMs === 0) return '0s';
  const sign = leftMs < 0 ? '-' : '';
  leftMs = Math.abs(leftMs);
  let text = '';
  for (const [unit, unitMs] of Object.entries(UNIT_MS)) {
    // Weeks and years only where nothing is left over, so that 10 days stay 10 days.
    if ((unit === 'y' || unit === 'w') && leftMs % unitMs !== 0) continue;
    const count = Math.floor(leftMs / unitMs);
    if (count > 0) text += `${count}${unit}`;
    leftMs -= count * unitMs;
  }
  return sign + text;
}
