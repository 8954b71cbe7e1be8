/** One probe of a target's health endpoint that could be made: up or down. Faults on our own side are none. */
export interface Probe {
  readonly target: string;
  readonly at: number;
  readonly up: boolean;
}

interface TargetFate {
  readonly at: number;
  readonly up: boolean;
  /** When it turned from up, or from unknown, to down; absent while it is up. */
  readonly turnedDownAt?: number | undefined;
}

/** What is known of all targets together. `fallen` is there while blindness is suspected: the targets that turned down then. */
export interface SharedFate {
  readonly targets: ReadonlyMap<string, TargetFate>;
  readonly fallen?: ReadonlySet<string> | undefined;
}

export const unsuspicious: SharedFate = { targets: new Map() };

/** When targets that turn down together are suspected blindness. */
export interface SharedFateRule {
  /** More than this part of all declared targets, as a part of one. */
  readonly moreThan: number;
  /** Fewer targets than these fail together too easily to mean anything. */
  readonly ofAtLeast: number;
}

export const usualFate: SharedFateRule = { moreThan: 0.5, ofAtLeast: 3 };

/**
 * Takes one probe. Suspicion begins with the probe that makes more targets than the rule allows turn down within one
 * interval: more likely than so many services is our own network. A target's first probe counts
 * as turning, or a daemon that starts blind would believe what it does not see. One that has been down for longer
 * does not count.
 *
 * Suspicion ends when one of the fallen answers well: the way to it was open after all, and whoever is still down after
 * that is believed to be down. A target that never fell proves nothing, since it may be reached by another way. Targets
 * that turn down meanwhile join the fallen. A probe older than the newest of its target is ignored.
 */
export function noteProbe(fate: SharedFate, probe: Probe, watch: { readonly targetCount: number; readonly intervalMs: number; readonly rule: SharedFateRule | 'never' }): SharedFate {
  const before = fate.targets.get(probe.target);
  if (before !== undefined && probe.at < before.at) return fate;
  const turns = !probe.up && before?.up !== false;
  const turnedDownAt = probe.up ? undefined : turns ? probe.at : before?.turnedDownAt;
  const targets = new Map(fate.targets).set(probe.target, { at: probe.at, up: probe.up, turnedDownAt });

  if (fate.fallen !== undefined) {
    if (probe.up && fate.fallen.has(probe.target)) return { targets };
    return { targets, fallen: turns ? new Set([...fate.fallen, probe.target]) : fate.fallen };
  }
  if (!turns || watch.rule === 'never' || watch.targetCount < watch.rule.ofAtLeast) return { targets };
  const justFallen = [...targets].filter(([, target]) => target.turnedDownAt !== undefined && Math.abs(probe.at - target.turnedDownAt) <= watch.intervalMs);
  return justFallen.length > watch.targetCount * watch.rule.moreThan ? { targets, fallen: new Set(justFallen.map(([name]) => name)) } : { targets };
}

/** Whether the target has turned down with its probe at this instant or after it. */
export function turnedDown(fate: SharedFate, target: string, at: number): boolean {
  const turnedDownAt = fate.targets.get(target)?.turnedDownAt;
  return turnedDownAt !== undefined && turnedDownAt >= at;
}
