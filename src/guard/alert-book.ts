import type { Alert } from '../trigger/alert.js';

/** The newest state of every alert, as the evaluation loops leave it. */
export class AlertBook {
  readonly #byTrigger = new Map<string, readonly Alert[]>();
  readonly #triggersOf = new Map<string, Set<string>>();

  /** Replaces all that is known of one trigger's alerts. */
  put(trigger: string, alerts: readonly Alert[]): void {
    this.#byTrigger.set(trigger, alerts);
    for (const { target } of alerts) this.#triggersOf.set(target, (this.#triggersOf.get(target) ?? new Set()).add(trigger));
  }

  ofTrigger(trigger: string): readonly Alert[] {
    return this.#byTrigger.get(trigger) ?? [];
  }

  ofTarget(target: string): readonly Alert[] {
    return [...(this.#triggersOf.get(target) ?? [])].flatMap((trigger) => this.ofTrigger(trigger).filter((alert) => alert.target === target));
  }
}
