import type { ApprovalAnswer, NewApproval, VoidCause } from '../decision/approval.js';
import type { MarkedState } from '../decision/change.js';
import type { AlertEvidence, Decision } from '../decision/decision.js';
import type { RollbackEvent } from '../rollback/rollback-event.js';
import type { Level, Mode } from '../trigger/trigger.js';
import type { VerificationResult } from '../verification/verification.js';
import type { DrillEvent } from './drill-event.js';

/** Why an incident needs a person. The closed list: docs/decisions-and-reasons.md explains each, and a test keeps the two equal. */
export const needsHumanReasons = [
  'no-plan',
  'ladder-exhausted',
  'budget-exhausted',
  'fleet-limit',
  'flapping',
  'no-change',
  'breach-before-change',
  'no-rollback-point',
  'already-running',
  'version-rolled-back',
  'not-recovered',
  'inconclusive',
  'verification-error',
  'step-parked',
  'cancelled',
  'approval-rejected',
  'approval-expired',
] as const;
export type NeedsHumanReason = (typeof needsHumanReasons)[number];

/** A person as a message reaches them. */
export interface ToldPerson {
  readonly name: string;
  readonly email?: string | undefined;
  readonly slack?: string | undefined;
}

/** What happens to one incident, beside the events of its rollbacks. `at`: milliseconds since the epoch. */
export type IncidentEvent =
  | { readonly type: 'incident-opened'; readonly incidentId: string; readonly target: string; readonly at: number; readonly environment: string; readonly mode: Mode }
  | { readonly type: 'alert-fired'; readonly incidentId: string; readonly target: string; readonly at: number; readonly evidence: AlertEvidence; readonly duringRollback: boolean }
  | { readonly type: 'alert-cleared'; readonly incidentId: string; readonly target: string; readonly at: number; readonly fingerprint: string; readonly trigger: string }
  | { readonly type: 'decision-made'; readonly incidentId: string; readonly target: string; readonly at: number; readonly decision: Decision }
  | { readonly type: 'rung-started'; readonly incidentId: string; readonly target: string; readonly at: number; readonly level: Level | undefined; readonly planId: string; readonly executionId: string; readonly mode: Mode; readonly trigger: 'manual' | 'automatic'; readonly by: string; readonly reason: string; readonly undoes?: string | undefined }
  | { readonly type: 'verification-started'; readonly incidentId: string; readonly target: string; readonly at: number; readonly executionId: string; readonly holdMs: number; readonly timeoutMs: number }
  | { readonly type: 'verification-ended'; readonly incidentId: string; readonly target: string; readonly at: number; readonly executionId: string; readonly result: VerificationResult }
  /** The plan's verification, asked for once more by a person; it is told and decides nothing. */
  | { readonly type: 'verification-repeated'; readonly incidentId: string; readonly target: string; readonly at: number; readonly executionId: string; readonly verificationId: string; readonly by: string; readonly result: VerificationResult }
  | { readonly type: 'needs-human'; readonly incidentId: string; readonly target: string; readonly at: number; readonly reason: NeedsHumanReason; readonly explanation: string }
  /** A person's reset has taken away why the incident needed one: Belay decides again. */
  | { readonly type: 'needs-human-lifted'; readonly incidentId: string; readonly target: string; readonly at: number; readonly by: string }
  /** `tell`: who is asked and who is to know, with where they are reached, as the files named them then. */
  | { readonly type: 'approval-requested'; readonly incidentId: string; readonly target: string; readonly at: number; readonly approval: NewApproval; readonly tell: readonly ToldPerson[] }
  | { readonly type: 'approval-answered'; readonly incidentId: string; readonly target: string; readonly at: number; readonly approvalId: string; readonly answer: ApprovalAnswer }
  | { readonly type: 'approval-expired'; readonly incidentId: string; readonly target: string; readonly at: number; readonly approvalId: string }
  | { readonly type: 'approval-voided'; readonly incidentId: string; readonly target: string; readonly at: number; readonly approvalId: string; readonly cause: VoidCause }
  /** Somebody has seen it. */
  | { readonly type: 'incident-acknowledged'; readonly incidentId: string; readonly target: string; readonly at: number; readonly by: string }
  /** Nobody has looked after it since it waits for a person (`since`): the people of step `step` of `steps` are called. */
  | { readonly type: 'incident-escalated'; readonly incidentId: string; readonly target: string; readonly at: number; readonly since: number; readonly step: number; readonly steps: number; readonly to: readonly string[]; readonly tell: readonly ToldPerson[] }
  | { readonly type: 'incident-recovered'; readonly incidentId: string; readonly target: string; readonly at: number; readonly how: 'rolled-back' | 'by-itself'; readonly explanation: string }
  /** Its report stands in a file; `path` is where. */
  | { readonly type: 'report-written'; readonly incidentId: string; readonly target: string; readonly at: number; readonly path: string }
  | { readonly type: 'incident-closed'; readonly incidentId: string; readonly target: string; readonly at: number; readonly by: string; readonly reason: string };

/** What nobody looked after while no daemon was there: what is declared, the targets whose incident was open, and how many messages waited. */
export interface LeftBehind {
  readonly targets: readonly string[];
  readonly triggers: number;
  readonly openIncidents: readonly string[];
  readonly messages: number;
}

/** What happens outside of incidents. */
export type GuardEvent =
  | { readonly type: 'daemon-started'; readonly at: number; readonly version: string; readonly mode: Mode; readonly downForMs?: number | undefined; readonly left?: LeftBehind | undefined }
  | { readonly type: 'daemon-stopped'; readonly at: number; readonly reason: string }
  | { readonly type: 'source-blind'; readonly at: number; readonly source: string; readonly targets: readonly string[]; readonly since: number; readonly message: string }
  | { readonly type: 'source-seeing'; readonly at: number; readonly source: string; readonly targets: readonly string[]; readonly blindForMs: number }
  /** It has taken no message since `since`, and so many wait; `instead` takes them meanwhile, where any channel does. */
  | { readonly type: 'channel-dead'; readonly at: number; readonly channel: string; readonly since: number; readonly error: string; readonly waiting: number; readonly instead?: string | undefined }
  | { readonly type: 'channel-back'; readonly at: number; readonly channel: string; readonly deadForMs: number }
  | { readonly type: 'silence-created'; readonly at: number; readonly target: string; readonly incidentId: string; readonly source: string; readonly silenceId: string; readonly until: number }
  | { readonly type: 'silence-removed'; readonly at: number; readonly target: string; readonly incidentId: string; readonly source: string; readonly silenceId: string }
  | { readonly type: 'silence-failed'; readonly at: number; readonly target: string; readonly incidentId: string; readonly source: string; readonly doing: 'create' | 'remove'; readonly message: string }
  | { readonly type: 'paused'; readonly at: number; readonly pauseId: string; readonly target?: string | undefined; readonly by: string; readonly reason: string; readonly until?: number | undefined }
  | { readonly type: 'resumed'; readonly at: number; readonly pauseId: string; readonly target?: string | undefined; readonly by: string; readonly reason?: string | undefined }
  | { readonly type: 'budget-reset'; readonly at: number; readonly target?: string | undefined; readonly by: string }
  | ({ readonly type: 'change-marked'; readonly at: number; readonly target: string; readonly kind: 'deploy' | 'good' | 'seen'; readonly version: string; readonly by: string } & MarkedState)
  /** Old lines were removed: of incidents that ended before `before`, and what else no longer says anything about now. */
  | { readonly type: 'journal-compacted'; readonly at: number; readonly before: number; readonly incidents: number; readonly lines: number }
  | { readonly type: 'configuration-reloaded'; readonly at: number; readonly by: string }
  | { readonly type: 'configuration-refused'; readonly at: number; readonly problems: readonly string[] };

/** One line of the journal. Rollback events carry the incident they belong to, if any; those of a drill say so, and nothing else is booked by them. */
export type JournalEvent = IncidentEvent | GuardEvent | DrillEvent | (RollbackEvent & { readonly incidentId?: string | undefined; readonly target?: string | undefined; readonly isDrill?: true | undefined });

/** A journal line as it is read back: numbered in the order in which it became durable. */
export interface JournalEntry {
  readonly seq: number;
  readonly event: JournalEvent;
}
