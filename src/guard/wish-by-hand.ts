import type { ApprovalNeed } from '../decision/approval-need.js';
import type { IncidentApproval } from '../incident/incident.js';

/** What a person wants to be run. */
export interface WishByHand {
  readonly by: string;
  readonly reason: string;
  readonly dryRun: boolean;
  /** What its start takes; nothing where it is absent. */
  readonly need?: ApprovalNeed | undefined;
  /** The execution whose changes are put back. */
  readonly undoes?: string | undefined;
}

/** A rollback that is durable: it begins, or has begun. */
export interface StartedRollback {
  readonly executionId: string;
  readonly incidentId: string;
}

/** What a rollback by hand comes to: it starts, or people are asked first. */
export interface HandStart extends StartedRollback {
  readonly approval?: IncidentApproval | undefined;
}
