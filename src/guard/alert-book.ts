import type { Alert } from '../trigger/alert.js';

/** The newest state of every alert, as the evaluation loops leave it. */
export class AlertBook {
  readonly #byTrigger = new Map<string, readonly Alert[]>();

  /** Replaces all that is known of one trigger's alerts. */
  put(trigger: string, alerts: readonly Alert[]): void {
    this.#byTrigger.set(trigger, alerts);
  }

  forget(trigger: string): void {
    this.#byTrigger.delete(trigger);
  }

  ofTrigger(trigger: string): readonly Alert[] {
    return this.#byTrigger.get(trigger) ?? [];
  }

  ofTarget(target: string): readonly Alert[] {
    return [...this.#byTrigger.values()].flat().filter((alert) => alert.target === target);
  }

  all(): readonly Alert[] {
    return [...this.#byTrigger.values()].flat();
  }
}
