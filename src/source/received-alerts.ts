import { matchesAlert, type AlertMatcher } from './alert-match.js';
import type { ReceivedAlert } from './received-alert.js';

/** How long a resolved alert is remembered: longer than any verification, and than any late message. */
const REMEMBERED_MS = 86_400_000;
/** More alerts than these at once are kept in the store only; the resolved ones, and then the oldest, make room. */
const MOST_ALERTS = 100_000;

/** The newest state of every alert that an Alertmanager has told of. */
export class ReceivedAlerts {
  readonly #byKey = new Map<string, ReceivedAlert>();
  #lastReceivedAt: number | undefined;

  /** When the newest message came; absent before the first. */
  get lastReceivedAt(): number | undefined {
    return this.#lastReceivedAt;
  }

  get(key: string): ReceivedAlert | undefined {
    return this.#byKey.get(key);
  }

  put(alerts: Iterable<ReceivedAlert>): void {
    for (const alert of alerts) {
      // Written anew, so that the map is in the order in which alerts were last heard of.
      this.#byKey.delete(alert.key);
      this.#byKey.set(alert.key, alert);
      this.#lastReceivedAt = Math.max(this.#lastReceivedAt ?? -Infinity, alert.lastReceivedAt);
    }
    this.#makeRoom();
  }

  /** The alerts that meet the matchers, those that began first in front. */
  matching(match: readonly AlertMatcher[]): readonly ReceivedAlert[] {
    return [...this.#byKey.values()].filter(({ labels }) => matchesAlert(match, labels)).sort((a, b) => a.startsAt - b.startsAt || (a.key < b.key ? -1 : 1));
  }

  /** Forgets what was resolved long ago, and returns the keys. */
  forgetOld(now: number): readonly string[] {
    const old = [...this.#byKey.values()].filter(({ status, lastReceivedAt }) => status === 'resolved' && now - lastReceivedAt > REMEMBERED_MS).map(({ key }) => key);
    for (const key of old) this.#byKey.delete(key);
    return old;
  }

  #makeRoom(): void {
    if (this.#byKey.size <= MOST_ALERTS) return;
    const resolved = [...this.#byKey.values()].filter(({ status }) => status === 'resolved');
    for (const { key } of [...resolved, ...this.#byKey.values()].slice(0, this.#byKey.size - MOST_ALERTS)) this.#byKey.delete(key);
  }
}
