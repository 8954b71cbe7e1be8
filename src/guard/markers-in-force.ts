import type { MarkedState } from '../decision/change.js';
import type { ChangeMarker } from './change-marker.js';

const toldKeys = ['configVersion', 'snapshotId', 'migration', 'flags'] as const satisfies readonly (keyof MarkedState)[];

/**
 * The change markers that still tell something about now: those at or after `since` (milliseconds since the epoch), and of
 * the older ones of each target what its running version, its rollback point, its newest deployment and the versions that
 * were rolled back come from. `stays`: older ones that are kept for another reason; they must not come to say more than
 * they said, so what they speak of is kept too.
 */
export function markersInForce(markers: readonly ChangeMarker[], since: number, stays: (marker: ChangeMarker) => boolean = () => false): readonly ChangeMarker[] {
  const kept = new Set(markers.filter(({ at }) => at >= since));
  const old = markers.filter(({ at }) => at < since);
  for (const target of new Set(old.map((marker) => marker.target))) {
    const all = markers.filter((other) => other.target === target).toSorted((a, b) => a.at - b.at);
    for (const marker of oldInForce(all.filter(({ at }) => at < since), all, stays)) kept.add(marker);
  }
  return markers.filter((marker) => kept.has(marker));
}

/** `old` are the older ones of `all`; both of one target, oldest first. */
function oldInForce(old: readonly ChangeMarker[], all: readonly ChangeMarker[], stays: (marker: ChangeMarker) => boolean): ReadonlySet<ChangeMarker> {
  const kept = new Set<ChangeMarker>();
  const keep = (marker: ChangeMarker | undefined): void => {
    if (marker !== undefined) keepWithBasis(marker, old, kept);
  };
  const keepTold = (version: string | undefined, upTo: number): void => {
    for (const key of toldKeys) keep(old.findLast((marker) => marker.version === version && marker.at <= upTo && marker[key] !== undefined));
  };
  const running = old.findLast(({ kind }) => kind !== 'good');
  const good = all.findLast(({ kind }) => kind === 'good');
  keep(running);
  keep(good);
  keep(old.findLast(({ kind }) => kind === 'deploy'));
  keepTold(running?.version, Infinity);
  // The rollback point has what was told of its version before that was called good.
  if (good !== undefined) keepTold(good.version, good.at);
  for (const marker of [...newestRollbacks(old), ...old.filter(stays)]) keep(marker);
  return kept;
}

/** For each version that counts as rolled back, the rollback that was the last to say so. */
function newestRollbacks(inTime: readonly ChangeMarker[]): readonly ChangeMarker[] {
  const rolledBack = new Map<string, ChangeMarker>();
  let running: string | undefined;
  for (const marker of inTime) {
    const { kind, version } = marker;
    if (kind === 'good') {
      rolledBack.delete(version);
      continue;
    }
    if (kind === 'rollback' && running !== undefined && running !== version) rolledBack.set(running, marker);
    running = version;
  }
  return [...rolledBack.values()];
}

/** A rollback speaks of what ran before it, so that goes with it; and with that, a later word that it was good after all. */
function keepWithBasis(first: ChangeMarker, inTime: readonly ChangeMarker[], kept: Set<ChangeMarker>): void {
  const pending = [first];
  for (let marker = pending.pop(); marker !== undefined; marker = pending.pop()) {
    if (kept.has(marker)) continue;
    kept.add(marker);
    if (marker.kind === 'good') continue;
    const index = inTime.indexOf(marker);
    const before = marker.kind === 'rollback' ? inTime.slice(0, index).findLast(({ kind }) => kind !== 'good') : undefined;
    if (before === undefined) continue;
    pending.push(before);
    const exoneration = inTime.slice(index).findLast(({ kind, version }) => kind === 'good' && version === before.version);
    if (exoneration !== undefined) pending.push(exoneration);
  }
}
