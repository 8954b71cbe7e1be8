import type { Incident } from '../incident/incident.js';
import type { StatusView, TriggerView } from './guard-api.js';

/** How everything is at one instant. */
export interface SnapshotView {
  readonly now: number;
  readonly status: StatusView;
  readonly triggers: readonly TriggerView[];
  /** Those that are open. */
  readonly incidents: readonly Incident[];
  /** The newest line of the journal that is in it. */
  readonly lastSeq: number;
}

/** The end of what the newest attempt of a step has printed. */
export interface StepOutputView {
  readonly executionId: string;
  readonly stepKey: string;
  readonly output: string;
}

/** What is told, by the name of the event. */
export interface LiveData {
  /** Takes the place of all that was told before. */
  readonly snapshot: SnapshotView;
  readonly status: StatusView;
  /** Those that changed, whole. */
  readonly triggers: readonly TriggerView[];
  /** Whole; one that has ended comes a last time. */
  readonly incident: Incident;
  readonly output: StepOutputView;
  readonly ping: { readonly now: number };
}

/** `seq` is the newest line of the journal by then. */
export type LiveEvent = { readonly [Name in keyof LiveData]: { readonly name: Name; readonly seq: number; readonly data: LiveData[Name] } }[keyof LiveData];

/** What the HTTP interface asks of whoever knows how things are, and hears of each change once, for all who read along. */
export interface LiveApi {
  /** How things are now: all that comes later is heard by those that listen. */
  snapshot(): LiveEvent & { readonly name: 'snapshot' };
  /** Calls `hear` with what has changed, at most once a second, and with a `ping` every ten. Returns how to stop. */
  listen(hear: (events: readonly LiveEvent[]) => void): () => void;
}
