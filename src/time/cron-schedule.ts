/**
 * When a cron expression names an instant, computed from the expression, the time zone and now alone.
 *
 * Times of day are those of the time zone. One that the clock jumps over when summer begins is taken to be the instant of
 * the jump, so that none is missed; of one that comes twice when summer ends, both count.
 */
import { createTask, parse } from 'node-cron';

export interface CronSchedule {
  /** Five fields, as node-cron reads them: a day must fit its day of the month and its day of the week. */
  readonly cron: string;
  /** `Europe/Berlin`, `UTC`. */
  readonly timezone: string;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** From one 29th of February to the next there are eight years at most. */
const MOST_DAYS = 8 * 366;

/** The latest instant that is not after `now`, not further back than `backMs`; `undefined` where there is none. Milliseconds since the epoch. */
export function latestAt({ cron, timezone }: CronSchedule, now: number, backMs: number): number | undefined {
  const today = slotOf(wallTime(now, timezone), DAY_MS);
  const days = Math.ceil(backMs / DAY_MS) + 1;
  for (let back = -1; back <= days; back += 1) {
    const begun = startsOn(cron, timezone, today - back * DAY_MS).filter((at) => at <= now);
    if (begun.length > 0) return Math.max(...begun);
  }
  return undefined;
}

/** The first instant after `now`; `undefined` for an expression that names none within eight years. */
export function nextAt({ cron, timezone }: CronSchedule, now: number): number | undefined {
  const today = slotOf(wallTime(now, timezone), DAY_MS);
  for (let ahead = -1; ahead <= MOST_DAYS; ahead += 1) {
    const coming = startsOn(cron, timezone, today + ahead * DAY_MS).filter((at) => at > now);
    if (coming.length > 0) return Math.min(...coming);
  }
  return undefined;
}

/** The instants on a day (the instant of its midnight, were the zone UTC). */
function startsOn(cron: string, timezone: string, day: number): readonly number[] {
  const { isDay, hours, minutes } = scheduleOf(cron);
  if (!isDay(day)) return [];
  return hours.flatMap((hour) => minutes.flatMap((minute) => instantsOf(day + (hour * 60 + minute) * MINUTE_MS, timezone)));
}

interface Schedule {
  readonly isDay: (day: number) => boolean;
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
}

/** What was parsed once; the files have few expressions. */
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
