import { frozenUntil } from './freeze.js';
import { type Look, objection } from './look.js';

/** Counted from the firing, so that neither a restart nor another decision in between moves it. */
export const lookAtSchedule: Look = ({ acting, climbing, now }) => {
  if (climbing || acting.some((alert) => alert.response !== 'scheduled')) return undefined;
  const dueAt = Math.min(...acting.map(({ evidence, delayMs = 0 }) => (evidence.firedAt ?? now) + delayMs));
  if (now >= dueAt) return { about: 'schedule', says: 'The delay of its trigger is over.' };
  return objection('schedule', { kind: 'schedule', reason: 'scheduled', explanation: 'The breach is sustained; its trigger schedules the rollback, and a recovery before then cancels it.', until: dueAt });
};

/** Inside a freeze nothing runs by itself, neither a first rung nor a further one. */
export const lookAtFreezes: Look = ({ input: { policy }, rung, now }) => {
  if (policy.freeze.length === 0) return undefined;
  const frozen = policy.freeze.flatMap((freeze) => {
    const until = frozenUntil(freeze, now);
    return until === undefined ? [] : [{ until, reason: freeze.reason }];
  });
  const longest = frozen.toSorted((a, b) => b.until - a.until)[0];
  if (longest === undefined) return { about: 'freeze', says: 'No freeze is on.' };
  return objection('freeze', {
    kind: 'await-approval',
    reason: 'frozen',
    explanation: `Automatic rollbacks are frozen (${longest.reason}); plan ${rung?.planId ?? ''} waits for a person.`,
    until: longest.until,
    needsHuman: true,
  });
};

/** What the source said when it was asked again. */
export const lookAtRecheck: Look = ({ input: { recheck } }) => {
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
      return objection('recheck', {
        kind: 'await-approval',
        reason: 'unconfirmed',
        explanation: 'An Alertmanager has sent this alert, and no configured source can be asked whether it is so; the rollback waits for a person.',
        needsHuman: true,
      });
    default:
      throw new TypeError(`unknown recheck ${String(recheck satisfies never)}`);
  }
};
