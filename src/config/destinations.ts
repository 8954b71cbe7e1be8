import type { ToldPerson } from '../incident/incident-event.js';
import { webhookName } from '../notify/message.js';
import { named, type NamedPerson } from '../notify/plan-notifications.js';
import type { Destination } from '../notify/routes.js';
import { suggestion } from './closest-word.js';

/** What words of `to` may mean. */
export interface Addressees {
  /** The configured channel; absent without Slack. */
  readonly slack?: string | undefined;
  readonly hasEmail: boolean;
  /** The names of the webhooks, in their order. */
  readonly webhooks: readonly (string | undefined)[];
  readonly people: readonly NamedPerson[];
}

const SLACK_CHANNEL = /^#.|^[CG][A-Z0-9]{8,}$/;

/** What one word of a route's `to` stands for, or what is wrong with it. A name that somebody has given goes before every other meaning. */
export function destinationOf(word: string, { slack, hasEmail, webhooks, people }: Addressees): readonly Destination[] | { readonly problem: string; readonly hint?: string | undefined } {
  const persons = namedPeople(word, people);
  if (persons.length > 0) return persons.map((person) => ({ kind: 'person', person }));
  const webhook = webhooks.indexOf(word);
  if (webhook >= 0) return [{ kind: 'channel', channel: webhookName(webhook) }];
  if (word === 'webhook' && webhooks.length > 0) return webhooks.map((_, index) => ({ kind: 'channel', channel: webhookName(index) }));
  if (word === 'slack' || SLACK_CHANNEL.test(word)) {
    if (slack === undefined) return { problem: `"${word}" is a channel of Slack, and Slack is not configured`, hint: 'add notify.slack' };
    return [{ kind: 'channel', channel: word === 'slack' || word === slack ? 'slack' : `slack:${word}` }];
  }
  if (word === 'email' || word.includes('@')) {
    if (!hasEmail) return { problem: `"${word}" takes mail, and mail is not configured`, hint: 'add notify.email' };
    return [word === 'email' ? { kind: 'channel', channel: 'email' } : { kind: 'address', address: word }];
  }
  const known = [...(slack === undefined ? [] : ['slack']), ...(hasEmail ? ['email'] : []), ...webhooks.flatMap((name) => name ?? []), ...people.flatMap(({ name, groups }) => [name, ...groups])];
  return { problem: `nobody and no channel is called "${word}"`, hint: suggestion(word, [...new Set(known)], 'known, besides #channels of Slack and addresses') };
}

/** The person of this name, or those of this group, without what else is known of them. */
export function namedPeople(word: string, people: Addressees['people']): readonly ToldPerson[] {
  return named([word], people);
}
