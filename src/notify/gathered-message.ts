import type { ToldPerson } from '../incident/incident-event.js';
import { DRY_RUN_MARK } from './marked-title.js';
import type { Message, OutboxItem } from './message.js';
import { asks } from './next-delivery.js';
import { readableInstant, readableSpan } from './readable-time.js';
import { uniquePeople } from './routes.js';

const MOST_LINES = 20;

/** What has gathered of one incident while its channel was away, as its newest message with what went before. `told` are those of `items` that people know by another channel. */
export function lateMessage(items: readonly OutboxItem[], now: number, told: ReadonlySet<string>): Message | undefined {
  const newest = items.at(-1);
  const [oldest] = items;
  if (newest === undefined || oldest === undefined) return undefined;
  const tell = asks(newest) ? peopleOf(items.filter(({ id }) => !told.has(id))) : told.has(newest.id) ? [] : (newest.message.tell ?? []);
  const earlier = items.slice(0, -1).map(({ message: { title }, createdAt }) => `${readableInstant(createdAt)}: ${title}`);
  const rest = earlier.length - MOST_LINES;
  const lines = rest > 0 ? [`${rest} before that`, ...earlier.slice(rest)] : earlier;
  return {
    ...newest.message,
    facts: earlier.length === 0 ? newest.message.facts : [...newest.message.facts, ['before that', lines.join('\n')], ['told late', `the first of it was to be told ${readableSpan(oldest.createdAt, now)} ago`]],
    tell: tell.length === 0 ? undefined : tell,
  };
}

/** Several incidents and other messages in one: each with how it stands, and how to answer what is asked. */
export function digestMessage(units: readonly (readonly OutboxItem[])[]): Message {
  const newest = units.flatMap((items) => items.at(-1) ?? []);
  const incidents = newest.filter(({ message }) => message.incidentId !== undefined);
  const others = newest.length - incidents.length;
  const asked = newest.filter(asks);
  const tell = peopleOf(units.flatMap((items) => (items.at(-1) === undefined || !items.some(asks) ? [] : items)));
  const questions = newest.flatMap(({ message }) => message.questions ?? []);
  const counted = [...(incidents.length === 0 ? [] : [`${incidents.length} ${incidents.length === 1 ? 'incident' : 'incidents'}`]), ...(others === 0 ? [] : [`${others} other ${others === 1 ? 'message' : 'messages'}`])];
  const targets = [...new Set(newest.flatMap(({ message }) => message.target ?? []))];
  return {
    kind: 'digest',
    tone: newest.some(({ message }) => message.tone === 'bad') ? 'bad' : newest.every(({ message }) => message.tone === 'good') ? 'good' : 'working',
    dryRun: newest.every(({ message }) => message.dryRun),
    title: `Much at once: ${counted.join(' and ')}${asked.length === 0 ? '' : `, ${asked.length} of them ${asked.length === 1 ? 'waits' : 'wait'} for a person`}`,
    text: targets.length === 0 ? '' : `About ${targets.join(', ')}.`,
    facts: newest.map(({ message }) => [message.target ?? message.kind, lineOf(message)] as const),
    next: 'What follows of each incident is told by itself again once it is quieter. Everything about one: belay incidents ID',
    ...(questions.length === 0 ? {} : { questions }),
    ...(tell.length === 0 ? {} : { tell }),
  };
}

function lineOf({ title, target, dryRun, incidentId, questions = [] }: Message): string {
  const mark = dryRun ? DRY_RUN_MARK : '';
  // The target stands beside the line already.
  const start = `${mark}${target ?? ''}: `;
  const state = title.startsWith(start) ? `${mark}${title.slice(start.length)}` : title;
  return [state, ...(incidentId === undefined ? [] : [incidentId]), ...questions.map(({ approvalId }) => `to answer: belay approve ${approvalId}, or belay reject ${approvalId}`)].join('\n');
}

function peopleOf(items: readonly OutboxItem[]): readonly ToldPerson[] {
  return uniquePeople(items.flatMap(({ message }) => message.tell ?? []));
}
