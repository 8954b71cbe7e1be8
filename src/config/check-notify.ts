import type { ToldPerson } from '../incident/incident-event.js';
import { messageKinds } from '../notify/message.js';
import { type Route, routesOf, type Subject } from '../notify/routes.js';
import { severities } from '../trigger/trigger.js';
import type { BelayPart } from './belay-part.js';
import { criteriaOf } from './build-notify.js';
import { checkKnown } from './check-known.js';
import { listOf, recordOf } from './check-schema.js';
import { suggestion } from './closest-word.js';
import { type Addressees, destinationOf, namedPeople } from './destinations.js';
import { escalationSchema, notifySchema, type WrittenRoute, routeSchema } from './notify-schema.js';
import type { Path, Problem } from './problem.js';
import type { YamlDocument } from './yaml-document.js';

/** Whether every word of `notify` means somebody whom it can reach, and whether every route is ever taken. */
export function checkNotify(belay: BelayPart): readonly Problem[] {
  const data = recordOf(belay.document.data);
  const targets = Object.entries(recordOf(data['targets'])).map(([name, target]) => [['targets', name, 'escalation'], recordOf(target)['escalation']] as const);
  const escalations = [[['notify', 'escalation'], recordOf(data['notify'])['escalation']] as const, ...targets];
  return [...checkRoutes(belay), ...escalations.flatMap(([path, written]) => checkEscalation(belay, path, written))];
}

/** Each step calls people, soonest first, and nobody before there is anybody to wait for. */
function checkEscalation(belay: BelayPart, path: Path, written: unknown): readonly Problem[] {
  const steps = escalationSchema.safeParse(written).data ?? [];
  const addressees = addresseesOf(belay);
  if (addressees === undefined) return [];
  const { document } = belay;
  return steps.flatMap(({ after, to }, index) => {
    const before = steps[index - 1];
    const late = before === undefined || before.after < after ? [] : [document.problem([...path, index, 'after'], 'the steps must be in the order of their times, each later than the one before')];
    const words = to.flatMap((word, place) => {
      const at = [...path, index, 'to', ...(Array.isArray(recordOf(listOf(written)[index])['to']) ? [place] : [])];
      const people = namedPeople(word, addressees.people);
      if (people.length > 0) return unreachable(document, at, word, people, addressees);
      const known = [...new Set(addressees.people.flatMap(({ name, groups }) => [name, ...groups]))];
      return [document.problem(at, `nobody is called "${word}", and nobody belongs to such a group`, { hint: known.length === 0 ? 'add them under "people"' : suggestion(word, known, 'known') })];
    });
    return [...late, ...words];
  });
}

function unreachable(document: YamlDocument, path: Path, word: string, people: readonly ToldPerson[], { slack, hasEmail }: Addressees): readonly Problem[] {
  if (people.some((person) => isReachable(person, { slack, hasEmail }))) return [];
  return [document.problem(path, `nobody of "${word}" can be reached: there is neither an address with notify.email nor a user with notify.slack`, { hint: 'add email or slack to the person' })];
}

/** Whether one of the configured channels leads to the person. */
export function isReachable(person: ToldPerson, { slack, hasEmail }: Pick<Addressees, 'slack' | 'hasEmail'>): boolean {
  return (person.email !== undefined && hasEmail) || (person.slack !== undefined && slack !== undefined);
}

function checkRoutes(belay: BelayPart): readonly Problem[] {
  const { document } = belay;
  const written = listOf(recordOf(recordOf(document.data)['notify'])['routes']);
  const routes = written.map((route) => routeSchema.safeParse(route).data);
  const addressees = addresseesOf(belay);
  const problems = routes.flatMap((route, index) => (route === undefined ? [] : [...checkTargets(belay, 'routes', route, index), ...(addressees === undefined ? [] : checkTo(belay, route, index, addressees))]));
  const complete = routes.flatMap((route) => route ?? []);
  return problems.length > 0 || complete.length < written.length || complete.length === 0 ? problems : checkCoverage(belay, complete);
}

/** `undefined` where nobody knows who there is. */
export function addresseesOf({ document, people }: BelayPart): Addressees | undefined {
  const notify = recordOf(recordOf(document.data)['notify']);
  const webhook = notifySchema.shape.webhook.safeParse(notify['webhook']);
  if (people === undefined || !webhook.success || [...people.values()].includes(undefined)) return undefined;
  const slack = notify['slack'] === undefined ? undefined : recordOf(notify['slack'])['channel'];
  return {
    ...(slack === undefined ? {} : { slack: typeof slack === 'string' ? slack : '' }),
    hasEmail: notify['email'] !== undefined,
    webhooks: webhook.data.map(({ name }) => name),
    people: [...people].flatMap(([name, person]) => (person === undefined ? [] : [{ ...person, name }])),
  };
}

/** Whether what an entry of the list is for is there. */
export function checkTargets({ document, targets }: BelayPart, list: string, { target = [] }: Pick<WrittenRoute, 'target'>, index: number): readonly Problem[] {
  return target.flatMap((name, place) => checkKnown(document, wordPath(document.data, list, index, 'target', place), name, targets, 'target', 'belay.yaml'));
}

function checkTo({ document }: BelayPart, { to }: WrittenRoute, index: number, addressees: Addressees): readonly Problem[] {
  return to.flatMap((word, place) => {
    const path = wordPath(document.data, 'routes', index, 'to', place);
    const found = destinationOf(word, addressees);
    if ('problem' in found) return [document.problem(path, found.problem, { hint: found.hint })];
    const people = found.flatMap((to) => (to.kind === 'person' ? [to.person] : []));
    return people.length === 0 ? [] : unreachable(document, path, word, people, addressees);
  });
}

/** Where a list of one word may be written without the list. */
export function wordPath(data: unknown, list: string, index: number, key: string, place: number): (string | number)[] {
  const written = recordOf(listOf(recordOf(recordOf(data)['notify'])[list])[index])[key];
  return ['notify', list, index, key, ...(Array.isArray(written) ? [place] : [])];
}

/** Routes that no message ever comes to, and targets whose messages take no route at all. Routes of other environments are left alone: files are shared. */
function checkCoverage({ document, targets, value }: BelayPart, written: readonly WrittenRoute[]): readonly Problem[] {
  if (value === undefined || targets === undefined) return [];
  const { environment } = value;
  const routes = written.map((route): Route => ({ ...criteriaOf(route), goesOn: route.continue, to: [] }));
  const named = new Set(routes.flatMap((route) => route.targets ?? []));
  // Targets that no route names are all alike to them.
  const example = [...targets.keys()].find((target) => !named.has(target));
  const taken = new Set<Route>();
  const routed = new Set<string>();
  for (const subject of subjectsFor(routes, [undefined, ...named, ...(example === undefined ? [] : [example])])) {
    const found = routesOf(subject, { routes, environment });
    for (const route of found) taken.add(route);
    if (found.length > 0 && subject.target !== undefined) routed.add(subject.target);
  }
  const astray = [...targets.keys()].filter((target) => !routed.has(named.has(target) ? target : (example ?? target)));
  const isHere = ({ environments }: Route): boolean => environments?.includes(environment) !== false;
  return [
    ...routes.flatMap((route, index) =>
      taken.has(route) || !isHere(route) ? [] : [document.problem(['notify', 'routes', index], 'no message ever takes this route: the routes before it take all that it is for', { severity: 'warning', hint: 'put it before them, or write continue: true at those' })],
    ),
    ...astray.map((target) => document.problem(['notify', 'routes'], `no route is for ${target}, so its messages go to every configured channel`, { severity: 'warning', atKey: true, hint: 'if that is meant, say it by a last route without criteria: { to: [slack, email] }' })),
  ];
}

/** One message of each sort that the routes could tell apart; kinds that none of them names are all alike. */
function subjectsFor(routes: readonly Route[], targets: readonly (string | undefined)[]): readonly Subject[] {
  const named = new Set(routes.flatMap(({ kinds = [] }) => kinds));
  const kinds = [...named, ...messageKinds.filter((kind) => !named.has(kind)).slice(0, 1)];
  const levels = [undefined, 1, 2, 3, 4, 5] as const;
  return targets.flatMap((target) => [undefined, ...severities].flatMap((severity) => levels.flatMap((level) => kinds.map((kind) => ({ target, severity, level, kind })))));
}
