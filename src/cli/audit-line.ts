import type { AuditLine } from '../store/journal-file.js';

/** A line of the journal for people who ask who did what when. `event` has all that the journal says of it. */
export interface WrittenAuditLine {
  readonly seq: number;
  /** RFC 3339. */
  readonly at: string;
  /** `belay`, or the person or program by whose name it was asked for. */
  readonly who: string;
  /** The type of the event. */
  readonly what: string;
  readonly target: string | null;
  readonly incidentId: string | null;
  readonly executionId: string | null;
  /** Why, where somebody said so. */
  readonly reason: string | null;
  readonly event: AuditLine['event'];
  readonly hash: string;
}

export function auditLine({ seq, hash, event }: AuditLine): WrittenAuditLine {
  const { type, at } = event;
  const fields: Readonly<Record<string, unknown>> = { ...event };
  const text = (name: string): string | null => (typeof fields[name] === 'string' ? fields[name] : null);
  const answer = event.type === 'approval-answered' ? event.answer.by : null;
  return {
    seq,
    at: new Date(at).toISOString(),
    who: answer ?? text('by') ?? text('triggeredBy') ?? 'belay',
    what: type,
    target: text('target'),
    incidentId: text('incidentId'),
    executionId: text('executionId'),
    reason: text('reason'),
    event,
    hash,
  };
}
