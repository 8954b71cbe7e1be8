import { levelNames, rangeText } from './ladder.js';
import { type Look, objection } from './look.js';

/** Whether something is under way already, or a person is asked for. */
export const lookAtPhase: Look = ({ input: { incident } }) => {
  switch (incident.phase) {
    case 'needs-human':
      return objection('busy', { kind: 'suppress', reason: 'needs-human', explanation: 'The incident waits for a person; nothing more starts by itself.', needsHuman: true });
    case 'rolling-back':
    case 'verifying':
      return objection('busy', { kind: 'suppress', reason: 'rollback-in-progress', explanation: 'A rollback of this target is under way; new alerts are evidence for its verification.' });
    case 'open':
      return undefined;
    default:
      throw new TypeError(`unknown phase ${String(incident.phase satisfies never)}`);
  }
};

export const lookAtPauses: Look = ({ input: { pauses } }) => {
  const pause = pauses[0];
  if (pause === undefined) return { about: 'pause', says: 'Nobody has paused it.' };
  return objection('pause', { kind: 'suppress', reason: 'paused', explanation: `Paused by ${pause.by}: ${pause.reason}.`, until: pause.until });
};

export const lookAtMode: Look = ({ input: { alerts }, mode }) => {
  if (mode !== 'observe') return { about: 'mode', says: `The mode is ${mode}.` };
  return objection(
    'mode',
    alerts.length > 0 && alerts.every((alert) => alert.response === 'monitor')
      ? { kind: 'notify-only', reason: 'monitor-only', explanation: 'The trigger only monitors: people are told, nothing is rolled back.' }
      : { kind: 'notify-only', reason: 'observe-mode', explanation: 'Observe mode: people are told what fires, nothing is planned.' },
  );
};

/** Only what was proved not to have helped is followed by more. */
export const lookAtTried: Look = ({ input: { incident }, mode }) => {
  if (incident.triedLevels.length === 0 || incident.mayClimb) return undefined;
  const why = mode === 'dry-run' ? 'The dry run ended after its first rung, which was not really rolled back.' : 'Only a rung that was proved not to have helped is followed by the next.';
  return objection('ladder', { kind: 'suppress', reason: 'already-tried', explanation: why });
};

/** Whether any rule asks for a rollback at all. */
export const lookAtRules: Look = ({ ladder, rules, climbing }) => {
  if (ladder !== undefined || climbing) return undefined;
  const told = sentence(rules.map(({ text }) => text).join('; '));
  return objection(
    'rule',
    rules.some(({ fixForward }) => fixForward)
      ? { kind: 'notify-only', reason: 'fix-forward', explanation: `It is to be fixed forward, so nothing is rolled back. ${told}` }
      : { kind: 'notify-only', reason: 'no-matrix-row', explanation: `No rule asks for a rollback, so people are told only. ${told}` },
  );
};

export const lookAtLadder: Look = ({ ladder, rungs, rung }) => {
  if (ladder === undefined || rungs.length === 0) {
    const span = ladder === undefined ? 'any level' : rangeText(ladder);
    return objection('ladder', { kind: 'notify-only', reason: 'no-plan', explanation: `No plan of this target stands on ${span}.`, needsHuman: true });
  }
  if (rung === undefined) {
    return objection('ladder', { kind: 'notify-only', reason: 'ladder-exhausted', explanation: 'Every rung of the ladder was tried and the target has not recovered.', needsHuman: true });
  }
  return { about: 'ladder', says: `Plan ${rung.planId} is next, on level ${rung.level} (${levelNames[rung.level]}).` };
};

function sentence(text: string): string {
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
