import { describe, expect, test } from 'vitest';
import { parseAlertMatch } from '../../src/source/alert-match.js';
import type { AlertPlace } from '../../src/source/alert-confirmation.js';
import { parseCondition, type Condition } from '../../src/source/condition.js';
import { errorObservation } from '../../src/source/observation.js';
import { foldNotice, type AlertNotice } from '../../src/source/received-alert.js';
import { ReceivedAlerts } from '../../src/source/received-alerts.js';
import { createReceiverSource, RECEIVER_SOURCE } from '../../src/source/receiver-source.js';
import type { Labels, Observation, Sample } from '../../src/source/sample.js';
import type { SourceSettings } from '../../src/source/source-settings.js';
import type { Query, ReceivedQuery } from '../../src/source/source.js';

const second = 1_000;
const hour = 3_600_000;
const now = 1_000 * hour;
const never = new AbortController().signal;
const down = { alertname: 'ShopDown', service: 'shop' };

const query = (changes: Partial<ReceivedQuery> = {}): ReceivedQuery => ({ kind: 'received', match: parseAlertMatch({ alertname: 'ShopDown' }), confirm: 'source', validForMs: 5 * hour, maxAlerts: 100, ...changes });

function received(notices: readonly (Partial<AlertNotice> & { readonly at?: number; readonly from?: string })[]): ReceivedAlerts {
  const book = new ReceivedAlerts();
  for (const { at = now, from, ...notice } of notices) {
    const whole: AlertNotice = { status: 'firing', labels: down, annotations: {}, startsAt: now - hour, ...notice };
    const known = book.matching([]).find(({ labels }) => JSON.stringify(labels) === JSON.stringify(whole.labels));
    book.put([foldNotice(known, whole, from, at).alert]);
  }
  return book;
}

type Answers = Readonly<Record<string, readonly (readonly [Labels, number])[] | 'unreachable' | undefined>>;

/** A source that writes down what it is asked. */
function place(name: string, type: SourceSettings['type'], url: string, answers: Answers): AlertPlace & { readonly asked: string[] } {
  const asked: string[] = [];
  const observe = (query: Query, at: number): Promise<Observation> => {
    const text = query.kind === 'promql' ? query.expr : query.kind;
    asked.push(text);
    const answer = answers[text] ?? [];
    if (answer === 'unreachable') return Promise.resolve(errorObservation(at, 'unreachable', 'refused the connection'));
    return Promise.resolve({ kind: 'vector', at, warnings: [], series: answer.map(([labels, value]) => ({ labels, sample: { kind: 'value', at, value } })) });
  };
  return { settings: { name, type, url }, source: { name, intervalMs: second, observe, close: () => Promise.resolve() }, asked };
}

const graph = (expr: string, host = 'prometheus:9090'): string => `http://${host}/graph?g0.expr=${encodeURIComponent(expr)}`;
const prometheus = (answers: Answers): ReturnType<typeof place> => place('prometheus', 'prometheus', 'http://prometheus:9090', answers);
const alertmanager = (answers: Answers): ReturnType<typeof place> => place('am', 'alertmanager', 'http://am:9093', answers);

async function samples(how: 'observe' | 'confirm', book: ReceivedAlerts, places: readonly AlertPlace[], asked = query(), at = now): Promise<readonly string[]> {
  const answer = await createReceiverSource(book, places)[how]!(asked, at, never);
  if (answer.kind === 'error') throw new Error(answer.message);
  return answer.series.map(({ sample }) => textOf(sample));
}

function textOf(sample: Sample): string {
  if (sample.kind === 'value') return String(sample.value);
  return 'reason' in sample ? `${sample.kind} ${sample.reason}` : sample.kind;
}

describe('what a message says', () => {
  const fresh = received([{ generatorUrl: graph('broken > 0') }]);

  test('is taken at its word at first, and asked about before anything is done', async () => {
    const denying = prometheus({ broken: [[down, 0]] });
    expect(await samples('observe', fresh, [denying])).toEqual(['1']);
    expect(denying.asked).toEqual([]);
    expect(await samples('confirm', fresh, [denying])).toEqual(['0']);
    expect(denying.asked).toEqual(['broken']);
  });

  test.each<readonly [what: string, answers: Answers, sample: string]>([
    ['a value beyond the threshold confirms', { broken: [[down, 1]] }, '1'],
    ['one below it denies', { broken: [[down, 0]] }, '0'],
    ['silence does neither', { broken: [] }, 'no-data empty'],
    ['the value of another series does neither', { broken: [[{ service: 'other' }, 1]] }, 'no-data empty'],
    ['one of the series of this alert that breaches is enough', { broken: [[{ service: 'shop', pod: 'a' }, 0], [{ service: 'shop', pod: 'b' }, 1]] }, '1'],
    ['no answer does neither', { broken: 'unreachable' }, 'error unreachable'],
  ])('is what the source says later: %s', async (_what, answers, sample) => {
    for (const how of ['observe', 'confirm'] as const) expect(await samples(how, fresh, [prometheus(answers)], query(), now + 10 * second)).toEqual([sample]);
  });

  test('that is resolved is clear, whatever anybody else says', async () => {
    const book = received([{}, { status: 'resolved', endsAt: now, generatorUrl: graph('broken > 0') }]);
    expect(await samples('confirm', book, [prometheus({ broken: [[down, 1]] })])).toEqual(['0']);
  });

  test('counts alone with confirm: none, until it is too old', async () => {
    const alone = query({ confirm: 'none' });
    for (const how of ['observe', 'confirm'] as const) {
      expect(await samples(how, fresh, [], alone, now + 5 * hour)).toEqual(['1']);
      expect(await samples(how, fresh, [], alone, now + 5 * hour + 1)).toEqual(['stale']);
    }
    const repeated = received([{}, { at: now + 4 * hour }]);
    expect(await samples('observe', repeated, [], alone, now + 9 * hour)).toEqual(['1']);
  });

  test('that nobody can be asked about waits for a person, and is believed until it is too old', async () => {
    expect(await samples('confirm', fresh, [], query(), now + 10 * second)).toEqual(['no-data unconfirmable']);
    expect(await samples('observe', fresh, [], query(), now + 10 * second)).toEqual(['1']);
    expect(await samples('observe', fresh, [], query(), now + 6 * hour)).toEqual(['stale']);
  });

  test('of no alert at all is known to be quiet only after something was heard', async () => {
    expect(await samples('observe', new ReceivedAlerts(), [])).toEqual(['no-data nothing-received']);
    const other = received([{ labels: { alertname: 'Watchdog' } }]);
    expect(await samples('observe', other, [])).toEqual(['0']);
    expect(await samples('observe', other, [], query(), now + 6 * hour)).toEqual(['no-data nothing-received']);
  });
});

describe('who is asked', () => {
  const at = now + 10 * second;
  const book = (changes: object): ReceivedAlerts => received([{ generatorUrl: graph('broken > 0'), ...changes }]);

  test('the Prometheus on the host of the generator, of several', async () => {
    const [one, other] = [place('one', 'prometheus', 'http://one:9090', {}), place('two', 'prometheus', 'http://prometheus:9090/', { broken: [[down, 1]] })];
    expect(await samples('confirm', book({}), [one, other], query(), at)).toEqual(['1']);
    expect([one.asked, other.asked]).toEqual([[], ['broken']]);
  });

  test('the only Prometheus, whatever the generator calls itself; of several strangers none', async () => {
    const elsewhere = book({ generatorUrl: graph('broken > 0', 'prometheus-7d5f:9090') });
    expect(await samples('confirm', elsewhere, [prometheus({ broken: [[down, 1]] })], query(), at)).toEqual(['1']);
    expect(await samples('confirm', elsewhere, [prometheus({}), place('two', 'prometheus', 'http://two:9090', {})], query(), at)).toEqual(['no-data unconfirmable']);
  });

  test("the trigger's own expr, and its condition, before that of the generator", async () => {
    const condition = parseCondition('> 5') as Condition;
    const own = prometheus({ 'errors > 3': [[down, 4]], errors: [[down, 4]] });
    expect(await samples('confirm', book({}), [own], query({ expr: 'errors > 3' }), at)).toEqual(['1']);
    expect(await samples('confirm', book({}), [own], query({ expr: 'errors', condition }), at)).toEqual(['0']);
    expect(own.asked).toEqual(['errors', 'errors']);
  });

  test('the Alertmanager, where there is no expression or no Prometheus', async () => {
    const firing = alertmanager({ alerts: [[down, 1]] });
    for (const generatorUrl of [undefined, '', 'http://grafana/x', graph('sum(')]) expect(await samples('confirm', book({ generatorUrl }), [prometheus({}), firing], query(), at)).toEqual(['1']);
    expect(await samples('confirm', book({}), [firing], query(), at)).toEqual(['1']);
    expect(await samples('confirm', book({}), [alertmanager({ alerts: [[{ ...down, pod: 'other' }, 1]] })], query(), at)).toEqual(['0']);
    expect(await samples('confirm', book({}), [alertmanager({ alerts: 'unreachable' })], query(), at)).toEqual(['error unreachable']);
  });

  test('the source that the trigger names, and no other', async () => {
    const [asked, passed] = [alertmanager({ alerts: [[down, 1]] }), prometheus({ broken: [[down, 1]] })];
    expect(await samples('confirm', book({}), [passed, asked], query({ place: 'am' }), at)).toEqual(['1']);
    expect(passed.asked).toEqual([]);
  });
});

describe('many alerts', () => {
  const pods = Array.from({ length: 250 }, (_, index) => ({ ...down, pod: String(index) }));
  const many = received(pods.map((labels, index) => ({ labels, startsAt: now - hour + index, generatorUrl: graph('broken > 0') })));

  test('are asked about with one question', async () => {
    const own = prometheus({ broken: pods.map((labels) => [labels, 1] as const) });
    expect(await samples('confirm', many, [own], query({ maxAlerts: 1_000 }))).toEqual(pods.map(() => '1'));
    expect(own.asked).toEqual(['broken']);
  });

  test('beyond maxAlerts are not watched: the first that began are', async () => {
    const answer = await createReceiverSource(many, []).observe(query({ maxAlerts: 2 }), now, never);
    expect(answer).toMatchObject({ series: [{ labels: { pod: '0' } }, { labels: { pod: '1' } }], warnings: ['250 alerts fire, of which the 2 that began first are watched (maxAlerts)'] });
  });

  test('of too many different rules are not asked about without end', async () => {
    const rules = received(pods.map((labels, index) => ({ labels, generatorUrl: graph(`broken${index} > 0`) })));
    const own = prometheus({});
    const answers = await samples('confirm', rules, [own], query({ maxAlerts: 1_000 }));
    expect(own.asked).toHaveLength(50);
    expect(answers.filter((text) => text === 'error bad-answer')).toHaveLength(200);
  });
});

test('matchers mean what they do in Alertmanager', async () => {
  const book = received([{ labels: { alertname: 'ShopDown', severity: 'page' } }, { labels: { alertname: 'ShopDown', severity: 'info' } }, { labels: { alertname: 'ShopDown' } }, { labels: { alertname: 'ShopDownAgain', severity: 'page' } }]);
  const count = async (match: Labels): Promise<number> => (await samples('observe', book, [], query({ match: parseAlertMatch(match) }))).length;
  expect(await count({ alertname: 'ShopDown' })).toBe(3);
  expect(await count({ alertname: '=~Shop.*', severity: 'page' })).toBe(2);
  expect(await count({ alertname: '=~ShopDow', severity: 'page' })).toBe(1); // The quiet answer: anchored, so nothing matches.
  expect(await count({ alertname: 'ShopDown', severity: '!=page' })).toBe(2);
  expect(await count({ alertname: 'ShopDown', severity: '!~page|info' })).toBe(1);
  expect(RECEIVER_SOURCE).toBe('alertmanager-webhook');
});
