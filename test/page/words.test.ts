import { describe, expect, test } from 'vitest';
import type { AlertView, StatusView, TargetView } from '../../src/http/guard-api.js';
import type { Rung } from '../../src/incident/incident.js';
import { chartText } from '../../src/page/chart/chart-text.js';
import { blindSpans, columnsOf, withNewest } from '../../src/page/chart/series-points.js';
import { ladderSteps } from '../../src/page/incident/ladder-steps.js';
import { headline } from '../../src/page/overview/headline.js';
import { pathOf, routeOf } from '../../src/page/session/route.js';
import { targetState } from '../../src/page/target/target-state.js';
import { triggerRank, triggerState } from '../../src/page/target/trigger-state.js';
import { durationText, roughText } from '../../src/page/view/duration-text.js';
import { status } from '../support/recording-guard-api.js';
import { alert, incident, trigger } from './views.js';

const target: TargetView = { name: 'checkout', owners: [], mode: 'enforce', alerts: { inactive: 1, pending: 0, firing: 0 }, paused: false };
const seen = { total: 2, blind: 0, unknown: 0 };

test('blindness is neither well nor zero', () => {
  expect(targetState(target, seen)).toEqual({ tone: 'ok', word: 'well' });
  expect(targetState(target, { ...seen, blind: 1 }).word).toBe('partly blind');
  expect(targetState(target, { ...seen, blind: 2 }).word).toBe('blind');
  expect(targetState({ ...target, paused: true }, { ...seen, blind: 2 }).tone).toBe('blind');
  expect(targetState(target, { ...seen, unknown: 1 }).tone).toBe('idle');
  expect(targetState(target, { total: 0, blind: 0, unknown: 0 }).word).toBe('not watched');
  const pending: AlertView = { ...alert, state: 'pending' };
  expect(triggerState({ health: 'err', alerts: [] })).toEqual({ tone: 'blind', word: 'blind' });
  expect(triggerState({ health: 'err', alerts: [pending] }).word).toBe('blind, window frozen');
  expect(triggerState({ health: 'err', alerts: [{ ...alert, state: 'firing' }] }).word).toBe('firing, now blind');
  expect(triggerState({ health: 'unknown', alerts: [] }).tone).toBe('idle');
});

test('trouble comes first, and of it the graver', () => {
  const firing = { ...trigger, alerts: [{ ...alert, state: 'firing' as const }] };
  const ranks = [firing, { ...firing, severity: 'low' as const }, { ...trigger, health: 'err' as const }, { ...trigger, alerts: [{ ...alert, state: 'pending' as const }] }, trigger].map(triggerRank);
  expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
});

describe('the headline', () => {
  const of = (change: Partial<StatusView>, health: 'ok' | 'err' | 'unknown' = 'ok'): string => headline({ status: { ...status, targets: [target], ...change }, triggers: new Map([['checkout/a', { ...trigger, health }]]) }).text;

  test('says what is worst', () => {
    expect(of({})).toBe('checkout is well.');
    expect(of({}, 'err')).toBe('Belay is blind: no trigger sees anything.');
    expect(of({}, 'unknown')).toMatch(/not been looked at yet/);
    expect(of({ targets: [{ ...target, alerts: { inactive: 0, pending: 1, firing: 0 } }] })).toMatch(/^checkout: a breach is pending/);
    const shop: TargetView = { ...target, name: 'shop', openIncident: { id: 'i2', status: 'needs-human' } };
    const rolling: TargetView = { ...target, openIncident: { id: 'i1', status: 'rolling-back' } };
    expect(of({ targets: [rolling, shop] }, 'err')).toBe('shop: needs a person; checkout: rolling back.');
    expect(of({ targets: [shop], store: { state: 'lost', since: 1, message: 'disk' } })).toMatch(/lost its store/);
  });
});

describe('addresses', () => {
  test.each(['/', '/targets/a%2Fb', '/incidents', '/incidents?target=checkout&state=recovered&days=7', '/incidents/incident-1', '/plans', '/plans/flag-off'])('%s leads to its view and back', (path) => {
    const route = routeOf(new URL(path, 'http://belay'));
    expect(route.view).not.toBe('unknown');
    expect(route.view === 'unknown' ? '' : pathOf(route)).toBe(path);
  });

  test('that are wrong lead nowhere, and wrong filters filter nothing', () => {
    expect(routeOf({ pathname: '/what/ever', search: '' })).toEqual({ view: 'unknown' });
    expect(routeOf({ pathname: '/targets/100%', search: '' })).toEqual({ view: 'target', name: '100%' });
    expect(routeOf({ pathname: '/incidents', search: '?state=nonsense&days=-1' })).toEqual({ view: 'incidents', filter: {} });
  });
});

describe('a chart', () => {
  const lines = [{ fingerprint: 'f1', points: [{ at: 1_000, value: 0.1 }, { at: 2_000, unknown: 'timeout' }, { at: 3_000, value: 0.2 }] }];

  test('shows unknown as a gap, and where it was', () => {
    const columns = columnsOf(lines);
    expect(columns).toEqual([[1, 2, 3], [0.1, null, 0.2]]);
    expect(blindSpans(columns)).toEqual([[2, 3]]);
    expect(chartText(trigger, columns)).toBe('CheckoutErrorRateHigh over the last 2 s: from 10% to 20%. Threshold > 10%. Unknown for 1 s.');
  });

  test('takes each new point once, and lines of other alerts side by side', () => {
    const newer = { alerts: [{ ...alert, point: { at: 4_000, value: 0.3 } }, { ...alert, fingerprint: 'f2', point: { at: 4_000, value: 7 } }] };
    const once = withNewest(lines, newer);
    expect(columnsOf(withNewest(once, newer))).toEqual([[1, 2, 3, 4], [0.1, null, 0.2, 0.3], [undefined, undefined, undefined, 7]]);
  });
});

test('the ladder says what has come of each level', () => {
  const rung: Rung = { executionId: 'e1', planId: 'flag-off', level: 1, mode: 'enforce', trigger: 'automatic', by: 'x', reason: '', startedAt: 1, begun: true, steps: [], outcome: 'success', verification: { startedAt: 1, holdMs: 1, timeoutMs: 1, result: { outcome: 'not-recovered', startedAt: 1, endedAt: 2, results: [], explanation: '' } } };
  const running: Rung = { ...rung, executionId: 'e2', planId: 'release-back', level: 3, outcome: undefined, verification: undefined };
  expect(ladderSteps({ ...incident, rungs: [rung, running] }).map(({ word }) => word)).toEqual(['not recovered', 'not asked for', 'rolling back', 'not asked for', 'not asked for']);
});

test('spans are read at a glance', () => {
  expect([0, 3_210, 59_900, 245_000, 3_600_000, 90_061_000].map(roughText)).toEqual(['0 s', '3 s', '59 s', '4 min 5 s', '1 h', '1 d 1 h']);
  expect(durationText(3_210)).toBe('3.2 s');
});
