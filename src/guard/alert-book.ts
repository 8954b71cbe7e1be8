import type { Alert, AlertState } from '../trigger/alert.js';

/** One trigger's alerts of one target; `place`: where it stands among the target's triggers. */
interface Page {
  readonly place: number;
  readonly alerts: readonly Alert[];
}

/** What is known of one target, in the order in which its triggers were first heard of. */
interface TargetAlerts {
  readonly pages: Map<string, Page>;
  readonly byFingerprint: Map<string, Alert>;
  /** The triggers of which an alert fires. */
  readonly firing: Set<string>;
  readonly counts: Record<AlertState, number>;
  nextPlace: number;
}

/**
 * The newest state of every alert, as the evaluation loops leave it. It is looked into at every evaluation of every
 * trigger, so that what a target is asked for costs no more the more triggers it has.
 */
export class AlertBook {
  readonly #byTrigger = new Map<string, readonly Alert[]>();
  readonly #byTarget = new Map<string, TargetAlerts>();
  /** What the store has not taken yet, by trigger. */
  readonly #unsaved = new Map<string, readonly Alert[]>();

  restore(alerts: readonly Alert[]): void {
    for (const trigger of new Set(alerts.map((alert) => alert.trigger))) this.put(trigger, alerts.filter((alert) => alert.trigger === trigger));
  }

  /** Replaces all that is known of one trigger's alerts. */
  put(trigger: string, alerts: readonly Alert[]): void {
    const targets = new Set([...this.ofTrigger(trigger), ...alerts].map(({ target }) => target));
    this.#byTrigger.set(trigger, alerts);
    for (const target of targets) turn(this.#of(target), trigger, alerts.filter((alert) => alert.target === target));
  }

  /** Forgets the alerts of every other trigger, and returns them. */
  keepOnly(triggers: ReadonlySet<string>): readonly Alert[] {
    const others = [...this.#byTrigger.keys()].filter((trigger) => !triggers.has(trigger));
    const forgotten = others.flatMap((trigger) => this.ofTrigger(trigger));
    for (const trigger of others) {
      this.put(trigger, []);
      this.#byTrigger.delete(trigger);
      this.#unsaved.delete(trigger);
      for (const { pages } of this.#byTarget.values()) pages.delete(trigger);
    }
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

  firingOf(target: string): readonly Alert[] {
    const known = this.#byTarget.get(target);
    if (known === undefined || known.firing.size === 0) return [];
    const pages = [...known.firing].flatMap((trigger) => known.pages.get(trigger) ?? []);
    return pages.toSorted((a, b) => a.place - b.place).flatMap(({ alerts }) => alerts.filter(isFiring));
  }

  /** `undefined` where the target has no such alert. */
  find(target: string, fingerprint: string): Alert | undefined {
    return this.#byTarget.get(target)?.byFingerprint.get(fingerprint);
  }

  countsOf(target: string): Readonly<Record<AlertState, number>> {
    return this.#of(target).counts;
  }

  #of(target: string): TargetAlerts {
    const known = this.#byTarget.get(target);
    if (known !== undefined) return known;
    const made: TargetAlerts = { pages: new Map(), byFingerprint: new Map(), firing: new Set(), counts: { inactive: 0, pending: 0, firing: 0 }, nextPlace: 0 };
    this.#byTarget.set(target, made);
    return made;
  }
}

/** Turns one trigger's page over. */
function turn(target: TargetAlerts, trigger: string, alerts: readonly Alert[]): void {
  const { pages, byFingerprint, firing, counts } = target;
  const before = pages.get(trigger);
  for (const { fingerprint, state } of before?.alerts ?? []) {
    byFingerprint.delete(fingerprint);
    counts[state] -= 1;
  }
  for (const alert of alerts) {
    byFingerprint.set(alert.fingerprint, alert);
    counts[alert.state] += 1;
  }
  pages.set(trigger, { place: before?.place ?? target.nextPlace++, alerts });
  if (alerts.some(isFiring)) firing.add(trigger);
  else firing.delete(trigger);
}

function isFiring({ state }: Alert): boolean {
  return state === 'firing';
}
