import type { ApprovalNeed } from './approval-need.js';
import type { DecisionKind, DecisionReason, PolicyFinding } from './decision.js';
import type { Situation } from './situation.js';

/** What a decision comes to. */
export interface Verdict {
  readonly kind: DecisionKind;
  readonly reason: DecisionReason;
  /** One sentence for people. */
  readonly explanation: string;
  readonly needsHuman?: boolean;
  readonly until?: number | undefined;
  /** With `await-approval`: what it takes. */
  readonly approval?: ApprovalNeed | undefined;
}

/** What one look at the situation has found: with a `verdict` it objects to what would be done otherwise. */
export interface Finding {
  readonly about: PolicyFinding['about'];
  /** For people, where nothing stands in the way; an objection says it itself. */
  readonly says: string;
  readonly verdict?: Verdict | undefined;
}

/** One of the things that a decision looks at; nothing to be said of it is no finding. */
export type Look = (situation: Situation) => Finding | undefined;

export function objection(about: Finding['about'], verdict: Verdict): Finding {
  return { about, says: verdict.explanation, verdict };
}
