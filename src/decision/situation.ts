import type { LevelRange, Mode } from '../trigger/trigger.js';
import type { AppliedRule } from './applied-rule.js';
import { appliedRules } from './apply-rules.js';
import type { DecisionInput, FiringAlert } from './decision-input.js';
import { ladderOf, rungsOf, type LadderRequest, type PlanRung } from './ladder.js';
import { strictestMode } from './mode.js';

/** What every look of a decision looks at: the input, and what follows from it. */
export interface Situation {
  readonly input: DecisionInput;
  readonly now: number;
  readonly mode: Mode;
  /** The alerts that may start something. */
  readonly acting: readonly FiringAlert[];
  readonly rules: readonly AppliedRule[];
  /** Whether the incident has a ladder already, from its first rung. */
  readonly climbing: boolean;
  readonly ladder: LevelRange | undefined;
  readonly rungs: readonly PlanRung[];
  /** The next rung that was not tried. */
  readonly rung: PlanRung | undefined;
  /** The approvals that the rung and what asks for it name, each once. */
  readonly scenarios: readonly string[];
}

export function situationOf(input: DecisionInput, now: number): Situation {
  const { incident, plans } = input;
  const acting = actingAlerts(input.alerts);
  // Where nothing may act, what is told is what the alerts would have asked for.
  const rules = appliedRules(acting.length > 0 ? acting : input.alerts, input);
  const climbing = incident.ladder !== undefined;
  const mode = strictestMode(input.mode, climbing ? incident.mode : (acting[0]?.mode ?? 'observe'));
  const requests: readonly LadderRequest[] = climbing ? incident.requests : rules;
  const ladder = incident.ladder ?? ladderOf(rules, plans);
  const rungs = ladder === undefined ? [] : rungsOf(ladder, requests, plans);
  const highestTried = Math.max(0, ...incident.triedLevels);
  const rung = rungs.find(({ level }) => level > highestTried);
  const scenarios = [...new Set([...(rung?.scenarios ?? []), ...requests.flatMap((request) => request.scenarios ?? [])])];
  return { input, now, mode, acting, rules, climbing, ladder, rungs, rung, scenarios };
}

/**
 * The alerts that may start something: of those that are not only monitored, the ones in the least strict mode, and of
 * these the ones that do not wait for a schedule, where there are any.
 */
function actingAlerts(alerts: readonly FiringAlert[]): readonly FiringAlert[] {
  const inMode = (mode: Mode): readonly FiringAlert[] => alerts.filter((alert) => alert.response !== 'monitor' && alert.mode === mode);
  const enforced = inMode('enforce');
  const inLeastStrict = enforced.length > 0 ? enforced : inMode('dry-run');
  const immediate = inLeastStrict.filter((alert) => alert.response === 'immediate');
  return immediate.length > 0 ? immediate : inLeastStrict;
}
