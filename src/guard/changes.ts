import type { JournalEntry, JournalEvent } from '../incident/incident-event.js';

/** "Version X of target T was deployed at time t", or was seen to be good. */
export interface ChangeMarker {
  readonly target: string;
  readonly kind: 'deploy' | 'good';
  readonly version: string;
  readonly by: string;
  readonly at: number;
}

export const changeEventTypes = ['change-marked'] as const satisfies readonly JournalEvent['type'][];

export function foldChanges(entries: readonly JournalEntry[]): readonly ChangeMarker[] {
  return entries.flatMap(({ event }) => markerOf(event) ?? []);
}

export function markerOf(event: JournalEvent): ChangeMarker | undefined {
  if (event.type !== 'change-marked') return undefined;
  const { target, kind, version, by, at } = event;
  return { target, kind, version, by, at };
}

/** The last state of a target that a person called good: what `${rollbackPoint.…}` stands for. Empty when there is none. */
export function rollbackPointOf(changes: readonly ChangeMarker[], target: string): Readonly<Record<string, unknown>> {
  const good = changes.filter((change) => change.target === target && change.kind === 'good').at(-1);
  return good === undefined ? {} : { version: good.version, at: new Date(good.at).toISOString() };
}

/** When a target was last deployed, at or before `at`. */
export function lastDeployAt(changes: readonly ChangeMarker[], target: string, at: number): number | undefined {
  const deploys = changes.filter((change) => change.target === target && change.kind === 'deploy' && change.at <= at);
  return deploys.length === 0 ? undefined : Math.max(...deploys.map((change) => change.at));
}
