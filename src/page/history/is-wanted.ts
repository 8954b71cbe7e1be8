import type { IncidentSummary } from '../../http/guard-api.js';
import type { HistoryFilter } from '../session/route.js';

const DAY_MS = 86_400_000;

/** Whether an incident passes the filter; its target is filtered by the daemon. */
export function isWanted({ status, openedAt, endedAt }: Pick<IncidentSummary, 'status' | 'openedAt' | 'endedAt'>, { state, days }: HistoryFilter, now: number): boolean {
  if (days !== undefined && openedAt < now - days * DAY_MS) return false;
  switch (state) {
    case undefined:
      return true;
    case 'open':
      return endedAt === undefined;
    case 'needs-human':
    case 'recovered':
    case 'closed':
      return status === state;
    default:
      return state satisfies never;
  }
}
