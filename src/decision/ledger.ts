import type { Mode } from '../trigger/trigger.js';

/**
 * The ledger of automatic rollbacks: one entry per incident and mode, so that a dry run spends nothing of the real
 * budget. Instants in milliseconds since the epoch.
 */
export interface LedgerEntry {
  readonly incidentId: string;
  readonly target: string;
  readonly mode: Mode;
  readonly startedAt: number;
  /** The newest thing that was done for the incident; the cooldown counts from here. */
  readonly lastActivityAt: number;
}

export interface Ledger {
  readonly entries: readonly LedgerEntry[];
  /** Targets whose budget has tripped and not been reset. */
  readonly tripped: readonly { readonly target: string; readonly mode: Mode }[];
}

export const emptyLedger: Ledger = { entries: [], tripped: [] };

/** Writes down that a rung of an incident began, or that something more was done for it. */
export function recordActivity(ledger: Ledger, entry: Omit<LedgerEntry, 'startedAt' | 'lastActivityAt'>, at: number): Ledger {
  const same = (other: LedgerEntry): boolean => other.incidentId === entry.incidentId && other.mode === entry.mode;
  const known = ledger.entries.find(same);
  const next: LedgerEntry = { ...entry, startedAt: known?.startedAt ?? at, lastActivityAt: at };
  return { ...ledger, entries: [...ledger.entries.filter((other) => !same(other)), next] };
}

export function recordTrip(ledger: Ledger, target: string, mode: Mode): Ledger {
  const known = ledger.tripped.some((trip) => trip.target === target && trip.mode === mode);
  return known ? ledger : { ...ledger, tripped: [...ledger.tripped, { target, mode }] };
}

/** A person's `belay reset`: the budget of one target, or of all, is whole again. The cooldown is forgotten too. */
export function recordReset(ledger: Ledger, target: string | undefined): Ledger {
  const concerns = (item: { readonly target: string }): boolean => target === undefined || item.target === target;
  return { entries: ledger.entries.filter((entry) => !concerns(entry)), tripped: ledger.tripped.filter((trip) => !concerns(trip)) };
}
