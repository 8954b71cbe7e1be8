import type { RollbackContext } from './rollback-plan.js';

export interface StepLog {
  timestamp: Date;
  level: 'debug' | 'info' | 'warn' | 'error';
  message: string;
  // As the user's documents declare it.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  details?: Record<string, any>;
}

/** The public record of one step, with the field names of the user's documents. */
export interface RollbackStepExecution {
  stepId: string;
  /** The plan that the step belongs to, where it is a dependency's. */
  planId?: string;
  startTime: Date;
  endTime: Date | null;
  status: 'in_progress' | 'success' | 'failed';
  error?: string;
  logs: StepLog[];
}

/** The public record of one run of one plan. */
export interface RollbackExecution {
  id: string;
  planId: string;
  startTime: Date;
  endTime: Date | null;
  status: 'in_progress' | 'success' | 'failed';
  steps: RollbackStepExecution[];
  error?: string;
  context: RollbackContext;
}
