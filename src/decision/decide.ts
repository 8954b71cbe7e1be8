import { formatDuration } from '../time/duration.js';
import type { Level, LevelRange, Mode } from '../trigger/trigger.js';
import type { AlertEvidence, Decision, DecisionKind, DecisionReason } from './decision.js';
import { ladderOf, levelNames, rungsOf, type LadderRequest, type PlanRung } from './ladder.js';
import type { Ledger } from './ledger.js';
import { strictestMode } from './mode.js';
import type { Policy } from './policy.js';

/** A firing alert as the decision sees it. `mode` is its effective one: the strictest of daemon, target and trigger. */
export interface FiringAlert extends LadderRequest {
  readonly evidence: AlertEvidence;
  readonly response: 'immediate' | 'scheduled' | 'monitor';
  /** With `scheduled`: from its firing to the rollback. */
  readonly delayMs?: number | undefined;
  readonly mode: Mode;
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
  /** What the source said when it was asked again just before step 1; absent while it has not been asked. */
  readonly recheck?: 'breaching' | 'clear' | 'unknown' | 'unconfirmable' | undefined;
}

interface Verdict {
  readonly kind: DecisionKind;
  readonly reason: DecisionReason;
  readonly explanation: string;
  readonly needsHuman?: boolean;
  readonly until?: number | undefined;
}

/**
 * What to do about a target's firing alerts: a pure function of what is known now. It is asked again with every new
 * fact, so it looks at the whole situation each time and remembers nothing.
 *
 * An `execute` without `recheck` says only that nothing else stands in the way: the caller asks the source once more
 * and decides again with its answer.
 */
export function decide(input: DecisionInput, now: number): Decision {
  const acting = actingAlerts(input.alerts);
  const climbing = input.incident.ladder !== undefined;
  const mode = strictestMode(input.mode, climbing ? input.incident.mode : (acting[0]?.mode ?? 'observe'));
  const ladder = input.incident.ladder ?? ladderOf(acting, input.plans);
  const requests = climbing ? input.incident.requests : acting;
  const rungs = ladder === undefined ? [] : rungsOf(ladder, requests, input.plans);
  const highestTried = Math.max(0, ...input.incident.triedLevels);
  const rung = rungs.find((candidate) => candidate.level > highestTried);
  const verdict =
    busy(input) ??
    paused(input) ??
    onlyToTell(input, mode) ??
    ladderEnd(input, mode, ladder, rungs, rung) ??
    guarded(input, mode, now) ??
    scheduled(acting, climbing, now) ??
    recheckVerdict(input) ??
    go(input, rung, mode);
  return {
    kind: verdict.kind,
    reason: verdict.reason,
    at: now,
    mode,
    ladder,
    level: rung?.level,
    planId: rung?.planId,
    until: verdict.until,
    needsHuman: verdict.needsHuman ?? false,
    explanation: verdict.explanation,
    evidence: input.alerts.map((alert) => alert.evidence),
  };
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

function busy({ incident }: DecisionInput): Verdict | undefined {
  switch (incident.phase) {
    case 'needs-human':
      return { kind: 'suppress', reason: 'needs-human', explanation: 'The incident waits for a person; nothing more starts by itself.', needsHuman: true };
    case 'rolling-back':
    case 'verifying':
      return { kind: 'suppress', reason: 'rollback-in-progress', explanation: 'A rollback of this target is under way; new alerts are evidence for its verification.' };
    case 'open':
      return undefined;
    default:
      throw new TypeError(`unknown phase ${String(incident.phase satisfies never)}`);
  }
}

function paused({ pauses }: DecisionInput): Verdict | undefined {
  const pause = pauses[0];
  if (pause === undefined) return undefined;
  return { kind: 'suppress', reason: 'paused', explanation: `Paused by ${pause.by}: ${pause.reason}.`, until: pause.until };
}

function onlyToTell({ alerts }: DecisionInput, mode: Mode): Verdict | undefined {
  if (mode !== 'observe') return undefined;
  return alerts.length > 0 && alerts.every((alert) => alert.response === 'monitor')
    ? { kind: 'notify-only', reason: 'monitor-only', explanation: 'The trigger only monitors: people are told, nothing is rolled back.' }
    : { kind: 'notify-only', reason: 'observe-mode', explanation: 'Observe mode: people are told what fires, nothing is planned.' };
}

function ladderEnd(
  { incident, policy }: DecisionInput,
  mode: Mode,
  ladder: LevelRange | undefined,
  rungs: readonly PlanRung[],
  rung: PlanRung | undefined,
): Verdict | undefined {
  if (incident.triedLevels.length > 0 && !incident.mayClimb) {
    const why = mode === 'dry-run' ? 'The dry run ended after its first rung, which was not really rolled back.' : 'Only a rung that was proved not to have helped is followed by the next.';
    return { kind: 'suppress', reason: 'already-tried', explanation: why };
  }
  if (rungs.length === 0) {
    const span = ladder === undefined ? 'any level' : `levels ${ladder.from} to ${ladder.to}`;
    return { kind: 'notify-only', reason: 'no-plan', explanation: `No plan of this target stands on ${span}.`, needsHuman: true };
  }
  if (rung === undefined) {
    return { kind: 'notify-only', reason: 'ladder-exhausted', explanation: 'Every rung of the ladder was tried and the target has not recovered.', needsHuman: true };
  }
  if (rung.governingLevel > policy.maxAutoLevel) {
    return {
      kind: 'await-approval',
      reason: 'above-max-auto-level',
      explanation: `Level ${rung.governingLevel} (${levelNames[rung.governingLevel]}) is above the highest level that runs by itself (${policy.maxAutoLevel}); plan ${rung.planId} waits for a person.`,
      needsHuman: true,
    };
  }
  return undefined;
}

/** Cooldown, budget and fleet. The first three count incidents, so a further rung of the same incident passes them. */
function guarded(input: DecisionInput, mode: Mode, now: number): Verdict | undefined {
  const { incident, policy, target } = input;
  const climbing = incident.triedLevels.length > 0;
  const others = input.ledger.entries.filter((entry) => entry.mode === mode && entry.incidentId !== incident.incidentId);
  if (!climbing) {
    const own = others.filter((entry) => entry.target === target);
    const cooldownEndsAt = Math.max(...own.map((entry) => entry.lastActivityAt)) + policy.cooldownMs;
    if (cooldownEndsAt > now) {
      return {
        kind: 'suppress',
        reason: 'cooldown',
        explanation: `The last automatic rollback of this target is less than ${formatDuration(policy.cooldownMs)} old.`,
        until: cooldownEndsAt,
      };
    }
    const { count, perMs } = policy.maxRollbacks;
    const spent = own.filter((entry) => entry.startedAt > now - perMs).length;
    if (spent >= count || input.ledger.tripped.some((trip) => trip.target === target && trip.mode === mode)) {
      return {
        kind: 'suppress',
        reason: 'budget-exhausted',
        explanation: `The budget of ${count} automatically rolled back incidents per ${formatDuration(perMs)} is spent; it stays so until \`belay reset --target ${target}\`.`,
        needsHuman: true,
      };
    }
    const { maxTargets, perMs: fleetPerMs } = policy.fleet;
    const recent = new Set(others.filter((entry) => entry.startedAt > now - fleetPerMs && entry.target !== target).map((entry) => entry.target));
    if (recent.size >= maxTargets) {
      return {
        kind: 'suppress',
        reason: 'fleet-limit',
        explanation: `${recent.size} other targets were rolled back within ${formatDuration(fleetPerMs)} (${[...recent].sort().join(', ')}): something larger is wrong.`,
        needsHuman: true,
      };
    }
  }
  if (input.running >= policy.fleet.maxConcurrent) {
    return { kind: 'suppress', reason: 'fleet-busy', explanation: `${input.running} rollback(s) of other targets are under way; this one waits for its turn.` };
  }
  return undefined;
}

/** Counted from the firing, so that neither a restart nor another decision in between moves it. */
function scheduled(acting: readonly FiringAlert[], climbing: boolean, now: number): Verdict | undefined {
  if (climbing || acting.some((alert) => alert.response !== 'scheduled')) return undefined;
  const dueAt = Math.min(...acting.map(({ evidence, delayMs = 0 }) => (evidence.firedAt ?? now) + delayMs));
  if (now >= dueAt) return undefined;
  return { kind: 'schedule', reason: 'scheduled', explanation: 'The breach is sustained; its trigger schedules the rollback, and a recovery before then cancels it.', until: dueAt };
}

function recheckVerdict({ recheck }: DecisionInput): Verdict | undefined {
  switch (recheck) {
    case undefined:
    case 'breaching':
      return undefined;
    case 'clear':
      return { kind: 'suppress', reason: 'recovered-before-action', explanation: 'Asked again just before step 1, the condition no longer held.' };
    case 'unknown':
      return { kind: 'suppress', reason: 'blind', explanation: 'Asked again just before step 1, the source gave no usable answer; nothing is rolled back blindly.' };
    case 'unconfirmable':
      return {
        kind: 'await-approval',
        reason: 'unconfirmed',
        explanation: 'An Alertmanager has sent this alert, and no configured source can be asked whether it is so; the rollback waits for a person.',
        needsHuman: true,
      };
    default:
      throw new TypeError(`unknown recheck ${String(recheck satisfies never)}`);
  }
}

function go({ incident }: DecisionInput, rung: PlanRung | undefined, mode: Mode): Verdict {
  // ladderEnd has answered already where there is no rung.
  const what = rung === undefined ? '' : `level ${rung.level} (${levelNames[rung.level]}) by plan ${rung.planId}`;
  const verb = mode === 'dry-run' ? 'would be rolled back on' : 'is rolled back on';
  return incident.triedLevels.length > 0
    ? { kind: 'execute', reason: 'not-recovered', explanation: `The rung below did not bring recovery; the target ${verb} ${what}.` }
    : { kind: 'execute', reason: 'sustained-breach', explanation: `The breach is sustained; the target ${verb} ${what}.` };
}
