import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAlertMatch } from '../../src/source/alert-match.js';
import { createAlertmanagerSource } from '../../src/source/alertmanager-source.js';
import { createCheckRunner } from '../../src/source/check-runner.js';
import type { Labels, Observation } from '../../src/source/sample.js';
import type { Source } from '../../src/source/source.js';
import { systemClock } from '../../src/time/clock.js';
import { startAlertmanager, type AlertmanagerServer } from '../support/alertmanager-server.js';
import { startAnsweringServer } from '../support/answering-server.js';

const never = new AbortController().signal;
let server: AlertmanagerServer;
const sources: Source[] = [];

beforeAll(async () => {
  server = await startAlertmanager({ route: { receiver: 'nobody' }, receivers: [{ name: 'nobody' }] });
  await post('/api/v2/alerts', [
    { labels: { alertname: 'A', severity: 'page', note: 'says "x\\y"' } },
    { labels: { alertname: 'B', severity: 'page' } },
    { labels: { alertname: 'C', severity: 'info' } },
    { labels: { alertname: 'Over', severity: 'page' }, startsAt: '2020-01-01T00:00:00Z', endsAt: '2020-01-01T01:00:00Z' },
  ]);
});
afterAll(async () => {
  for (const source of sources) await source.close();
  await server.stop();
});

async function post(path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${server.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
}

function source(changes: { readonly url?: string; readonly settleMs?: number } = {}): Source {
  const made = createAlertmanagerSource({ type: 'alertmanager', name: 'am', url: server.url, intervalMs: 1_000, timeoutMs: 2_000, headers: {}, settleMs: 0, ...changes });
  sources.push(made);
  return made;
}

const ask = (own: Source, match: Labels, each = false): Promise<Observation> => own.observe({ kind: 'alerts', match: parseAlertMatch(match), each }, systemClock.now(), never);
const valueOf = (answer: Observation): unknown => (answer.kind === 'error' ? answer.reason : answer.series.map(({ sample }) => (sample.kind === 'value' ? sample.value : sample.kind)));

describe('a real Alertmanager', () => {
  test.each<readonly [Labels, number]>([
    [{ severity: 'page' }, 2],
    [{ severity: '=~page|info' }, 3],
    [{ severity: '=~pag' }, 0],
    [{ severity: '!=page' }, 1],
    [{ severity: '!~page|info' }, 0],
    [{ note: 'says "x\\y"' }, 1],
    [{ alertname: 'Nobody' }, 0],
  ])('counts the alerts that fire with %j', async (match, count) => expect(valueOf(await ask(source(), match))).toEqual([count]));

  test('names each of them', async () => {
    const answer = await ask(source(), { severity: 'page' }, true);
    expect(answer.kind === 'vector' ? answer.series.map(({ labels }) => labels['alertname']).toSorted() : answer).toEqual(['A', 'B']);
  });

  test('is not believed that nothing fires right after its start', async () => {
    const young = source({ settleMs: 3_600_000 });
    expect(valueOf(await ask(young, { alertname: 'Nobody' }))).toEqual(['no-data']);
    expect(valueOf(await ask(young, { severity: 'page' }, true))).toEqual([1, 1, 'no-data']);
  });

  test('counts what is silenced: a silence mends nothing', async () => {
    const now = systemClock.now();
    await post('/api/v2/silences', { matchers: [{ name: 'alertname', value: 'B', isRegex: false }], startsAt: new Date(now).toISOString(), endsAt: new Date(now + 3_600_000).toISOString(), createdBy: 'a person', comment: 'noise' });
    expect(valueOf(await ask(source(), { severity: 'page' }))).toEqual([2]);
  });

  test('answers checks', async () => {
    const checks = createCheckRunner({ sources: new Map([['am', source()]]), alertmanager: 'am', clock: systemClock, runCommand: () => Promise.reject(new Error('no')) });
    const check = (severity: string, atMost = 0): Promise<string> => checks.run({ type: 'alerts', name: 'pages', match: parseAlertMatch({ severity }), atMost, timeoutMs: 2_000 }, never).then(({ status }) => status);
    expect([await check('page'), await check('page', 2), await check('none')]).toEqual(['failed', 'ok', 'ok']);
  });
});

test('one that does not answer, or answers with something else, is an error and no number', async () => {
  expect(valueOf(await ask(source({ url: 'http://127.0.0.1:9' }), { a: 'b' }))).toBe('unreachable');
  const other = await startAnsweringServer('{"status":"success"}');
  expect(valueOf(await ask(source({ url: other.url }), { a: 'b' }))).toBe('bad-answer');
  other.status = 500;
  expect(valueOf(await ask(source({ url: other.url }), { a: 'b' }))).toBe('http-status');
  await other.stop();
});
