import { conditionHolds } from '../source/condition.js';
import type { Labels } from '../source/sample.js';
import type { Alert } from '../trigger/alert.js';
import type { Trigger, Window } from '../trigger/trigger.js';

/** A time during which an alert was pending and did not come to fire, or was pending and then fired. */
export interface PendingSpan {
  readonly labels: Labels;
  readonly fromAt: number;
  readonly toAt: number;
  readonly fired: boolean;
  /** How much of the window was full at most; 1 where it fired. */
  readonly windowShare: number;
}

/** Instants in milliseconds since the epoch. */
export interface FiringSpan {
  /** The alert as it was when it began to fire. */
  readonly alert: Alert;
  readonly activeAt: number;
  readonly firedAt: number;
  /** Absent when it was still firing at the end. */
  readonly clearedAt?: number | undefined;
  /** Up to when it was seen to fire. */
  readonly toAt: number;
  /** The value furthest beyond the threshold, or the first where there is no such direction. */
  readonly worst?: number | undefined;
}

interface OpenPending {
  readonly labels: Labels;
  readonly fromAt: number;
  windowShare: number;
}

interface OpenFiring {
  readonly alert: Alert;
  readonly activeAt: number;
  readonly firedAt: number;
  toAt: number;
  worst: number | undefined;
}

/** Watches the alerts of one trigger, tick by tick, and notes from when to when each was pending and firing. */
export class AlertSpans {
  readonly pending: PendingSpan[] = [];
  readonly firings: FiringSpan[] = [];
  readonly #trigger: Trigger;
  readonly #openPending = new Map<string, OpenPending>();
  readonly #openFiring = new Map<string, OpenFiring>();

  constructor(trigger: Trigger) {
    this.#trigger = trigger;
  }

  /** Takes all alerts of the trigger as they are after the tick at `at`. */
  note(at: number, alerts: readonly Alert[]): void {
    for (const alert of alerts) this.#noteOne(at, alert);
    if (this.#openPending.size + this.#openFiring.size === 0) return;
    // An alert may be forgotten together with its series.
    const known = new Set(alerts.map(({ fingerprint }) => fingerprint));
    for (const fingerprint of [...this.#openPending.keys(), ...this.#openFiring.keys()]) {
      if (!known.has(fingerprint)) this.#end(fingerprint, at, false);
    }
  }

  /** Nothing more comes; what still fires has no end. */
  close(at: number): void {
    for (const fingerprint of this.#openPending.keys()) this.#endPending(fingerprint, at, false);
    for (const open of this.#openFiring.values()) this.firings.push({ ...open, toAt: at });
    this.firings.sort((a, b) => a.firedAt - b.firedAt);
  }

  #noteOne(at: number, alert: Alert): void {
    const { fingerprint, state } = alert;
    switch (state) {
      case 'inactive':
        this.#end(fingerprint, at, false);
        return;
      case 'pending': {
        const open = this.#openPending.get(fingerprint) ?? { labels: alert.labels, fromAt: alert.activeAt ?? at, windowShare: 0 };
        open.windowShare = Math.max(open.windowShare, windowShare(this.#trigger.window, alert));
        this.#openPending.set(fingerprint, open);
        return;
      }
      case 'firing': {
        this.#endPending(fingerprint, at, true);
        const value = alert.lastValue?.at === at ? alert.lastValue.value : undefined;
        const open = this.#openFiring.get(fingerprint) ?? { alert, activeAt: alert.activeAt ?? at, firedAt: alert.firedAt ?? at, toAt: at, worst: undefined };
        open.toAt = at;
        open.worst = worse(this.#trigger, open.worst, value);
        this.#openFiring.set(fingerprint, open);
        return;
      }
      default:
        throw new TypeError(`unknown state ${String(state satisfies never)}`);
    }
  }

  #end(fingerprint: string, at: number, fired: boolean): void {
    this.#endPending(fingerprint, at, fired);
    const open = this.#openFiring.get(fingerprint);
    if (open === undefined) return;
    this.#openFiring.delete(fingerprint);
    this.firings.push({ ...open, toAt: at, clearedAt: at });
  }

  #endPending(fingerprint: string, at: number, fired: boolean): void {
    const open = this.#openPending.get(fingerprint);
    if (open === undefined) return;
    this.#openPending.delete(fingerprint);
    this.pending.push({ ...open, toAt: at, fired, windowShare: fired ? 1 : open.windowShare });
  }
}

/** How much of a window has been counted, 0 to 1. */
function windowShare(window: Window, { window: { countedMs, streak, stretches = [] } }: Alert): number {
  switch (window.kind) {
    case 'for':
      return Math.min(1, countedMs / window.forMs);
    case 'share':
      return Math.min(1, stretches.reduce((sumMs, { breachMs }) => sumMs + breachMs, 0) / (window.forMs * window.atLeast));
    case 'consecutive':
      return Math.min(1, streak / window.count);
    default:
      throw new TypeError(`unknown window ${String(window satisfies never)}`);
  }
}

/** Of two values the one that is further on the bad side; the first where no side is worse (`==`, `!=`). */
export function worse({ condition: { comparison } }: Trigger, a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (comparison.startsWith('>')) return Math.max(a, b);
  return comparison.startsWith('<') ? Math.min(a, b) : a;
}

/** Whether a value may be said to come near the threshold from the good side. */
export function hasDirection({ condition }: Trigger): boolean {
  return conditionHolds(condition, Infinity) !== conditionHolds(condition, -Infinity);
}
