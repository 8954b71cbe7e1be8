import type { Level, LevelRange, Mode } from '../trigger/trigger.js';
import type { ApprovalPurpose } from './approval.js';
import type { ChangeFacts } from './change.js';
import type { AlertEvidence } from './decision.js';
import type { Impact } from './impact.js';
import type { LadderRequest, PlanRung } from './ladder.js';
import type { Ledger } from './ledger.js';
import type { Policy } from './policy.js';

/** A firing alert as the decision sees it. `mode` is its effective one: the strictest of daemon, target and trigger. */
export interface FiringAlert extends LadderRequest {
  readonly evidence: AlertEvidence;
  readonly response: 'immediate' | 'scheduled' | 'monitor';
  /** With `scheduled`: from its firing to the rollback. */
  readonly delayMs?: number | undefined;
  readonly mode: Mode;
  /** What the matrix is asked with, where the trigger asks for no level and no plan itself. */
  readonly impact?: Impact | undefined;
  readonly timeToFixMs?: number | undefined;
  readonly issueType?: string | undefined;
}

/** What has been done for the incident so far. */
export interface IncidentProgress {
  readonly incidentId: string;
  readonly phase: 'open' | 'rolling-back' | 'verifying' | 'needs-human';
  /** Automatic rungs that were run, lowest first. */
  readonly triedLevels: readonly Level[];
  /** The ladder and the mode of the first automatic rung; they hold for the whole incident. */
  readonly ladder?: LevelRange | undefined;
  readonly requests: readonly LadderRequest[];
  readonly mode?: Mode | undefined;
  /** The newest automatic rung was proved not to have helped. */
  readonly mayClimb: boolean;
}

export interface ActivePause {
  readonly reason: string;
  readonly by: string;
  readonly until?: number | undefined;
}

/** What people have agreed to, and what has not begun yet. */
export interface Grant {
  readonly purpose: ApprovalPurpose;
  readonly planId: string;
}

export interface DecisionInput {
  readonly target: string;
  /** The strictest of the daemon's and the target's mode, as it is now. */
  readonly mode: Mode;
  /** The alerts that are firing now. */
  readonly alerts: readonly FiringAlert[];
  readonly plans: readonly PlanRung[];
  readonly incident: IncidentProgress;
  readonly pauses: readonly ActivePause[];
  readonly ledger: Ledger;
  /** Rollbacks under way on other targets. */
  readonly running: number;
  readonly policy: Policy;
  readonly grants?: readonly Grant[] | undefined;
  readonly changes: ChangeFacts;
  /** How often the alert of this target that flaps most fired and cleared without any help within the policy's time. */
  readonly flaps: number;
  /** Whether all that the plan brings back was read to be there already; absent while nobody has read it. */
  readonly alreadyThere?: boolean | undefined;
  /** What the source said when it was asked again just before step 1; absent while it has not been asked. */
  readonly recheck?: 'breaching' | 'clear' | 'unknown' | 'unconfirmable' | undefined;
}
