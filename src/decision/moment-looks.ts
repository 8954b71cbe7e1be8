import { isGranted, waitForApproval } from './approval-looks.js';
import { frozenUntil } from './freeze.js';
import { type Look, objection } from './look.js';

/** Counted from the firing, so that neither a restart nor another decision in between moves it. */
export const lookAtSchedule: Look = (situation) => {
  const { acting, climbing, now } = situation;
  if (climbing || acting.some((alert) => alert.response !== 'scheduled')) return undefined;
  const dueAt = Math.min(...acting.map(({ evidence, delayMs = 0 }) => (evidence.firedAt ?? now) + delayMs));
  if (isGranted(situation, 'schedule')) return { about: 'schedule', says: 'Somebody has started it before it was due.' };
  if (now >= dueAt) return { about: 'schedule', says: 'The delay of its trigger is over.' };
  return objection('schedule', { kind: 'schedule', reason: 'scheduled', explanation: 'The breach is sustained; its trigger schedules the rollback, and a recovery before then cancels it.', until: dueAt });
};

/** Inside a freeze nothing runs by itself, neither a first rung nor a further one. */
export const lookAtFreezes: Look = (situation) => {
  const { input: { policy }, now } = situation;
  if (policy.freeze.length === 0) return undefined;
  const frozen = policy.freeze.flatMap((freeze) => {
    const until = frozenUntil(freeze, now);
    return until === undefined ? [] : [{ until, reason: freeze.reason }];
  });
  const longest = frozen.toSorted((a, b) => b.until - a.until)[0];
  if (longest === undefined) return { about: 'freeze', says: 'No freeze is on.' };
  return waitForApproval(situation, 'freeze', 'frozen', `Automatic rollbacks are frozen (${longest.reason})`, longest.until);
};

/** What the source said when it was asked again. */
export const lookAtRecheck: Look = (situation) => {
  const { recheck } = situation.input;
  switch (recheck) {
    case undefined:
      return undefined;
    case 'breaching':
      return { about: 'recheck', says: 'Asked again just before step 1, the source still shows the breach.' };
    case 'clear':
      return objection('recheck', { kind: 'suppress', reason: 'recovered-before-action', explanation: 'Asked again just before step 1, the condition no longer held.' });
    case 'unknown':
      return objection('recheck', { kind: 'suppress', reason: 'blind', explanation: 'Asked again just before step 1, the source gave no usable answer; nothing is rolled back blindly.' });
    case 'unconfirmable':
      return waitForApproval(situation, 'recheck', 'unconfirmed', 'An Alertmanager has sent this alert, and no configured source can be asked whether it is so');
    default:
      throw new TypeError(`unknown recheck ${String(recheck satisfies never)}`);
  }
};
