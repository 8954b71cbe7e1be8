import { type CronSchedule, latestAt } from '../time/cron-schedule.js';

/** A stretch of time in which automatic rollbacks need approval, from each instant that a cron expression names. */
export interface Freeze extends CronSchedule {
  readonly forMs: number;
  readonly reason: string;
}

/** When the freeze that `now` is in ends; `undefined` outside of it. Instants in milliseconds since the epoch. */
export function frozenUntil({ forMs, ...schedule }: Freeze, now: number): number | undefined {
  const startedAt = latestAt(schedule, now, forMs);
  return startedAt !== undefined && startedAt + forMs > now ? startedAt + forMs : undefined;
}
