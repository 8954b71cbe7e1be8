import { formatDuration } from '../time/duration.js';
import type { LedgerEntry } from './ledger.js';
import { type Look, objection } from './look.js';
import type { Situation } from './situation.js';

// Cooldown, budget and fleet count incidents, so a further rung of the same incident passes the first three.

/** What was done for other incidents in the mode of this decision. */
function otherIncidents({ input: { ledger, incident }, mode }: Situation): readonly LedgerEntry[] {
  return ledger.entries.filter((entry) => entry.mode === mode && entry.incidentId !== incident.incidentId);
}

function isFurtherRung({ input: { incident } }: Situation): boolean {
  return incident.triedLevels.length > 0;
}

export const lookAtCooldown: Look = (situation) => {
  if (isFurtherRung(situation)) return undefined;
  const { target, policy } = situation.input;
  const own = otherIncidents(situation).filter((entry) => entry.target === target);
  const endsAt = Math.max(...own.map((entry) => entry.lastActivityAt)) + policy.cooldownMs;
  const lasts = formatDuration(policy.cooldownMs);
  if (endsAt <= situation.now) return { about: 'cooldown', says: `No other automatic rollback of this target within ${lasts}.` };
  return objection('cooldown', { kind: 'suppress', reason: 'cooldown', explanation: `The last automatic rollback of this target is less than ${lasts} old.`, until: endsAt });
};

export const lookAtBudget: Look = (situation) => {
  if (isFurtherRung(situation)) return undefined;
  const { input: { target, policy, ledger }, mode, now } = situation;
  const { count, perMs } = policy.maxRollbacks;
  const spent = otherIncidents(situation).filter((entry) => entry.target === target && entry.startedAt > now - perMs).length;
  const per = formatDuration(perMs);
  if (spent < count && !ledger.tripped.some((trip) => trip.target === target && trip.mode === mode)) {
    return { about: 'budget', says: `${spent} of ${count} automatically rolled back incidents per ${per} are spent.` };
  }
  return objection('budget', {
    kind: 'suppress',
    reason: 'budget-exhausted',
    explanation: `The budget of ${count} automatically rolled back incidents per ${per} is spent; it stays so until \`belay reset --target ${target}\`.`,
    needsHuman: true,
  });
};

export const lookAtFleet: Look = (situation) => {
  if (isFurtherRung(situation)) return undefined;
  const { input: { target, policy }, now } = situation;
  const { maxTargets, perMs } = policy.fleet;
  // A target that is still being worked on counts as one that was rolled back just now, however long ago that began.
  const recent = new Set(otherIncidents(situation).filter((entry) => entry.lastActivityAt > now - perMs && entry.target !== target).map((entry) => entry.target));
  const within = formatDuration(perMs);
  if (recent.size < maxTargets) return { about: 'fleet', says: `${recent.size} of ${maxTargets} other targets were rolled back within ${within}.` };
  return objection('fleet', {
    kind: 'suppress',
    reason: 'fleet-limit',
    explanation: `${recent.size} other targets were rolled back within ${within} (${[...recent].sort().join(', ')}): something larger is wrong.`,
    needsHuman: true,
  });
};

export const lookAtConcurrency: Look = ({ input: { running, policy } }) => {
  const { maxConcurrent } = policy.fleet;
  if (running < maxConcurrent) return { about: 'fleet', says: `${running} of ${maxConcurrent} rollbacks are under way.` };
  return objection('fleet', { kind: 'suppress', reason: 'fleet-busy', explanation: `${running} rollback(s) of other targets are under way; this one waits for its turn.` });
};

/** What comes and goes by itself is not mended by rolling back. */
export const lookAtFlaps: Look = (situation) => {
  if (isFurtherRung(situation)) return undefined;
  const { flaps, policy: { flap }, target } = situation.input;
  const per = formatDuration(flap.perMs);
  if (flaps < flap.count) return { about: 'flap', says: `An alert of this target fired and cleared by itself ${flaps} times within ${per}; ${flap.count} are too often.` };
  return objection('flap', {
    kind: 'suppress',
    reason: 'flapping',
    explanation: `An alert of this target fired and cleared ${flaps} times within ${per} without any help: it flaps, and a rollback would prove nothing. It stays so until it is quieter, or until \`belay reset --target ${target}\`.`,
    needsHuman: true,
  });
};
