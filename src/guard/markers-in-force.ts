import type { MarkedState } from '../decision/change.js';
import type { ChangeMarker } from './change-marker.js';

const toldKeys = ['configVersion', 'snapshotId', 'migration', 'flags'] as const satisfies readonly (keyof MarkedState)[];

/**
 * The change markers that still tell something about now: those at or after `since` (milliseconds since the epoch), and of
 * the older ones of each target what its running version, its rollback point, its newest deployment and the versions that
 * were rolled back come from.
 */
export function markersInForce(markers: readonly ChangeMarker[], since: number): readonly ChangeMarker[] {
  const kept = new Set(markers.filter(({ at }) => at >= since));
  const old = markers.filter(({ at }) => at < since);
  for (const target of new Set(old.map((marker) => marker.target))) {
    const inTime = old.filter((other) => other.target === target).toSorted((a, b) => a.at - b.at);
    for (const marker of oldInForce(inTime)) kept.add(marker);
    for (const marker of oldBasisOfPoint(inTime, markers.filter((other) => other.target === target))) kept.add(marker);
  }
  return markers.filter((marker) => kept.has(marker));
}

/** `inTime`: of one target, oldest first. */
function oldInForce(inTime: readonly ChangeMarker[]): ReadonlySet<ChangeMarker> {
  const kept = new Set<ChangeMarker>();
  const keep = (marker: ChangeMarker | undefined): void => {
    if (marker !== undefined) keepWithBasis(marker, inTime, kept);
  };
  const running = inTime.findLast(({ kind }) => kind !== 'good');
  const good = inTime.findLast(({ kind }) => kind === 'good');
  keep(running);
  keep(good);
  keep(inTime.findLast(({ kind }) => kind === 'deploy'));
  for (const version of new Set([running?.version, good?.version])) {
    for (const key of toldKeys) keep(inTime.findLast((marker) => marker.version === version && marker[key] !== undefined));
  }
  for (const marker of newestRollbacks(inTime)) keep(marker);
  return kept;
}

/** What the rollback point takes from old markers: of its version, the last that told each thing before it was called good. */
function oldBasisOfPoint(inTime: readonly ChangeMarker[], all: readonly ChangeMarker[]): readonly ChangeMarker[] {
  const good = all.toSorted((a, b) => a.at - b.at).findLast(({ kind }) => kind === 'good');
  if (good === undefined) return [];
  return toldKeys.flatMap((key) => inTime.findLast(({ version, at, [key]: told }) => version === good.version && at <= good.at && told !== undefined) ?? []);
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
