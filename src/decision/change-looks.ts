import { formatDuration } from '../time/duration.js';
import { hasValue } from './change.js';
import { type Look, objection, type Verdict } from './look.js';
import type { Situation } from './situation.js';

/** When the oldest breach of the alerts that may start something began. */
function breachBeganAt({ acting, now }: Situation): number {
  return Math.min(now, ...acting.map(({ evidence: { activeAt, firedAt } }) => activeAt ?? firedAt ?? now));
}

/** Whether a change goes before the breach. Without `requireChange` it is only said. */
export const lookAtChange: Look = (situation) => {
  const { input: { changes, policy, incident, target } } = situation;
  if (incident.triedLevels.length > 0) return undefined;
  const beganAt = breachBeganAt(situation);
  const before = changes.deploys.findLast(({ at }) => at <= beganAt);
  const after = changes.deploys.findLast(({ at }) => at > beganAt);
  const within = policy.requireChange?.withinMs;
  const pages = (reason: 'no-change' | 'breach-before-change', explanation: string): ReturnType<Look> =>
    within === undefined ? { about: 'change', says: explanation } : objection('change', { kind: 'notify-only', reason, explanation, needsHuman: true });
  if (before !== undefined && (within === undefined || beganAt - before.at <= within)) {
    return { about: 'change', says: `The breach began ${spanText(beganAt - before.at)} after version ${before.version} was deployed.` };
  }
  if (after !== undefined) return pages('breach-before-change', `The breach began ${spanText(after.at - beganAt)} before version ${after.version} was deployed, so that change has not made it.`);
  if (before === undefined) return pages('no-change', `No change of ${target} is known from before the breach.`);
  return pages('no-change', `The last change of ${target}, version ${before.version}, is ${spanText(beganAt - before.at)} older than the breach, and only changes within ${formatDuration(within ?? 0)} count.`);
};

/** Whether the plan has a state to go back to, and would change anything for the better by it. */
export const lookAtRollbackPoint: Look = ({ rung, input: { changes, target, alreadyThere } }) => {
  if (rung === undefined) return undefined;
  const { planId, needs, changesMore } = rung;
  const { rollbackPoint: point, running, rolledBack } = changes;
  const refuse = (reason: Verdict['reason'], explanation: string): ReturnType<Look> => objection('rollback-point', { kind: 'notify-only', reason, explanation, needsHuman: true });
  const missing = needs.filter((path) => !hasValue(point, path));
  if (missing.length > 0) {
    const names = missing.map((path) => `\${${path === '' ? 'rollbackPoint' : `rollbackPoint.${path}`}}`).join(', ');
    const why = point === undefined ? `no state of ${target} is known to be good` : `the last good version, ${point.version}, was marked without it`;
    return refuse('no-rollback-point', `Plan ${planId} needs ${names}, but ${why}.`);
  }
  if (point !== undefined && needs.includes('version')) {
    if (point.version === running && !changesMore) return refuse('already-running', `Plan ${planId} goes back to version ${point.version}, which is what runs already.`);
    if (rolledBack.includes(point.version)) return refuse('version-rolled-back', `Plan ${planId} goes back to version ${point.version}, which was itself rolled back.`);
  }
  if (alreadyThere === true) return refuse('already-running', `Everything that plan ${planId} brings back is there already, so it would change nothing.`);
  if (point === undefined || needs.length === 0) return undefined;
  return { about: 'rollback-point', says: `The last good state is version ${point.version}, seen at ${new Date(point.at).toISOString()}.` };
};

/** To the second. */
function spanText(durationMs: number): string {
  return formatDuration(Math.round(durationMs / 1_000) * 1_000);
}
