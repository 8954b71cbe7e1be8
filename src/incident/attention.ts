import { type Approval, isOpen } from '../decision/approval.js';
import type { Mode } from '../trigger/trigger.js';
import type { JournalEvent, NeedsHumanReason } from './incident-event.js';

/** That an incident waits for a person: since when without a break, and since when somebody is known to look after it. */
export interface Attention {
  readonly since: number;
  readonly seenAt?: number | undefined;
}

/** What of an incident says whether a person is wanted. */
interface Wanting {
  readonly mode: Mode;
  readonly endedAt?: number | undefined;
  readonly needsHuman?: { readonly reason: NeedsHumanReason } | undefined;
  readonly approvals: readonly Approval[];
  readonly rungs: readonly { readonly mode: Mode }[];
  readonly decisions: readonly { readonly mode: Mode }[];
}

/** What a person has just decided needs nobody to be called: somebody is there. */
const decidedByPerson: ReadonlySet<NeedsHumanReason> = new Set(['cancelled', 'approval-rejected']);

/** Whether nothing goes on without a person: it needs one, or a question is open. Only for real: a dry run calls nobody. */
function isWanted({ endedAt, needsHuman, approvals, rungs, decisions, mode }: Wanting): boolean {
  const isReal = (rungs.at(-1)?.mode ?? decisions.at(-1)?.mode ?? mode) === 'enforce';
  const isAsked = approvals.some((approval) => isOpen(approval) && approval.purpose !== 'schedule');
  return isReal && endedAt === undefined && (isAsked || (needsHuman !== undefined && !decidedByPerson.has(needsHuman.reason)));
}

/**
 * The attention that an incident takes after an event, which `incident` has already taken in. It begins with the first
 * need and lasts until nothing is needed; an acknowledgement or an answer covers what was known then, and a new need
 * after it begins anew.
 */
export function attentionAfter(before: Attention | undefined, incident: Wanting, event: JournalEvent): Attention | undefined {
  // What comes of a question that nobody answered follows at once; until then the people are as absent as before.
  if (event.type === 'approval-expired') return before;
  if (!isWanted(incident)) return undefined;
  switch (event.type) {
    case 'incident-acknowledged':
    case 'approval-answered':
      return before === undefined ? { since: event.at, seenAt: event.at } : { ...before, seenAt: before.seenAt ?? event.at };
    case 'needs-human':
    case 'approval-requested':
      return before !== undefined && before.seenAt === undefined ? before : { since: event.at };
    default:
      return before ?? { since: event.at };
  }
}
