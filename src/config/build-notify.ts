import type { EscalationStep } from '../guard/escalation.js';
import type { NotifySettings } from '../notify/notify-settings.js';
import { type Destination, type Route, uniquePeople } from '../notify/routes.js';
import { deepFreeze } from '../rollback/plain-data.js';
import type { BelayFile } from './belay-schema.js';
import { type Addressees, destinationOf, namedPeople } from './destinations.js';
import type { WrittenEscalation, WrittenRequired } from './notify-schema.js';
import { firingNames } from './severities.js';

/** `notify` with every word of its routes looked up; the check has seen that each means somebody. */
export function buildNotify({ notify, people }: Pick<BelayFile, 'notify' | 'people'>, wording: NotifySettings['wording']): NotifySettings {
  const addressees: Addressees = {
    slack: notify.slack?.channel,
    hasEmail: notify.email !== undefined,
    webhooks: notify.webhook.map(({ name }) => name),
    people: peopleOf(people),
  };
  const { slack, email, webhook, customers, routes, required, digest, fallback } = notify;
  return {
    slack,
    email,
    webhook,
    customers,
    wording,
    routes: routes.map((route) => ({ ...criteriaOf(route), goesOn: route.continue, to: destinationsOf(route.to, addressees) })),
    required: required.map((entry) => ({ ...criteriaOf(entry), triggers: entry.trigger?.flatMap(firingNames), to: destinationsOf(entry.to, addressees) })),
    ...(digest === 'never' ? {} : { digest: { over: digest.over, withinMs: digest.within } }),
    fallbackAfterMs: fallback.after,
  };
}

/** Who is called for each target: its own steps or, without those, those of all. */
export function buildEscalations({ notify, people, targets }: Pick<BelayFile, 'notify' | 'people' | 'targets'>): ReadonlyMap<string, readonly EscalationStep[]> {
  const everybody = peopleOf(people);
  const stepsOf = (written: WrittenEscalation): readonly EscalationStep[] =>
    written
      .map(({ after, to, severity }): EscalationStep => ({ afterMs: after, to, people: uniquePeople(to.flatMap((word) => namedPeople(word, everybody))), ...(severity === undefined ? {} : { severities: severity }) }))
      .toSorted((a, b) => a.afterMs - b.afterMs);
  return new Map(Object.entries(targets).map(([target, { escalation = notify.escalation }]) => [target, deepFreeze(stepsOf(escalation))]));
}

function peopleOf(people: BelayFile['people']): Addressees['people'] {
  return Object.entries(people).map(([name, person]) => ({ ...person, name }));
}

function destinationsOf(words: readonly string[], addressees: Addressees): readonly Destination[] {
  return words.flatMap((word) => {
    const found = destinationOf(word, addressees);
    return 'problem' in found ? [] : found;
  });
}

/** What a route is for, or those who must hear of something, whatever it leads to. */
export function criteriaOf({ target, severity, level, environment, kind }: Omit<WrittenRequired, 'to' | 'trigger'>): Omit<Route, 'to' | 'goesOn'> {
  return { targets: target, severities: severity, levels: level, environments: environment, kinds: kind };
}
