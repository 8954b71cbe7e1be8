import { alternativesOf } from './alternatives.js';
import { approvalWords, lookAtApproval } from './approval-looks.js';
import { lookAtChange, lookAtRollbackPoint } from './change-looks.js';
import type { Decision } from './decision.js';
import type { DecisionInput } from './decision-input.js';
import { lookAtLadder, lookAtMode, lookAtPauses, lookAtPhase, lookAtRules, lookAtTried } from './incident-looks.js';
import { levelNames } from './ladder.js';
import type { Look, Verdict } from './look.js';
import { lookAtFreezes, lookAtRecheck, lookAtSchedule } from './moment-looks.js';
import { lookAtBudget, lookAtConcurrency, lookAtCooldown, lookAtFlaps, lookAtFleet } from './policy-looks.js';
import { type Situation, situationOf } from './situation.js';

/** The order matters: the first objection is the reason. */
const looks: readonly Look[] = [
  lookAtPhase,
  lookAtPauses,
  lookAtMode,
  lookAtTried,
  lookAtRules,
  lookAtLadder,
  lookAtCooldown,
  lookAtBudget,
  lookAtFleet,
  lookAtConcurrency,
  lookAtFlaps,
  lookAtChange,
  lookAtRollbackPoint,
  lookAtSchedule,
  lookAtFreezes,
  lookAtApproval,
  lookAtRecheck,
];

/**
 * What to do about a target's firing alerts: a pure function of what is known now. It is asked again with every new
 * fact, so it looks at the whole situation each time and remembers nothing.
 *
 * An `execute` without `recheck` says only that nothing else stands in the way: the caller asks the source once more
 * and decides again with its answer.
 */
export function decide(input: DecisionInput, now: number): Decision {
  const situation = situationOf(input, now);
  const findings = looks.flatMap((look) => look(situation) ?? []);
  const verdict = findings.find((finding) => finding.verdict !== undefined)?.verdict ?? go(situation);
  const { mode, ladder, rung } = situation;
  return {
    kind: verdict.kind,
    reason: verdict.reason,
    at: now,
    mode,
    ladder,
    level: rung?.level,
    planId: rung?.planId,
    ...(verdict.approval === undefined ? {} : { approval: verdict.approval }),
    until: verdict.until,
    needsHuman: verdict.needsHuman ?? false,
    explanation: verdict.explanation,
    evidence: input.alerts.map((alert) => alert.evidence),
    rules: situation.rules,
    policy: findings.map(({ about, says, verdict: objects }) => ({ about, says, objects: objects !== undefined })),
    alternatives: alternativesOf(situation),
  };
}

function go(situation: Situation): Verdict {
  const { input: { incident }, rung, mode } = situation;
  // The look at the ladder has objected already where there is no rung.
  const what = rung === undefined ? '' : `level ${rung.level} (${levelNames[rung.level]}) by plan ${rung.planId}${approvalWords(situation)}`;
  const verb = mode === 'dry-run' ? 'would be rolled back on' : 'is rolled back on';
  return incident.triedLevels.length > 0
    ? { kind: 'execute', reason: 'not-recovered', explanation: `The rung below did not bring recovery; the target ${verb} ${what}.` }
    : { kind: 'execute', reason: 'sustained-breach', explanation: `The breach is sustained; the target ${verb} ${what}.` };
}
