import { BelayError } from '../../../fault/belay-error.js';
import { formatDuration } from '../../../time/duration.js';

/** Clocks of two machines never agree; a backup beyond this far ahead was made under another time zone. */
const MOST_AHEAD_MS = 120_000;

/** How old a backup may be: `undefined` where nobody has said, and then none is good enough. */
export type OldestAllowed = number | 'any' | undefined;

/** Throws `backup-unfit` when the backup is too old, from the future, or nobody has said how old it may be. */
export function checkAge(shown: string, madeAt: number, now: number, oldest: OldestAllowed): void {
  const ageMs = now - madeAt;
  if (ageMs < -MOST_AHEAD_MS) throw new BelayError('backup-unfit', `${shown} is from ${formatDuration(Math.floor(-ageMs / 1_000) * 1_000)} in the future: set backups.timeZone to that of the machine that makes the dumps`);
  if (oldest === undefined) throw new BelayError('backup-unfit', `nobody has said how old ${shown} may be: give the target an rpo, or the database backups.maxAge`);
  if (oldest !== 'any' && ageMs > oldest) throw new BelayError('backup-unfit', `${shown} is ${ageText(ageMs)} old, and at most ${formatDuration(oldest)} is allowed; restoring it would lose all that came since`);
}

export function ageText(ageMs: number): string {
  const seconds = Math.max(0, Math.floor(ageMs / 1_000));
  return formatDuration((seconds >= 86_400 ? Math.floor(seconds / 3_600) * 3_600 : seconds) * 1_000);
}

/** The instant at which a clock on the wall of a time zone shows this (`2026-11-25 10:15:53`). */
export function wallClockInstant(text: string, timeZone: string | undefined): number {
  const wall = Date.parse(`${text.trim().replace(' ', 'T')}Z`);
  const zone = timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  // The offset of the guess may be that of the other side of a change of the clocks, so it is looked up again.
  let instant = wall - offsetMs(wall, zone);
  instant = wall - offsetMs(instant, zone);
  return instant;
}

function offsetMs(instant: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' });
  const part = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  const shown = Date.UTC(part['year'] ?? 0, (part['month'] ?? 1) - 1, part['day'] ?? 1, part['hour'] ?? 0, part['minute'] ?? 0, part['second'] ?? 0);
  return shown - Math.floor(instant / 1_000) * 1_000;
}
