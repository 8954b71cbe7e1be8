/** Every row of the last table of docs/windows.md. */
import { describe, expect, it } from 'vitest';
import type { Observation } from '../../src/source/sample.js';
import type { Alert } from '../../src/trigger/alert.js';
import { createEvaluationLoop } from '../../src/trigger/evaluation-loop.js';
import { createMemberSource } from '../../src/trigger/member-source.js';
import type { MemberState } from '../../src/trigger/members.js';
import type { Trigger } from '../../src/trigger/trigger.js';
import { healthBeforeFirstAnswer } from '../../src/trigger/trigger-health.js';
import { FakeClock } from '../support/fake-clock.js';
import { readDoc, tableRows } from '../support/markdown.js';
import { ScriptedSource } from '../support/scripted-source.js';
import { at, INTERVAL_MS, lettersOf, runAll, samples, startAt } from '../support/slot-run.js';
import { aTrigger, condition } from '../support/triggers.js';

/** `BBB|5|BB`: a letter per slot; a number is that many slots of downtime, after which only what was stored is known. */
function withRestarts(trigger: Trigger, letters: string): string {
  let stored: readonly Alert[] = [];
  let second = 0;
  return letters
    .split('|')
    .map((part) => {
      if (/^\d+$/.test(part)) {
        second += 15 * Number(part);
        return ' ';
      }
      const observations = Array.from(part, (letter): Observation => {
        const now = at(second);
        second += 15;
        if (letter === 'e') return { kind: 'error', at: now, reason: 'unreachable', message: 'connection refused' };
        return { kind: 'vector', at: now, warnings: [], series: [{ labels: {}, sample: { kind: 'value', at: now, value: letter === 'B' ? 1 : 0 } }] };
      });
      const evaluations = runAll(trigger, observations, stored);
      stored = JSON.parse(JSON.stringify(evaluations.at(-1)!.alerts.filter(({ state }) => state !== 'inactive'))) as Alert[];
      return lettersOf(evaluations);
    })
    .join('');
}

/** What a loop makes of live answers, with a source that remembers. */
async function live(trigger: Trigger, letters: string, remembers: string): Promise<string> {
  const clock = new FakeClock(startAt);
  const source = new ScriptedSource({ startAt, intervalMs: INTERVAL_MS, series: { '': samples(letters) }, remembers: { '': samples(remembers) } });
  let seen = '';
  const loop = createEvaluationLoop({
    trigger,
    source,
    clock,
    alerts: [],
    onEvaluated: async (result) => {
      if (result.tick.kind === 'slot') seen += lettersOf([result]);
    },
    onMissedTicks: () => undefined,
    onFault: (error) => {
      throw error;
    },
  });
  loop.start();
  await clock.advanceTo(at(15 * (letters.length - 1)));
  await loop.stop();
  return seen;
}

/** Slots at given seconds, for clocks that do not go on evenly. */
function steps(trigger: Trigger, ...points: readonly (readonly [second: number, letter: string])[]): string {
  return lettersOf(
    runAll(
      trigger,
      points.map(([second, letter]): Observation => ({
        kind: 'vector', at: at(second), warnings: [], series: [{ labels: {}, sample: { kind: 'value', at: at(second), value: letter === 'B' ? 1 : 0 } }],
      })),
    ),
  );
}

const minute = aTrigger();
const share = aTrigger({ window: { kind: 'share', forMs: 150_000, atLeast: 0.6 } });
const kept = aTrigger({ window: { kind: 'for', forMs: 0 }, keepFiringForMs: 45_000 });
const rising = aTrigger({ condition: condition('> 10'), window: { kind: 'for', forMs: 300_000 }, trend: 'rising' });

const rows: Readonly<Record<string, () => Promise<void> | void>> = {
  'inactive, restart': () => expect(withRestarts(minute, '...|3|BBBBB')).toBe('... ppppF'),
  'inactive, outage': () => expect(withRestarts(minute, `..${'e'.repeat(9)}BBBBB`)).toBe('...........ppppF'),
  'pending, restart within the length of the window': () => expect(withRestarts(minute, 'BBB|3|BBB')).toBe('ppp ppF'),
  'pending, restart after longer than the window': () => expect(withRestarts(minute, 'BBBB|4|BBBBB')).toBe('pppp ppppF'),
  'pending, outage within the length of the window': () => expect(withRestarts(minute, 'BBBeeeBBB')).toBe('ppppppppF'),
  'pending, outage longer than the window': () => expect(withRestarts(minute, 'BBBeeeeeBBBBB')).toBe('ppppppp.ppppF'),
  'pending, outage, and the source remembers a breach throughout': async () => expect(await live(minute, 'BBBeeeBB', 'BBBBBBBB')).toBe('ppppppFF'),
  'pending, outage, and the source remembers a clear sample': async () => expect(await live(minute, 'BBBeeeBBBB', 'BBB.BBBBBB')).toBe('ppppppppFF'),
  'pending, clock set forward': () => expect(steps(minute, [0, 'B'], [15, 'B'], [30, 'B'], [3_600, 'B'], [3_615, 'B'], [3_630, 'B'], [3_645, 'B'], [3_660, 'B'])).toBe('pppppppF'),
  'pending, clock set back': () => expect(steps(minute, [600, 'B'], [615, 'B'], [630, 'B'], [645, 'B'], [0, 'B'], [15, 'B'], [30, 'B'], [45, 'B'], [60, 'B'], [75, 'B'], [90, 'B'])).toBe('ppppppppppF'),
  'pending, share of a time, restart within the length of the window': () => expect(withRestarts(share, 'BBBBBB|2|BB')).toBe('pppppp pF'),
  'pending, rising trend, restart within the length of the window': () => {
    const observations = (from: number, to: number): Observation[] =>
      Array.from({ length: to - from }, (_, index): Observation => {
        const now = at(15 * (from + index));
        return { kind: 'vector', at: now, warnings: [], series: [{ labels: {}, sample: { kind: 'value', at: now, value: 100 + from + index } }] };
      });
    const before = runAll(rising, observations(0, 15)).at(-1)!.alerts;
    expect(lettersOf(runAll(rising, observations(20, 27), before))).toBe('ppppppF');
    expect(lettersOf(runAll(rising, observations(20, 27), before.map((alert) => ({ ...alert, window: { ...alert.window, points: [] } }))))).toBe('ppppppp');
  },
  'firing, restart': () => expect(withRestarts(minute, 'BBBBB|5000|BB.')).toBe('ppppF FF.'),
  'firing, outage': () => expect(withRestarts(minute, `BBBBB${'e'.repeat(50)}B.`)).toBe(`ppppF${'F'.repeat(51)}.`),
  'firing, outage, and the source remembers a clear sample': async () => expect(await live(minute, 'BBBBBeeeB', 'BBBBBB.BB')).toBe('ppppFFFFp'),
  'firing, clock set forward': () => expect(steps(minute, [0, 'B'], [15, 'B'], [30, 'B'], [45, 'B'], [60, 'B'], [3_600, 'B'], [3_615, '.'])).toBe('ppppFF.'),
  'firing, clock set back': () => expect(steps(minute, [600, 'B'], [615, 'B'], [630, 'B'], [645, 'B'], [660, 'B'], [0, 'B'], [15, 'B'], [30, 'B'], [45, '.'])).toBe('ppppFFFF.'),
  'firing, seen to be clear, keepFiringFor, restart': () => expect(withRestarts(kept, 'B...|4|..')).toBe('FFFF F.'),
  'firing, seen to be clear, keepFiringFor, outage': () => expect(withRestarts(kept, 'B..eeeee...')).toBe('FFFFFFFFFF.'),
  'composite, a member becomes unknown': async () => expect(await composite('FFFFFFF', '.FF??.F')).toBe('.pppp.p'),
  'composite, restart': async () => expect(await composite('FFF', '?FF', { restored: true })).toBe('ppF'),
};

/** The states of `both of A and B for 30s`, from those of its members, slot by slot. */
async function composite(a: string, b: string, { restored = false } = {}): Promise<string> {
  const members = [aTrigger({ name: 'A' }), aTrigger({ name: 'B' })];
  const clock = new FakeClock(startAt);
  const source = createMemberSource(members, clock);
  const both = aTrigger({ name: 'Both', query: { kind: 'triggers', of: ['A', 'B'], atLeast: 2 }, condition: condition('>= 2'), window: { kind: 'for', forMs: 30_000 } });
  let seen = '';
  const before = runAll(both, [-30, -15].map((second): Observation => ({ kind: 'vector', at: at(second), warnings: [], series: [{ labels: {}, sample: { kind: 'value', at: at(second), value: 2 } }] }))).at(-1)!.alerts;
  const loop = createEvaluationLoop({
    trigger: both,
    source,
    clock,
    alerts: restored ? before : [],
    onEvaluated: async (result) => {
      if (result.tick.kind === 'slot') seen += lettersOf([result]);
    },
    onMissedTicks: () => undefined,
    onFault: (error) => {
      throw error;
    },
  });
  loop.start();
  for (let slot = 0; slot < a.length; slot += 1) {
    await clock.advanceTo(at(15 * slot));
    source.note('A', member(members[0]!, a.charAt(slot), at(15 * slot)));
    // The answer waits for the slower member.
    expect(seen).toHaveLength(slot);
    await clock.advance(1_000);
    source.note('B', member(members[1]!, b.charAt(slot), at(15 * slot)));
    await clock.advance(0);
  }
  await loop.stop();
  return seen;
}

/** A member that fires, is clear, or is unknown. */
function member(trigger: Trigger, letter: string, when: number): MemberState {
  const sample = letter === '?' ? ({ kind: 'error', at: when, reason: 'unreachable', message: 'connection refused' } as const) : ({ kind: 'value', at: when, value: 1 } as const);
  const alert: Alert = {
    trigger: trigger.name, target: trigger.target, labels: {}, fingerprint: trigger.name, state: letter === '.' ? 'inactive' : 'firing',
    health: letter === '?' ? 'err' : 'ok', window: { countedMs: 0, streak: 0 }, lastSample: sample,
  };
  return { at: when, alerts: [alert], health: healthBeforeFirstAnswer };
}

describe('the table of docs/windows.md', () => {
  const documented = tableRows(readDoc('docs/windows.md'), 'State').map(([state = '', event = '']) => `${state}, ${event}`);

  it('has the rows that are tested here, and no others', () => {
    expect(documented).toEqual(Object.keys(rows));
  });

  it.each(Object.entries(rows))('%s', (_row, test) => test());
});
