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

/** What a rollback by hand comes to, once that is durable: it starts, or people are asked first. */
export interface HandStart {
  readonly executionId: string;
  readonly incidentId: string;
  readonly approval?: IncidentApproval | undefined;
}
