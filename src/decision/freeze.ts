/**
 * A freeze: a stretch of time in which automatic rollbacks need approval, from each instant that a cron expression names.
 *
 * Times of day are those of the time zone. One that the clock jumps over when summer begins is taken to be the instant of
 * the jump, so that no freeze is missed; of one that comes twice when summer ends, both begin a freeze.
 */
import { createTask, parse } from 'node-cron';

export interface Freeze {
  /** Five fields, as node-cron reads them: a day must fit its day of the month and its day of the week. */
  readonly cron: string;
  /** `Europe/Berlin`, `UTC`. */
  readonly timezone: string;
  readonly forMs: number;
  readonly reason: string;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** When the freeze that `now` is in ends; `undefined` outside of it. Instants in milliseconds since the epoch. */
export function frozenUntil({ cron, timezone, forMs }: Freeze, now: number): number | undefined {
  const today = slotOf(wallTime(now, timezone), DAY_MS);
  const days = Math.ceil(forMs / DAY_MS) + 1;
  for (let back = -1; back <= days; back += 1) {
    const startedAt = latestStart(cron, timezone, today - back * DAY_MS, now);
    if (startedAt !== undefined) return startedAt + forMs > now ? startedAt + forMs : undefined;
  }
  return undefined;
}

/** The latest start on a day (the instant of its midnight, were the zone UTC) that is not after `now`. */
function latestStart(cron: string, timezone: string, day: number, now: number): number | undefined {
  const { isDay, hours, minutes } = scheduleOf(cron);
  if (!isDay(day)) return undefined;
  const starts = hours.flatMap((hour) => minutes.flatMap((minute) => instantsOf(day + (hour * 60 + minute) * MINUTE_MS, timezone)));
  const begun = starts.filter((at) => at <= now);
  return begun.length === 0 ? undefined : Math.max(...begun);
}

interface Schedule {
  readonly isDay: (day: number) => boolean;
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
}

/** What was parsed once; a policy has few expressions. */
const schedules = new Map<string, Schedule>();

function scheduleOf(cron: string): Schedule {
  const known = schedules.get(cron);
  if (known !== undefined) return known;
  const [, , ...days] = cron.trim().split(/\s+/);
  const midnights = createTask(['0', '0', ...days].join(' '), () => undefined, { timezone: 'UTC' });
  const { hour: hours, minute: minutes } = parse(cron);
  const schedule: Schedule = { isDay: (day) => midnights.match(new Date(day)), hours, minutes };
  schedules.set(cron, schedule);
  return schedule;
}

/** The instants at which the clock on the wall shows a time: none is skipped, and one may come twice. */
function instantsOf(wall: number, timezone: string): readonly number[] {
  const candidates = [...new Set([wall - offsetMs(wall - DAY_MS, timezone), wall - offsetMs(wall + DAY_MS, timezone)])];
  const shown = candidates.filter((at) => wallTime(at, timezone) === wall);
  if (shown.length > 0) return shown;
  let [before, after] = [Math.min(...candidates), Math.max(...candidates)];
  while (after - before > MINUTE_MS) {
    const middle = slotOf((before + after) / 2, MINUTE_MS);
    if (wallTime(middle, timezone) < wall) before = middle;
    else after = middle;
  }
  return [after];
}

function offsetMs(at: number, timezone: string): number {
  return wallTime(at, timezone) - slotOf(at, MINUTE_MS);
}

/** What the clock on the wall shows, to the minute, as the instant at which it would show that in UTC. */
function wallTime(at: number, timezone: string): number {
  const parts = new Map(formatOf(timezone).formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'));
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timezone: string): Intl.DateTimeFormat {
  const format = formats.get(timezone) ?? new Intl.DateTimeFormat('en-GB', { timeZone: timezone, year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', hourCycle: 'h23' });
  formats.set(timezone, format);
  return format;
}

function slotOf(at: number, lengthMs: number): number {
  return Math.floor(at / lengthMs) * lengthMs;
}
