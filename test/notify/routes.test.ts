import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { incidentSoFar, reachOf } from '../../src/notify/incident-reach.js';
import { foldIncident } from '../../src/incident/incident.js';
import { composeMessages } from '../../src/notify/compose-messages.js';
import { type Message, messageKinds } from '../../src/notify/message.js';
import { addressed, type Destination, type RequiredRecipients, type Route, routesOf, type Routing } from '../../src/notify/routes.js';
import { recoveredByLevelThree } from '../support/incident-story.js';

const ana = { name: 'ana', email: 'ana@example.com', slack: 'U1' };
const to = {
  slack: { kind: 'channel', channel: 'slack' },
  payments: { kind: 'channel', channel: 'slack:#payments' },
  email: { kind: 'channel', channel: 'email' },
  pager: { kind: 'channel', channel: 'webhook' },
  dba: { kind: 'address', address: 'dba@example.com' },
  ana: { kind: 'person', person: ana },
} as const satisfies Record<string, Destination>;

const route = (changes: Partial<Route>): Route => ({ to: [to.slack], goesOn: false, ...changes });
const routing = (...routes: Route[]): Routing => ({ routes, required: [], environment: 'production', channels: ['slack', 'email', 'webhook'], addresses: ['ops@example.com'] });
const message = (changes: Partial<Message> = {}): Message => ({ kind: 'firing', tone: 'bad', target: 'checkout', severity: 'critical', level: 3, dryRun: false, title: 't', text: '', facts: [], ...changes });
const ways = (found: ReturnType<typeof addressed>): unknown[] => found.map(({ channel, addresses, message: { tell } }) => [channel, ...(addresses === undefined ? [] : [addresses]), ...(tell === undefined ? [] : [tell.map(({ name }) => name)])]);

describe('where a message goes', () => {
  it('is everywhere without a route for it', () => {
    expect(ways(addressed(message(), routing()))).toEqual([['slack'], ['email'], ['webhook']]);
    expect(ways(addressed(message(), routing(route({ targets: ['cart'] }))))).toEqual([['slack'], ['email'], ['webhook']]);
  });

  it('is where the first route says that matches, and further only where it goes on', () => {
    const routes = [route({ levels: [4, 5] }), route({ severities: ['critical'], to: [to.pager], goesOn: true }), route({ targets: ['checkout', 'cart'], to: [to.payments] }), route({ to: [to.email] })];
    expect(ways(addressed(message(), routing(...routes)))).toEqual([['webhook'], ['slack:#payments']]);
    expect(ways(addressed(message({ severity: 'low' }), routing(...routes)))).toEqual([['slack:#payments']]);
    expect(ways(addressed(message({ target: undefined, severity: undefined, level: undefined }), routing(...routes)))).toEqual([['email']]);
  });

  it.each<readonly [string, Partial<Message>, Route, boolean]>([
    ['its own kind', { kind: 'blind' }, route({ kinds: ['blind', 'seeing'] }), true],
    ['another kind', {}, route({ kinds: ['blind'] }), false],
    ['its environment', {}, route({ environments: ['staging', 'production'] }), true],
    ['another environment', {}, route({ environments: ['staging'] }), false],
    ['a severity that it has not', { severity: undefined }, route({ severities: ['critical', 'high', 'medium', 'low'] }), false],
  ])('goes by %s', (_, changes, only, matches) => {
    expect(routesOf(message(changes), routing(only))).toEqual(matches ? [only] : []);
  });

  it('adds addresses to those that are configured where the route names both', () => {
    expect(ways(addressed(message(), routing(route({ to: [to.dba] }))))).toEqual([['email', ['dba@example.com']]]);
    expect(ways(addressed(message(), routing(route({ to: [to.email, to.dba] }))))).toEqual([['email', ['ops@example.com', 'dba@example.com']]]);
  });

  it('is with people at their own address and, mentioned, in the channel of the route', () => {
    expect(ways(addressed(message(), routing(route({ to: [to.ana] }))))).toEqual([['email', [], ['ana']], ['slack', ['ana']]]);
    expect(ways(addressed(message(), routing(route({ to: [to.payments, to.ana] }))))).toEqual([['slack:#payments', ['ana']], ['email', [], ['ana']]]);
  });

  it('is with those who are asked, whatever the routes say', () => {
    expect(ways(addressed(message({ tell: [ana] }), routing(route({ to: [to.pager] }))))).toEqual([['webhook', ['ana']], ['email', [], ['ana']], ['slack', ['ana']]]);
  });

  describe('with people who must hear of it', () => {
    const must = (required: Partial<RequiredRecipients>, ...routes: Route[]): Routing => ({ ...routing(...routes), required: [{ to: [to.ana, to.dba, to.payments], ...required }] });

    it('is with them too, wherever the routes lead', () => {
      const told = message({ incidentId: 'i1' });
      expect(ways(addressed(told, must({}, route({ to: [to.pager] }))))).toEqual([['webhook', ['ana']], ['slack:#payments', ['ana']], ['email', ['dba@example.com'], ['ana']]]);
      expect(ways(addressed(told, must({})))).toEqual([['slack', ['ana']], ['email', ['ops@example.com', 'dba@example.com'], ['ana']], ['webhook', ['ana']], ['slack:#payments', ['ana']]]);
    });

    it.each<readonly [string, Partial<Message>, Partial<RequiredRecipients>, boolean]>([
      ['all that it is about holds', { incidentId: 'i1' }, { severities: ['critical'], levels: [3], environments: ['production'], targets: ['checkout'], kinds: ['firing'], triggers: ['Errors'] }, true],
      ['another level', { incidentId: 'i1' }, { levels: [4] }, false],
      ['another environment', { incidentId: 'i1' }, { environments: ['staging'] }, false],
      ['another trigger has fired', { incidentId: 'i1' }, { triggers: ['Break-in'] }, false],
      ['no incident', { kind: 'guard' }, {}, false],
      ['no incident, but its kind', { kind: 'blind' }, { kinds: ['blind'] }, true],
    ])('goes by what it is about: %s', (_, changes, required, isTold) => {
      const found = addressed(message(changes), must(required, route({ to: [to.pager] })), { also: [], triggers: ['Errors'] });
      expect(found.map(({ channel }) => channel)).toEqual(isTold ? ['webhook', 'slack:#payments', 'email'] : ['webhook']);
    });
  });

  it('of a drill calls nobody whom its route does not name for drills', () => {
    const drill = message({ kind: 'drill', target: undefined, severity: undefined, level: undefined });
    expect(ways(addressed(drill, routing(route({ to: [to.payments, to.ana] }))))).toEqual([['slack:#payments']]);
    expect(ways(addressed(drill, routing(route({ to: [to.ana] }))))).toEqual([['slack'], ['email'], ['webhook']]);
    expect(ways(addressed(drill, { ...routing(route({ to: [to.slack] })), required: [{ to: [to.ana] }] }))).toEqual([['slack']]);
    expect(ways(addressed(drill, routing(route({ kinds: ['drill'], to: [to.payments, to.ana] }))))).toEqual([['slack:#payments', ['ana']], ['email', [], ['ana']]]);
  });

  it('is never nowhere, never twice on one channel, and the same whatever comes after a route that does not go on', () => {
    const words = Object.values(to);
    const anyRoute = fc.record<Route>({
      targets: fc.option(fc.subarray(['checkout', 'cart'], { minLength: 1 }), { nil: undefined }),
      severities: fc.option(fc.subarray(['critical', 'low'] as const, { minLength: 1 }), { nil: undefined }),
      levels: fc.option(fc.subarray([1, 3] as const, { minLength: 1 }), { nil: undefined }),
      kinds: fc.option(fc.subarray([...messageKinds], { minLength: 1 }), { nil: undefined }),
      to: fc.subarray(words, { minLength: 1 }),
      goesOn: fc.boolean(),
    });
    const anyMessage = fc.record({ target: fc.constantFrom('checkout', 'cart', undefined), severity: fc.constantFrom('critical', 'low', undefined), level: fc.constantFrom(1, 3, undefined), kind: fc.constantFrom(...messageKinds) }).map((changes) => message(changes));
    fc.assert(
      fc.property(fc.array(anyRoute), fc.array(anyRoute), anyMessage, (routes, more, subject) => {
        const found = addressed(subject, routing(...routes));
        const channels = found.map(({ channel }) => channel);
        expect(channels.length).toBeGreaterThan(0);
        expect(new Set(channels).size).toBe(channels.length);
        expect(found.filter(({ channel, addresses, message: { tell = [] } }) => channel === 'email' && addresses?.length === 0 && tell.length === 0)).toEqual([]);
        const last = routesOf(subject, routing(...routes)).at(-1);
        if (last?.goesOn === false) expect(addressed(subject, routing(...routes, ...more))).toEqual(found);
      }),
    );
  });
});

describe('an incident on its way through the routes', () => {
  const { entries } = recoveredByLevelThree();
  const told = entries.flatMap((entry, index) => composeMessages(entry, entries.slice(0, index + 1)).map((composed) => ({ composed, past: entries.slice(0, index + 1) })));

  it('counts by its worst severity and its highest level so far', () => {
    expect(told.map(({ composed: { kind, severity, level } }) => [kind, severity, level])).toEqual([
      ['firing', 'critical', 1], ['rollback-started', 'critical', 1], ['rollback-ended', 'critical', 1], ['not-recovered', 'critical', 3], ['rollback-started', 'critical', 3], ['rollback-ended', 'critical', 3], ['recovered', 'critical', 3],
    ]);
    expect(reachOf(foldIncident(entries)!)).toEqual({ severity: 'critical', level: 3 });
    expect(incidentSoFar(told.at(-1)!.composed, entries).triggers).toEqual(['CheckoutErrorRateHigh', 'CheckoutUnhealthy']);
  });

  it('ends before all who had heard of it', () => {
    const table = routing(route({ levels: [1], to: [to.pager] }), route({ levels: [3], to: [to.email] }));
    expect(told.map(({ composed, past }) => addressed(composed, table, incidentSoFar(composed, past)).map(({ channel }) => channel))).toEqual([['webhook'], ['webhook'], ['webhook'], ['email'], ['email'], ['email'], expect.arrayContaining(['email', 'webhook'])]);
  });
});
