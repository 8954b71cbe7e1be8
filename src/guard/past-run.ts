import { BelayError } from '../fault/belay-error.js';
import { foldIncident, type Incident, type Rung } from '../incident/incident.js';
import type { RollbackContext } from '../rollback/rollback-plan.js';
import type { GuardStore } from './guard-store.js';

export interface PastRun {
  readonly incident: Incident;
  readonly rung: Rung;
  readonly target: string;
  /** What it was run with. */
  readonly context: RollbackContext;
}

/** An execution with the incident that it belongs to. Rejects with BelayError `not-found`. */
export async function pastRun(store: Pick<GuardStore, 'entriesOfExecution' | 'entriesOfIncident'>, executionId: string): Promise<PastRun> {
  const entries = await store.entriesOfExecution(executionId);
  const owner = entries.find(({ event }) => event.type === 'rung-started')?.event;
  const started = entries.find(({ event }) => event.type === 'rollback-started')?.event;
  const incident = owner?.type === 'rung-started' ? foldIncident(await store.entriesOfIncident(owner.incidentId)) : undefined;
  const rung = incident?.rungs.find((candidate) => candidate.executionId === executionId);
  if (incident === undefined || rung === undefined || started?.type !== 'rollback-started') throw new BelayError('not-found', `there is no rollback ${executionId}`);
  return { incident, rung, target: incident.target, context: started.context };
}
