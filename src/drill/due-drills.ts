import { latestAt, nextAt } from '../time/cron-schedule.js';
import type { Drill } from './drill.js';
import type { DrillRecord } from './drill-history.js';

/** What is to be done about one drill now. `dueAt` in milliseconds since the epoch. */
export type DueDrill =
  | { readonly kind: 'announce'; readonly dueAt: number }
  | { readonly kind: 'run'; readonly dueAt: number }
  /** Nobody was there when it was due, and it is too late to make up for it: people were ready then. */
  | { readonly kind: 'missed'; readonly dueAt: number };

/** So late a drill is still begun, after a restart or behind another drill. */
export const LATEST_START_MS = 3_600_000;
/** As far back as a missed drill is told of. */
const LOOK_BACK_MS = 35 * 86_400_000;

/** `sinceAt`: from when on its schedule counts, such as when the last daemon was alive. */
export function dueDrill({ schedule, announceMs }: Drill, record: Pick<DrillRecord, 'settledDueAt' | 'announcedDueAt'> | undefined, sinceAt: number, now: number): DueDrill | undefined {
  if (schedule === undefined) return undefined;
  const dueAt = latestAt(schedule, now, LOOK_BACK_MS);
  if (dueAt !== undefined && dueAt > sinceAt && dueAt > (record?.settledDueAt ?? -Infinity)) return { kind: now - dueAt > LATEST_START_MS ? 'missed' : 'run', dueAt };
  const comesAt = nextAt(schedule, now);
  if (comesAt === undefined || announceMs === 0 || comesAt - announceMs > now || comesAt === record?.announcedDueAt) return undefined;
  return { kind: 'announce', dueAt: comesAt };
}

/** When `dueDrill` has something new to say at the latest. */
export function nextLookAt({ schedule, announceMs }: Drill, now: number): number | undefined {
  if (schedule === undefined) return undefined;
  const comesAt = nextAt(schedule, now);
  if (comesAt === undefined) return undefined;
  const announceAt = comesAt - announceMs;
  return announceAt > now ? announceAt : comesAt;
}
