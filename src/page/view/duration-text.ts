const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A span as people read it on the go, two units at most: `12 s`, `4 min 05 s`, `3 h 20 min`, `5 d 2 h`. */
export function durationText(spanMs: number): string {
  const ms = Math.max(0, spanMs);
  if (ms < 10 * SECOND) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  return roughText(ms);
}

/** As `durationText`, in whole seconds: for what counts on while one looks. */
export function roughText(spanMs: number): string {
  const ms = Math.max(0, spanMs);
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return two(ms, MINUTE, 'min', SECOND, 's');
  if (ms < DAY) return two(ms, HOUR, 'h', MINUTE, 'min');
  return two(ms, DAY, 'd', HOUR, 'h');
}

function two(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${largeName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`;
}

/** `14:03:21`, UTC, as everywhere in Belay. */
export function clockText(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}

/** `2026-05-03 14:03`, UTC. */
export function dayText(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace('T', ' ');
}
