import type { ChangeFacts, MarkedState, RollbackPoint } from '../decision/change.js';
import type { JournalEntry, JournalEvent } from '../incident/incident-event.js';
import type { ChangeMarker } from './change-marker.js';
import { markersInForce } from './markers-in-force.js';

export const changeEventTypes = ['change-marked', 'rollback-started', 'rollback-ended'] as const satisfies readonly JournalEvent['type'][];

/** The change markers of all targets, kept up with the journal. */
export class Changes {
  readonly #onMarked: () => void;
  #markers: readonly ChangeMarker[] = [];
  /** Versions that rollbacks under way bring back, by execution. */
  readonly #bringing = new Map<string, string>();
  /** Targets of rollbacks under way that change something, by execution. */
  readonly #underWay = new Map<string, string>();

  /** `onMarked` hears that there is a new marker. */
  constructor(onMarked: () => void = () => undefined) {
    this.#onMarked = onMarked;
  }

  get markers(): readonly ChangeMarker[] {
    return this.#markers;
  }

  restore(entries: readonly JournalEntry[]): void {
    for (const { event } of entries) this.note(event);
  }

  /** Books an event as it becomes durable, or once more while the journal is read back. */
  note(event: JournalEvent): void {
    switch (event.type) {
      case 'change-marked': {
        const { target, kind, version, by, at, configVersion, snapshotId, migration, flags } = event;
        this.#add({ target, kind, version, by, at, configVersion, snapshotId, migration, flags });
        break;
      }
      case 'rollback-started': {
        const version = event.dryRun ? undefined : broughtBack(event);
        if (version !== undefined) this.#bringing.set(event.executionId, version);
        if (!event.dryRun && event.target !== undefined) this.#underWay.set(event.executionId, event.target);
        break;
      }
      case 'rollback-ended': {
        const version = this.#bringing.get(event.executionId);
        this.#bringing.delete(event.executionId);
        this.#underWay.delete(event.executionId);
        if (event.outcome === 'success' && version !== undefined && event.target !== undefined) {
          this.#add({ target: event.target, kind: 'rollback', version, by: event.executionId, at: event.at });
        }
        break;
      }
      default:
        break;
    }
  }

  /** Whether a rollback of the target is under way that may change what runs. */
  isRollingBack(target: string): boolean {
    return [...this.#underWay.values()].includes(target);
  }

  /** When the newest marker of a target is from. */
  lastAt(target: string): number {
    return Math.max(...this.#markers.flatMap((marker) => (marker.target === target ? [marker.at] : [])), -Infinity);
  }

  factsOf(target: string): ChangeFacts {
    return changeFacts(this.#markers.filter((marker) => marker.target === target));
  }

  /** Lets go of older markers that say nothing about now. `since`: milliseconds since the epoch. */
  forgetBefore(since: number): void {
    this.#markers = markersInForce(this.#markers, since);
  }

  #add(marker: ChangeMarker): void {
    this.#markers = [...this.#markers, marker];
    this.#onMarked();
  }
}

/** The version that a rollback deploys: that of the rollback point, or of its only deployment. */
function broughtBack({ steps, context }: Extract<JournalEvent, { type: 'rollback-started' }>): string | undefined {
  const versions = steps.flatMap(({ step: { type, parameters } }) => (type === 'deployment' && typeof parameters['version'] === 'string' ? [parameters['version']] : []));
  const { version: good } = (context.metadata['rollbackPoint'] ?? {}) as { readonly version?: unknown };
  return versions.find((version) => version === good) ?? (new Set(versions).size === 1 ? versions[0] : undefined);
}

/** What the markers of one target, in the order of the journal, come to. */
export function changeFacts(markers: readonly ChangeMarker[]): ChangeFacts {
  const inTime = markers.toSorted((a, b) => a.at - b.at);
  let running: string | undefined;
  const rolledBack = new Set<string>();
  for (const { kind, version } of inTime) {
    if (kind === 'good') {
      rolledBack.delete(version);
      continue;
    }
    if (kind === 'rollback' && running !== undefined && running !== version) rolledBack.add(running);
    running = version;
  }
  return {
    deploys: inTime.filter(({ kind }) => kind === 'deploy').map(({ version, at }) => ({ version, at })),
    running,
    rollbackPoint: rollbackPointOf(inTime),
    rolledBack: [...rolledBack],
  };
}

/** The newest state that was called good. What its marker leaves out, the last marker of the same version before it that tells it has told. */
function rollbackPointOf(inTime: readonly ChangeMarker[]): RollbackPoint | undefined {
  const good = inTime.findLast(({ kind }) => kind === 'good');
  if (good === undefined) return undefined;
  const { version, at } = good;
  const told = inTime.filter((marker) => marker.version === version && marker.at <= at).toReversed();
  const last = <K extends keyof MarkedState>(key: K): MarkedState[K] => told.find((marker) => marker[key] !== undefined)?.[key];
  return { version, at, configVersion: last('configVersion'), snapshotId: last('snapshotId'), migration: last('migration'), flags: last('flags') };
}

/** When a target was last deployed, at or before `at`. */
export function lastDeployAt(changes: readonly ChangeMarker[], target: string, at: number): number | undefined {
  const deploys = changes.filter((change) => change.target === target && change.kind === 'deploy' && change.at <= at);
  return deploys.length === 0 ? undefined : Math.max(...deploys.map((change) => change.at));
}
