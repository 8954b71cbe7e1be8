import type { ApprovalNeed } from './approval-need.js';
import type { Level, LevelRange, Mode, Severity } from '../trigger/trigger.js';
import type { AppliedRule } from './applied-rule.js';

/**
 * Why a decision is as it is. The closed list: docs/decisions-and-reasons.md explains each, and a test keeps the two
 * equal.
 */
export const decisionReasons = [
  'sustained-breach',
  'not-recovered',
  'scheduled',
  'observe-mode',
  'monitor-only',
  'fix-forward',
  'no-matrix-row',
  'no-plan',
  'ladder-exhausted',
  'above-max-auto-level',
  'approval-required',
  'paused',
  'cooldown',
  'budget-exhausted',
  'fleet-limit',
  'fleet-busy',
  'flapping',
  'rollback-in-progress',
  'needs-human',
  'no-change',
  'breach-before-change',
  'no-rollback-point',
  'already-running',
  'version-rolled-back',
  'frozen',
  'recovered-before-action',
  'blind',
  'unconfirmed',
  'already-tried',
] as const;
export type DecisionReason = (typeof decisionReasons)[number];

export type DecisionKind = 'execute' | 'schedule' | 'await-approval' | 'notify-only' | 'suppress';

/** One sample as people read it, in the unit of the condition; `unknown`: why there is no value. */
export interface EvidenceSample {
  readonly at: number;
  readonly value?: string | undefined;
  readonly unknown?: string | undefined;
}

/** What was seen of one alert when the decision was taken. */
export interface AlertEvidence {
  readonly trigger: string;
  readonly fingerprint: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly severity: Severity;
  readonly query: string;
  readonly condition: string;
  /** In the unit of the condition, ready to read: `12.4%`. Absent when there is no known value. */
  readonly value?: string | undefined;
  /** The last samples that led to it, oldest first. */
  readonly samples?: readonly EvidenceSample[] | undefined;
  readonly window: string;
  readonly activeAt?: number | undefined;
  readonly firedAt?: number | undefined;
  readonly summary?: string | undefined;
}

/** What one rule of the policy said, in a sentence for people. `objects`: it was the reason of the decision, or would have been. */
export interface PolicyFinding {
  readonly about: 'busy' | 'pause' | 'mode' | 'rule' | 'ladder' | 'approval' | 'cooldown' | 'budget' | 'fleet' | 'flap' | 'freeze' | 'change' | 'rollback-point' | 'schedule' | 'recheck';
  readonly objects: boolean;
  readonly says: string;
}

/** A level of the ladder that this decision is not about, and why not. */
export interface Alternative {
  readonly level: Level;
  readonly planId?: string | undefined;
  readonly why: string;
}

/** One judgement, stored with all that it rests on. */
export interface Decision {
  readonly kind: DecisionKind;
  readonly reason: DecisionReason;
  readonly at: number;
  readonly mode: Mode;
  /** The span of the incident's ladder, from the firing alerts; absent when none of them asks for a level. */
  readonly ladder?: LevelRange | undefined;
  /** The rung that this decision is about. */
  readonly level?: Level | undefined;
  readonly planId?: string | undefined;
  /** With `await-approval`: what it takes. */
  readonly approval?: ApprovalNeed | undefined;
  /** With `monitor-only`: what each step of the plan would have done, read from the real state. */
  readonly wouldDo?: readonly { readonly step: string; readonly summary: string }[] | undefined;
  /** When the reason passes by itself (end of the cooldown or pause), where it does. */
  readonly until?: number | undefined;
  /** True when nothing more happens without a person. */
  readonly needsHuman: boolean;
  /** One sentence for people. */
  readonly explanation: string;
  readonly evidence: readonly AlertEvidence[];
  /** What each acting alert asks for, and by which rule. */
  readonly rules: readonly AppliedRule[];
  readonly policy: readonly PolicyFinding[];
  readonly alternatives: readonly Alternative[];
}
