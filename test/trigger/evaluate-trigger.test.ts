import { describe, expect, it } from 'vitest';
import type { Observation } from '../../src/source/sample.js';
import { evaluateTrigger, DEFAULT_MAX_ALERTS, recheckAlerts, type Evaluation } from '../../src/trigger/evaluate-trigger.js';
import { fingerprintOf } from '../../src/trigger/fingerprint.js';
import type { Trigger } from '../../src/trigger/trigger.js';
import { scriptedObservations } from '../support/scripted-source.js';
import { at, runAll, samples, startAt, states } from '../support/slot-run.js';
import { aTrigger, condition } from '../support/triggers.js';

describe('the window of one alert, slot by slot', () => {
  const forMinute = aTrigger();
  const four = aTrigger({ window: { kind: 'consecutive', count: 4 } });
  it.each<[string, Trigger, string, string]>([
    ['fires when the time between breaches adds up, exactly then', forMinute, '.BBBBBB', '.ppppFF'],
    ['fires at the first breach when it asks for nothing more', aTrigger({ window: { kind: 'for', forMs: 0 } }), '.B.B', '.F.F'],
    ['takes whole slots when `for` is no multiple of the interval', aTrigger({ window: { kind: 'for', forMs: 50_000 } }), '.BBBBB', '.ppppF'],
    ['is reset by one OK sample', forMinute, 'BBBB.BBBBBB', 'pppp.ppppFF'],
    ['clears at the first OK sample', forMinute, 'BBBBB..', 'ppppF..'],
    ['counts slots in a row', four, '.BBBBB.', '.pppFF.'],
    ['starts over after an OK sample', four, 'BBB.BBBB', 'ppp.pppF'],
    ['fires at once with a count of one', aTrigger({ window: { kind: 'consecutive', count: 1 } }), '.B.', '.F.'],

    ['hold: a missing series freezes `for`, and the gap adds nothing', forMinute, 'BB_BBBBB', 'ppppppFF'],
    ['hold: NaN, stale and errors freeze alike', forMinute, 'BBnseBBBB', 'ppppppppF'],
    ['hold: freezes `consecutive`', four, 'BBneBB', 'pppppF'],
    ['hold: never becomes pending by an unknown', forMinute, '.nsenn', '......'],
    ['hold: blindness as long as the window keeps it', forMinute, 'BBBBeeeB', 'pppppppp'],
    ['hold: blindness longer than the window restarts it', forMinute, 'BBBBeeeeeBBBBB', 'pppppppp.ppppF'],
    ['hold: a firing alert stays firing, however long', forMinute, `BBBBB${'e'.repeat(40)}B.`, `ppppF${'F'.repeat(40)}F.`],
    ['hold: `consecutive` restarts after blindness longer than its slots', four, 'BBBeeeeeBBBB', 'ppppppp.pppF'],

    ['reset: restarts the window', aTrigger({ onNoData: 'reset', onError: 'reset' }), 'BBBBnBBBBB', 'pppp.ppppF'],
    ['reset: clears a firing alert', aTrigger({ onError: 'reset' }), 'BBBBBe', 'ppppF.'],
    ['breach: counts as a breach', aTrigger({ onNoData: 'breach' }), '.nsnnnn.', '.ppppFF.'],
    ['breach: of a series that has gone', aTrigger({ onNoData: 'breach' }), '._____', '.ppppF'],
    ['breach: of a series that never was', aTrigger({ onNoData: 'breach' }), '_____.B', 'ppppF.p'],
    ['breach: of a source that never answered', aTrigger({ onError: 'breach' }), 'eeeee.', 'ppppF.'],
    ['onNoData and onError are two things', aTrigger({ onNoData: 'breach', onError: 'reset' }), '.nnennnnn', '.pp.ppppF'],

    ['hysteresis: between the two a firing alert stays', aTrigger({ clearCondition: condition('< 5%') }), 'BBBBBmmm.', 'ppppFFFF.'],
    ['hysteresis: between the two a pending one is reset', aTrigger({ clearCondition: condition('< 5%') }), 'BBBm.', 'ppp..'],
  ])('%s', (_name, trigger, letters, expected) => {
    expect(states(trigger, samples(letters))).toBe(expected);
  });

  it('takes ±Infinity as a value and NaN as nothing, even where a source gives it as a value', () => {
    const at0 = aTrigger({ window: { kind: 'for', forMs: 0 } });
    expect(states(at0, 'Infinity -Infinity')).toBe('F.');
    const nan: Observation = { kind: 'vector', at: startAt, warnings: [], series: [{ labels: {}, sample: { kind: 'value', at: startAt, value: NaN } }] };
    const { alerts, health } = evaluateTrigger(aTrigger({ condition: condition('!= 0'), window: { kind: 'for', forMs: 0 } }), [], nan, { kind: 'slot', at: startAt });
    expect(alerts).toMatchObject([{ state: 'inactive', health: 'err' }]);
    expect(health.health).toBe('err');
  });

  it('keeps the instants and the last value that people are shown', () => {
    const [, fired, , blind, cleared, again] = runAll(aTrigger({ window: { kind: 'for', forMs: 15_000 } }), { '': '0.2 0.3 0.4 err 0 0.5' }).map(({ alerts }) => alerts[0]);
    expect(fired).toMatchObject({ state: 'firing', activeAt: at(0), firedAt: at(15), health: 'ok' });
    expect(blind).toMatchObject({ state: 'firing', health: 'err', lastSample: { kind: 'error' }, lastValue: { at: at(30), value: 0.4 }, window: { unknownSince: at(45) } });
    expect(cleared).toMatchObject({ state: 'inactive', clearedAt: at(60), health: 'ok' });
    expect(cleared?.activeAt).toBeUndefined();
    expect(cleared?.window.unknownSince).toBeUndefined();
    expect(again).toMatchObject({ state: 'pending', activeAt: at(75), clearedAt: at(60) });
    expect(again?.firedAt).toBeUndefined();
  });
});

describe('time', () => {
  const observe = (second: number, value: number | 'err', sampleSecond = second): Observation =>
    value === 'err'
      ? { kind: 'error', at: at(second), reason: 'timeout', message: 'no answer' }
      : { kind: 'vector', at: at(second), warnings: [], series: [{ labels: {}, sample: { kind: 'value', at: at(sampleSecond), value } }] };
  const stateOf = (evaluations: readonly Evaluation[]): string[] => evaluations.map(({ alerts }) => alerts[0]?.state ?? 'none');

  it('between two breaches counts up to 1.5 intervals, and not a millisecond more', () => {
    const trigger = aTrigger({ window: { kind: 'for', forMs: 22_500 } });
    expect(stateOf(runAll(trigger, [observe(0, 1), observe(22.5, 1)]))).toEqual(['pending', 'firing']);
    expect(stateOf(runAll(trigger, [observe(0, 1), observe(22.501, 1)]))).toEqual(['pending', 'pending']);
  });

  it('of downtime is a gap like any other: kept up to the length of the window, then begun anew', () => {
    const counted = runAll(aTrigger(), [observe(0, 1), observe(15, 1), observe(30, 1)]).at(-1)!.alerts;
    const soon = runAll(aTrigger(), [observe(90, 1), observe(105, 1), observe(120, 1)], counted);
    expect(stateOf(soon)).toEqual(['pending', 'pending', 'firing']);
    const late = runAll(aTrigger(), [observe(91, 1), observe(106, 1), observe(121, 1)], counted);
    expect(stateOf(late)).toEqual(['pending', 'pending', 'pending']);
    expect(late[0]!.alerts[0]).toMatchObject({ activeAt: at(91), window: { countedMs: 0 } });
  });

  it('of a firing alert does not matter: it is still firing after a restart', () => {
    const firing = runAll(aTrigger(), { '': '1x5' }).at(-1)!.alerts;
    const [first] = runAll(aTrigger(), [observe(86_400, 1)], firing);
    expect(first).toMatchObject({ alerts: [{ state: 'firing', firedAt: at(60) }], transitions: [] });
  });

  it('does not pass for a sample seen twice, or one that comes late', () => {
    const pending = runAll(aTrigger(), [observe(0, 1), observe(15, 1)]).at(-1)!.alerts;
    const [twice] = runAll(aTrigger(), [observe(15, 1)], pending);
    expect(twice!.alerts).toEqual(pending);
    const [late, next] = runAll(aTrigger(), [observe(10, 0), observe(30, 1)], pending);
    expect(late!.alerts).toMatchObject([{ state: 'pending', window: { countedMs: 15_000 } }]);
    expect(next!.alerts[0]!.window).toMatchObject({ countedMs: 30_000 });
  });

  it('set back by hours neither fires nor wedges: after 1.5 intervals the window begins anew there', () => {
    const pending = runAll(aTrigger(), [observe(7_200, 1), observe(7_215, 1), observe(7_230, 1), observe(7_245, 1)]).at(-1)!.alerts;
    const after = runAll(aTrigger(), [0, 15, 30, 45, 60, 75, 90].map((second) => observe(second, 1)), pending);
    expect(stateOf(after)).toEqual(['pending', 'pending', 'pending', 'pending', 'pending', 'pending', 'firing']);
    expect(after[2]!.alerts[0]).toMatchObject({ activeAt: at(30), window: { countedMs: 0 } });
    const firing = runAll(aTrigger(), { '': '1x5' }).at(-1)!.alerts;
    expect(stateOf(runAll(aTrigger(), [-7_200, -7_185, -7_170, -7_155].map((second) => observe(second, second < -7_160 ? 1 : 0)), firing))).toEqual(['firing', 'firing', 'firing', 'inactive']);
  });

  it('set back while blind does not keep a later answer from being heard', () => {
    const blind = runAll(aTrigger(), [observe(7_200, 1), observe(7_215, 'err'), observe(0, 'err'), observe(15, 'err'), observe(30, 'err')]);
    expect(stateOf(blind).at(-1)).toBe('inactive');
    expect(stateOf(runAll(aTrigger(), [observe(45, 1)], blind.at(-1)!.alerts))).toEqual(['pending']);
  });

  it('of a sample that is not the time that was asked about makes it stale', () => {
    const [, lying] = runAll(aTrigger(), [observe(0, 1), observe(60, 1, 15)]);
    expect(lying!.alerts).toMatchObject([{ health: 'err', lastSample: { kind: 'stale', at: at(60) }, window: { countedMs: 0 } }]);
    const [ahead] = runAll(aTrigger({ window: { kind: 'for', forMs: 0 } }), [observe(0, 1, 86_400)]);
    expect(ahead!.transitions).toEqual([]);
  });

  it('between two slots counts toward `for`, but is no further slot of `consecutive`', () => {
    const due = (trigger: Trigger): Evaluation => {
      const { alerts } = evaluateTrigger(trigger, [], observe(0, 1), { kind: 'slot', at: at(0) });
      return evaluateTrigger(trigger, alerts, observe(10, 1), { kind: 'due', at: at(10) });
    };
    expect(due(aTrigger({ window: { kind: 'for', forMs: 10_000 } })).alerts).toMatchObject([{ state: 'firing', firedAt: at(10) }]);
    expect(due(aTrigger({ window: { kind: 'consecutive', count: 2 } })).alerts).toMatchObject([{ state: 'pending', window: { streak: 1 } }]);
  });
});

describe('dueAt', () => {
  it('is when the first pending window will be full', () => {
    const trigger = aTrigger({ window: { kind: 'for', forMs: 40_000 } });
    const evaluations = runAll(trigger, { '{pod="a"}': '0 1 1 1 1', '{pod="b"}': '1 1 1 1 1' });
    expect(evaluations.map(({ dueAt }) => (dueAt === undefined ? undefined : (dueAt - startAt) / 1_000))).toEqual([40, 40, 40, 55, undefined]);
  });

  it('lies never in the past, so that no loop spins on it', () => {
    expect(runAll(aTrigger({ window: { kind: 'for', forMs: 20_000 } }), { '': '1 err err 1' }).map(({ dueAt }) => dueAt)).toEqual([at(20), at(20), undefined, at(65)]);
  });

  it('is not there for `consecutive`', () => {
    expect(runAll(aTrigger({ window: { kind: 'consecutive', count: 4 } }), { '': '1' })[0]!.dueAt).toBeUndefined();
  });
});

describe('the series of an answer', () => {
  it('have an alert each', () => {
    const evaluations = runAll(aTrigger({ labels: { team: 'payments' } }), { '{pod="a"}': '1x5', '{pod="b"}': '0 1 1 1 1 1 1', '{pod="c"}': '0x7' });
    expect(evaluations.flatMap(({ transitions }) => transitions.map(({ from, to, at: when, alert }) => `${(when - startAt) / 1_000}s ${alert.labels['pod'] ?? ''} ${from} → ${to}`))).toEqual([
      '0s a inactive → pending',
      '15s b inactive → pending',
      '60s a pending → firing',
      '75s b pending → firing',
    ]);
    expect(evaluations.at(-1)!.alerts[0]).toMatchObject({ labels: { pod: 'a', team: 'payments' }, fingerprint: fingerprintOf('CheckoutErrorRateHigh', { pod: 'a' }) });
  });

  it('that differ only in a label which the trigger overrides stay two alerts', () => {
    const [evaluation] = runAll(aTrigger({ labels: { severity: 'critical' } }), { '{severity="a"}': '1', '{severity="b"}': '0' });
    expect(evaluation!.alerts.map(({ state, labels }) => [state, labels])).toEqual([
      ['pending', { exported_severity: 'a', severity: 'critical' }],
      ['inactive', { exported_severity: 'b', severity: 'critical' }],
    ]);
  });

  it('with the same labels twice are an error of that one alert', () => {
    const twice = (value: number) => ({ labels: { pod: 'a' }, sample: { kind: 'value', at: startAt, value } as const });
    const answer: Observation = { kind: 'vector', at: startAt, warnings: [], series: [twice(1), twice(0), { ...twice(1), labels: { pod: 'b' } }] };
    const { alerts } = evaluateTrigger(aTrigger(), [], answer, { kind: 'slot', at: startAt });
    expect(alerts).toMatchObject([{ state: 'inactive', health: 'err', lastSample: { message: 'the answer holds two series with the same labels' } }, { state: 'pending' }]);
  });

  it('that have gone are forgotten when nothing was wrong with them, and kept where it was', () => {
    const evaluations = runAll(aTrigger(), { '{pod="a"}': '0 _', '{pod="b"}': '1 _', '{pod="c"}': '0 0' });
    expect(evaluations.at(-1)!.alerts.map(({ labels, state, health }) => [labels['pod'], state, health])).toEqual([
      ['b', 'pending', 'err'],
      ['c', 'inactive', 'ok'],
    ]);
  });

  it('are kept while the source gives no answer at all', () => {
    expect(runAll(aTrigger(), { '{pod="a"}': '0 err' }).at(-1)!.alerts).toMatchObject([{ state: 'inactive', health: 'err' }]);
  });

  it('are too many: an error in clear words, and no alert fires by it', () => {
    const many = Object.fromEntries(Array.from({ length: DEFAULT_MAX_ALERTS + 1 }, (_, index) => [`{pod="${index}"}`, '1']));
    const [evaluation] = runAll(aTrigger({ window: { kind: 'for', forMs: 0 } }), many);
    expect(evaluation).toMatchObject({ alerts: [], transitions: [], health: { health: 'err', lastObservation: { kind: 'error', message: expect.stringContaining('101 series') as string } } });
  });

  it('that come and go while firing never pile up beyond the cap', () => {
    const trigger = aTrigger({ window: { kind: 'for', forMs: 0 } });
    const observations = Array.from({ length: 3 }, (_, round): Observation => ({
      kind: 'vector',
      at: at(15 * round),
      warnings: [],
      series: Array.from({ length: 60 }, (_unused, pod) => ({ labels: { pod: `${round}-${pod}` }, sample: { kind: 'value', at: at(15 * round), value: 1 } })),
    }));
    const { alerts } = runAll(trigger, observations).at(-1)!;
    expect(alerts).toHaveLength(DEFAULT_MAX_ALERTS);
    expect(alerts.filter(({ labels }) => labels['pod']?.startsWith('2-'))).toHaveLength(60);
  });
});

describe('the health of a trigger', () => {
  it('is there without any alert', () => {
    const evaluations = runAll(aTrigger(), { '': '_ err nan 0 _' });
    expect(evaluations.map(({ health: { health, unknownSince } }) => [health, unknownSince])).toEqual([
      ['err', at(0)],
      ['err', at(0)],
      ['err', at(0)],
      ['ok', undefined],
      ['err', at(60)],
    ]);
  });
});

describe('an alert that stands in for series of which none was ever seen', () => {
  const trigger = aTrigger({ onNoData: 'breach', labels: { team: 'shop' } });
  const none = fingerprintOf(trigger.name, {});

  it('has no labels but those of the trigger, and ends with the first series, whatever that says', () => {
    const runs = runAll(trigger, { '{pod="a"}': '_x5 1x5' });
    expect(runs[4]).toMatchObject({ alerts: [{ fingerprint: none, labels: { team: 'shop' }, state: 'firing' }], transitions: [{ to: 'firing' }], health: { health: 'err' } });
    expect(runs[5]).toMatchObject({ alerts: [{ labels: { pod: 'a', team: 'shop' }, state: 'pending' }], transitions: [{ from: 'firing', to: 'inactive', alert: { fingerprint: none } }, { to: 'pending' }] });
    const seen = (line: string): string | undefined => recheckAlerts(trigger, runs[4]!.alerts, scriptedObservations({ '{pod="a"}': line }, { startAt: at(75), intervalMs: 15_000 })[0]!, at(75), [none]).verdicts.get(none);
    expect([seen('_'), seen('1'), seen('err')]).toEqual(['breaching', 'clear', 'unknown']);
  });

  it('is not there where silence means nothing, nor once a series is known', () => {
    // A query that was one number and is one for each pod now: what is held stays held.
    const held = aTrigger();
    const { alerts } = runAll(held, { '': '1x5' }).at(-1)!;
    const [byPod] = scriptedObservations({ '{pod="a"}': '0' }, { startAt: at(75), intervalMs: 15_000 });
    expect(evaluateTrigger(held, alerts, byPod!, { kind: 'slot', at: at(75) }).alerts).toMatchObject([{ fingerprint: none, state: 'firing' }, { labels: { pod: 'a' }, state: 'inactive' }]);
    expect(recheckAlerts(held, alerts, byPod!, at(75), [none]).verdicts.get(none)).toBe('unknown');
    expect(runAll(aTrigger(), { '{pod="a"}': '_x5' }).at(-1)?.alerts).toEqual([]);
    expect(runAll(trigger, { '{pod="a"}': '0 _x5' }).at(-1)?.alerts).toMatchObject([{ labels: { pod: 'a' }, state: 'firing' }]);
  });
});

describe('recheckAlerts', () => {
  const trigger = aTrigger({ clearCondition: condition('< 5%') });
  const { alerts } = runAll(trigger, { '{pod="a"}': '1x5' }).at(-1)!;
  const ask = (line: string, asked: Trigger = trigger): string | undefined => {
    const [answer] = scriptedObservations({ '{pod="a"}': line }, { startAt: at(65), intervalMs: 15_000 });
    return recheckAlerts(asked, alerts, answer!, at(65), [alerts[0]!.fingerprint]).verdicts.get(alerts[0]!.fingerprint);
  };

  it.each([
    ['0.2', 'breaching'],
    ['0', 'clear'],
    ['0.07', 'breaching'],
    ['_', 'unknown'],
    ['nan', 'unknown'],
    ['stale', 'unknown'],
    ['err', 'unknown'],
  ])('of %s is %s', (line, expected) => {
    expect(ask(line)).toBe(expected);
  });

  it('does not believe what is older than what is known, from a look or from a question before', () => {
    const { fingerprint } = alerts[0]!;
    const lastAt = alerts[0]!.lastValue!.at;
    const asked = (sampleAt: number, newestBefore?: number, askedAt = at(65)): readonly unknown[] => {
      const answer: Observation = { kind: 'vector', at: askedAt, warnings: [], series: [{ labels: { pod: 'a' }, sample: { kind: 'value', at: sampleAt, value: 1 } }] };
      const { verdicts, newestAt } = recheckAlerts(trigger, alerts, answer, askedAt, [fingerprint], newestBefore === undefined ? undefined : new Map([[fingerprint, newestBefore]]));
      return [verdicts.get(fingerprint), newestAt.get(fingerprint)];
    };
    expect(asked(lastAt)).toEqual(['breaching', lastAt]);
    expect(asked(lastAt - 1)).toEqual(['unknown', lastAt]);
    expect(asked(lastAt + 1, lastAt + 2)).toEqual(['unknown', lastAt + 2]);
    expect(asked(lastAt + 2, lastAt + 1)).toEqual(['breaching', lastAt + 2]);
    // The clock was set back by an hour.
    expect(asked(at(-3_600), at(65), at(-3_600))).toEqual(['breaching', at(-3_600)]);
  });

  it('goes by the policy that the trigger declares for what is unknown', () => {
    expect(ask('_', { ...trigger, onNoData: 'breach' })).toBe('breaching');
    expect(ask('_', { ...trigger, onNoData: 'reset' })).toBe('unknown');
    expect(ask('err', { ...trigger, onNoData: 'breach' })).toBe('unknown');
  });
});

describe('the newest samples of an alert', () => {
  it('are kept for people: a few, with why nothing was known, and what range data told of it in its place', () => {
    const trigger = aTrigger({});
    const seen = runAll(trigger, { '': samples('....BBBenB') }).at(-1)?.alerts[0]?.recent ?? [];
    expect(seen.map((sample) => ('unknown' in sample ? sample.unknown : sample.value > 0.1))).toEqual([false, false, true, true, true, 'unreachable', 'nan', true]);
    const [told] = evaluateTrigger(trigger, runAll(trigger, { '': samples('BBee') }).at(-1)?.alerts ?? [], { kind: 'vector', at: at(30), series: [{ labels: {}, sample: { kind: 'value', at: at(30), value: 1 } }], warnings: [] }, { kind: 'slot', at: at(30) }).alerts;
    expect(told?.recent).toEqual([{ at: at(0), value: expect.any(Number) as number }, { at: at(15), value: expect.any(Number) as number }, { at: at(30), value: 1 }]);
  });
});
