import type { MessageKind, OutboxItem } from './message.js';

/** When so many different incidents and other messages come within a time, they come together. */
export interface DigestSettings {
  readonly over: number;
  readonly withinMs: number;
}

/** What a channel has to do with its messages. */
export type NextDelivery =
  /** One message, or what has gathered of one incident while the channel was away, oldest first. */
  | { readonly kind: 'send'; readonly items: readonly OutboxItem[] }
  /** Several incidents and other messages in one, each oldest first. */
  | { readonly kind: 'digest'; readonly units: readonly (readonly OutboxItem[])[] }
  | { readonly kind: 'wait'; readonly until: number };

export interface Backlog {
  /** All that waits for the channel, in the order of enqueueing. */
  readonly waiting: readonly OutboxItem[];
  readonly now: number;
  /** What was said lately: a key for each incident and each other message. */
  readonly recent: readonly { readonly key: string; readonly at: number }[];
  /** Incidents whose messages disturb nobody, because they change what is there already. */
  readonly quiet: ReadonlySet<string>;
  /** Absent where messages never come together. */
  readonly digest?: DigestSettings | undefined;
  /** Whether each message must go by itself, because the channel has refused one that held several. */
  readonly singly: boolean;
}

/** A message that waits longer is late: what has gathered of its incident meanwhile is told at once. */
export const LATE_MS = 120_000;
/** How long a message waits for others while many come, unless it asks somebody. */
const GATHER_MS = 15_000;
const MOST_IN_DIGEST = 30;

/** What a channel sends next. Whatever it decides, an incident's messages keep their order, and each is in some delivery. */
export function nextDelivery(backlog: Backlog): NextDelivery {
  const { waiting, now, recent, quiet, digest, singly } = backlog;
  const units = unitsOf(waiting);
  const due = [...units.entries()].filter(([, [head]]) => head !== undefined && head.nextAttemptAt <= now);
  const loud = due.filter(([key]) => !quiet.has(key));
  const hushed = due.find(([key]) => quiet.has(key));
  const [first] = loud;
  if (hushed !== undefined) return { kind: 'send', items: runOf(hushed[1], backlog) };
  if (first === undefined) return waitFor(units);
  const lately = digest === undefined ? [] : recent.filter(({ at }) => at > now - digest.withinMs);
  const crowd = new Set([...lately.map(({ key }) => key), ...loud.map(([key]) => key)]);
  if (digest === undefined || singly || crowd.size <= digest.over) return { kind: 'send', items: runOf(first[1], backlog) };
  const gatherUntil = Math.min(...loud.map(([, [head]]) => head?.createdAt ?? now)) + GATHER_MS;
  const cannotWait = loud.length > digest.over || loud.some(([, items]) => items.some(asks));
  // Further ahead it would be for a clock that was set back.
  if (!cannotWait && gatherUntil > now && gatherUntil <= now + GATHER_MS) return { kind: 'wait', until: gatherUntil };
  // What a plan says to somebody stays by itself, and people see only what is meant for them.
  const together = loud.map(([, items]) => items).filter((items) => isForAll(items) && audienceOf(items) === audienceOf(first[1]));
  if (!isForAll(first[1]) || together.length < 2) return { kind: 'send', items: runOf(first[1], backlog) };
  return { kind: 'digest', units: together.slice(0, MOST_IN_DIGEST) };
}

/** The incident that an item counts with, or itself. */
export function keyOf({ id, message }: OutboxItem): string {
  return message.incidentId ?? id;
}

const asking: ReadonlySet<MessageKind> = new Set(['needs-human', 'approval', 'escalation']);

/** Whether somebody is to do something about it. */
export function asks({ message: { kind, questions = [] } }: Pick<OutboxItem, 'message'>): boolean {
  return asking.has(kind) || questions.length > 0;
}

function unitsOf(waiting: readonly OutboxItem[]): ReadonlyMap<string, readonly OutboxItem[]> {
  const units = new Map<string, OutboxItem[]>();
  for (const item of waiting) {
    const unit = units.get(keyOf(item));
    if (unit === undefined) units.set(keyOf(item), [item]);
    else unit.push(item);
  }
  return units;
}

/** What goes out together of one incident: the oldest message, with what follows it where it is late. */
function runOf(items: readonly OutboxItem[], { now, singly }: Backlog): readonly OutboxItem[] {
  const [head] = items;
  if (head === undefined || singly || now - head.createdAt < LATE_MS || isPlans(head)) return items.slice(0, 1);
  const end = items.findIndex((item) => isPlans(item) || audienceOf([item]) !== audienceOf([head]));
  return end < 0 ? items : items.slice(0, end);
}

function isForAll(items: readonly OutboxItem[]): boolean {
  return !items.some(isPlans) && items.every((item) => audienceOf([item]) === audienceOf(items));
}

/** A plan's own words are for those whom it names. */
function isPlans({ message }: OutboxItem): boolean {
  return message.kind === 'plan-notification';
}

function audienceOf([head]: readonly OutboxItem[]): string {
  return JSON.stringify(head?.addresses ?? null);
}

function waitFor(units: ReadonlyMap<string, readonly OutboxItem[]>): NextDelivery {
  return { kind: 'wait', until: Math.min(...[...units.values()].map(([head]) => head?.nextAttemptAt ?? Infinity)) };
}
