import type { Alert } from '../trigger/alert.js';

/** The newest state of every alert, as the evaluation loops leave it. */
export class AlertBook {
  readonly #byTrigger = new Map<string, readonly Alert[]>();
  readonly #triggersOf = new Map<string, Set<string>>();
  /** What the store has not taken yet, by trigger. */
  readonly #unsaved = new Map<string, readonly Alert[]>();

  restore(alerts: readonly Alert[]): void {
    for (const trigger of new Set(alerts.map((alert) => alert.trigger))) this.put(trigger, alerts.filter((alert) => alert.trigger === trigger));
  }

  /** Replaces all that is known of one trigger's alerts. */
  put(trigger: string, alerts: readonly Alert[]): void {
    this.#byTrigger.set(trigger, alerts);
    for (const { target } of alerts) this.#triggersOf.set(target, (this.#triggersOf.get(target) ?? new Set()).add(trigger));
  }

  /** Forgets the alerts of every other trigger, and returns them. */
  keepOnly(triggers: ReadonlySet<string>): readonly Alert[] {
    const others = [...this.#byTrigger.keys()].filter((trigger) => !triggers.has(trigger));
    const forgotten = others.flatMap((trigger) => this.ofTrigger(trigger));
    for (const trigger of others) {
      this.#byTrigger.delete(trigger);
      this.#unsaved.delete(trigger);
    }
    for (const [target, known] of this.#triggersOf) this.#triggersOf.set(target, new Set([...known].filter((trigger) => triggers.has(trigger))));
    return forgotten;
  }

  /** Notes that the store is to be told of `alerts`, and returns all of the trigger that it has not taken yet. */
  owe(trigger: string, alerts: readonly Alert[]): readonly Alert[] {
    const newer = new Set(alerts.map(({ fingerprint }) => fingerprint));
    const unsaved = [...(this.#unsaved.get(trigger) ?? []).filter(({ fingerprint }) => !newer.has(fingerprint)), ...alerts];
    this.#unsaved.set(trigger, unsaved);
    return unsaved;
  }

  /** The store has taken all that was owed of the trigger. */
  saved(trigger: string): void {
    this.#unsaved.delete(trigger);
  }

  ofTrigger(trigger: string): readonly Alert[] {
    return this.#byTrigger.get(trigger) ?? [];
  }

  ofTarget(target: string): readonly Alert[] {
    return [...(this.#triggersOf.get(target) ?? [])].flatMap((trigger) => this.ofTrigger(trigger).filter((alert) => alert.target === target));
  }
}
