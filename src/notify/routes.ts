import type { ToldPerson } from '../incident/incident-event.js';
import type { Level, Severity } from '../trigger/trigger.js';
import type { ChannelName, Message, MessageKind } from './message.js';

/** Where a route sends to. A person is mentioned in Slack and gets the mail. */
export type Destination =
  | { readonly kind: 'channel'; readonly channel: ChannelName }
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'person'; readonly person: ToldPerson };

/** Every criterion that is given must hold; one of its words is enough. A message that has no such thing does not match. */
export interface Route {
  readonly targets?: readonly string[] | undefined;
  readonly severities?: readonly Severity[] | undefined;
  readonly levels?: readonly Level[] | undefined;
  readonly environments?: readonly string[] | undefined;
  readonly kinds?: readonly MessageKind[] | undefined;
  readonly to: readonly Destination[];
  /** Whether the routes after it are looked at as well. */
  readonly goesOn: boolean;
}

/** Who must hear of a scenario, wherever the routes lead. Without kinds it is about all that is told of an incident. */
export interface RequiredRecipients extends Omit<Route, 'goesOn'> {
  /** Incidents in which one of these triggers has fired. */
  readonly triggers?: readonly string[] | undefined;
}

export interface Routing {
  readonly routes: readonly Route[];
  /** Every entry counts that a message matches. */
  readonly required: readonly RequiredRecipients[];
  readonly environment: string;
  /** The configured channels, where a message goes that no route is for. */
  readonly channels: readonly ChannelName[];
  /** Where mails go that are not sent elsewhere. */
  readonly addresses: readonly string[];
}

/** What routes look at. */
export type Subject = Pick<Message, 'target' | 'severity' | 'level' | 'kind'>;

/** One message on its way to one channel. */
export interface Addressed {
  readonly channel: ChannelName;
  readonly message: Message;
  /** For mails: absent where they go to the configured addresses. */
  readonly addresses?: readonly string[] | undefined;
}

/** The routes that a message takes, in their order: the first that matches, and those after it while they go on. */
export function routesOf(subject: Subject, { routes, environment }: Pick<Routing, 'routes' | 'environment'>): readonly Route[] {
  const taken: Route[] = [];
  for (const route of routes) {
    if (!matches(route, subject, environment)) continue;
    taken.push(route);
    if (!route.goesOn) break;
  }
  return taken;
}

/** What has happened in the incident that a message is about. */
export interface IncidentSoFar {
  /** Further subjects whose routes hear of it as well, because they have been told of the incident before. */
  readonly also: readonly Subject[];
  /** The names of the triggers that have fired. */
  readonly triggers: readonly string[];
}

/**
 * Where a message goes: by its routes or, where there is none for it, to every configured channel, and to those who must
 * hear of it besides. Whoever is asked or told by name is reached in Slack and by mail, whatever the routes say.
 */
export function addressed(message: Message, routing: Routing, { also, triggers }: IncidentSoFar = { also: [], triggers: [] }): readonly Addressed[] {
  const subjects = [message, ...also];
  const routed = subjects.flatMap((subject) => routesOf(subject, routing).flatMap((route) => destinationsFor(message, route)));
  const required = routing.required.filter((entry) => isAbout(entry, message, triggers) && subjects.some((subject) => matches(entry, subject, routing.environment)));
  const wanted = [...routed, ...required.flatMap(({ to }) => to)];
  const people = uniquePeople([...(message.tell ?? []), ...wanted.flatMap((to) => (to.kind === 'person' ? [to.person] : []))]);
  const told: Message = people.length === 0 ? message : { ...message, tell: people };
  const channels = new Set([...(routed.length > 0 ? [] : routing.channels), ...wanted.flatMap((to) => (to.kind === 'channel' ? [to.channel] : []))]);
  const own = wanted.flatMap((to) => (to.kind === 'address' ? [to.address] : []));
  // The configured addresses are left to the channel, so that a message that waits goes where the newest file says.
  const addresses = channels.has('email') ? (own.length === 0 ? undefined : [...new Set([...routing.addresses, ...own])]) : [...new Set(own)];
  const isMailed = routing.channels.includes('email') && (addresses === undefined || addresses.length > 0 || people.some(({ email }) => email !== undefined));
  if (isMailed) channels.add('email');
  const isMentioned = routing.channels.includes('slack') && people.some(({ slack }) => slack !== undefined) && ![...channels].some(isSlack);
  if (isMentioned) channels.add('slack');
  return [...channels].map((channel) => ({ channel, message: told, ...(channel === 'email' && addresses !== undefined ? { addresses } : {}) }));
}

export function isSlack(channel: ChannelName): boolean {
  return channel === 'slack' || channel.startsWith('slack:');
}

/** A drill calls nobody whom its routes do not name for drills: it is told where the team reads it. */
function destinationsFor({ kind }: Message, { kinds = [], to }: Route): readonly Destination[] {
  return kind === 'drill' && !kinds.includes(kind) ? to.filter((destination) => destination.kind !== 'person') : to;
}

function isAbout({ kinds, triggers }: RequiredRecipients, { incidentId }: Message, fired: readonly string[]): boolean {
  return (kinds !== undefined || incidentId !== undefined) && (triggers === undefined || triggers.some((name) => fired.includes(name)));
}

function matches({ targets, severities, levels, environments, kinds }: Omit<Route, 'to' | 'goesOn'>, { target, severity, level, kind }: Subject, environment: string): boolean {
  const holds = <T>(words: readonly T[] | undefined, word: T | undefined): boolean => words === undefined || (word !== undefined && words.includes(word));
  return holds(targets, target) && holds(severities, severity) && holds(levels, level) && holds(environments, environment) && holds(kinds, kind);
}

/** Each once. */
export function uniquePeople(people: readonly ToldPerson[]): readonly ToldPerson[] {
  return [...new Map(people.map((person) => [person.name, person])).values()];
}
