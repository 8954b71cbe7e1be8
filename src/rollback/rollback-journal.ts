import type { RollbackEvent } from './rollback-event.js';

/** Where an execution writes down what it is about to do. `append` resolves once the event is durable. */
export interface RollbackJournal {
  append(event: RollbackEvent): Promise<void>;
  /** Every event of one execution, oldest first; empty when it is unknown. */
  eventsOf(executionId: string): Promise<readonly RollbackEvent[]>;
  /** Executions that have started and not ended, oldest first. */
  unfinished(): Promise<readonly string[]>;
  /** The executions that undo this one, oldest first. */
  undosOf(executionId: string): Promise<readonly string[]>;
}
