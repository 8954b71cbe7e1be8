import { afterEach, describe, expect, it } from 'vitest';
import { AlertBook } from '../../src/guard/alert-book.js';
import { lastDeployAt } from '../../src/guard/changes.js';
import { TriggerWatch } from '../../src/guard/trigger-watch.js';
import type { JournalEvent } from '../../src/incident/incident-event.js';
import type { Observation } from '../../src/source/sample.js';
import type { Query, Source } from '../../src/source/source.js';
import type { Alert } from '../../src/trigger/alert.js';
import type { Trigger } from '../../src/trigger/trigger.js';
import { FakeClock } from '../support/fake-clock.js';
import { aTrigger, condition } from '../support/triggers.js';

const startAt = Date.UTC(2026, 0, 1);
const INTERVAL_MS = 15_000;
const at = (second: number): number => startAt + second * 1_000;
const never = new AbortController().signal;

/** Answers each expression with the number that it is set to, `err` for none, and `bug` by throwing. */
class World implements Source {
  readonly name = 'world';
  readonly intervalMs = INTERVAL_MS;
  readonly values: Record<string, number | 'err' | 'bug'> = {};
  readonly asked: string[] = [];
  /** How long an answer to an expression takes. */
  readonly answerAfterMs: Record<string, number> = {};
  constructor(readonly clock: FakeClock) {}

  async observe(query: Query, now: number, signal: AbortSignal): Promise<Observation> {
    const expr = query.kind === 'promql' ? query.expr : '';
    this.asked.push(`${(now - startAt) / 1_000} ${expr}`);
    await this.clock.sleepUntil(this.clock.now() + (this.answerAfterMs[expr] ?? 0), signal);
    const value = this.values[expr] ?? 0;
    if (value === 'bug') throw new Error('a fault of our own');
    if (value === 'err') return { kind: 'error', at: now, reason: 'unreachable', message: 'connection refused' };
    return { kind: 'vector', at: now, warnings: [], series: [{ labels: {}, sample: { kind: 'value', at: now, value } }] };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

interface Watched {
  readonly clock: FakeClock;
  readonly world: World;
  readonly watch: TriggerWatch;
  readonly alerts: AlertBook;
  readonly faults: unknown[];
  readonly events: JournalEvent[];
  /** `second trigger state` whenever a state changed. */
  readonly story: string[];
  readonly stateOf: (trigger: string) => Alert['state'];
}

const running: TriggerWatch[] = [];

function watched(triggers: readonly Trigger[]): Watched {
  const clock = new FakeClock(startAt);
  const world = new World(clock);
  const alerts = new AlertBook();
  const faults: unknown[] = [];
  const events: JournalEvent[] = [];
  const story: string[] = [];
  const stateOf = (trigger: string): Alert['state'] => alerts.ofTrigger(trigger)[0]?.state ?? 'inactive';
  const states = new Map<string, string>();
  const note = (): void => {
    for (const { name } of triggers) {
      if ((states.get(name) ?? 'inactive') !== stateOf(name)) story.push(`${(clock.now() - startAt) / 1_000} ${name} ${stateOf(name)}`);
      states.set(name, stateOf(name));
    }
  };
  const watch = new TriggerWatch(triggers, new Map([['world', world]]), alerts, new Map(), {
    clock,
    store: { saveAlerts: async () => undefined, append: async (appended) => (events.push(...appended), []) },
    changes: { lastDeployAt: () => undefined },
    onEvaluated: note,
    report: (error) => faults.push(error),
    observer: { observed: () => undefined, evaluated: () => undefined, missedTicks: () => undefined, alerts: () => undefined },
  });
  running.push(watch);
  watch.start();
  return { clock, world, watch, alerts, faults, events, story, stateOf };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((watch) => watch.stop()));
});

const on = (name: string, forMs = 0, changes: Partial<Trigger> = {}): Trigger =>
  aTrigger({ name, source: 'world', query: { kind: 'promql', expr: name.toLowerCase() }, window: { kind: 'for', forMs }, ...changes });
const of = (name: string, atLeast: number, members: readonly string[], forMs = 0): Trigger =>
  aTrigger({ name, source: 'triggers', query: { kind: 'triggers', of: members, atLeast }, condition: condition(`>= ${atLeast}`), window: { kind: 'for', forMs } });

describe('composites', () => {
  it('fire at the slot at which their members do', async () => {
    const { clock, world, story } = watched([of('Both', 2, ['A', 'B']), on('A'), on('B')]);
    await clock.advanceTo(at(20));
    Object.assign(world.values, { a: 1, b: 1 });
    await clock.advanceTo(at(40));
    expect(story).toEqual(['30 A firing', '30 B firing', '30 Both firing']);
    world.values['b'] = 0;
    await clock.advanceTo(at(50));
    expect(story.slice(3)).toEqual(['45 B inactive', '45 Both inactive']);
  });

  it('fire at the instant at which a member falls due between two slots', async () => {
    const { clock, world, story } = watched([of('Both', 2, ['A', 'B']), on('A', 20_000), on('B')]);
    Object.assign(world.values, { a: 1, b: 1 });
    await clock.advanceTo(at(40));
    expect(story).toEqual(['0 A pending', '0 B firing', '20 A firing', '20 Both firing']);
  });

  it('have windows of their own, and can be members themselves', async () => {
    const { clock, world, story } = watched([of('Worst', 2, ['Any', 'C']), of('Any', 1, ['A', 'B'], 30_000), on('A'), on('B'), on('C')]);
    Object.assign(world.values, { b: 1, c: 1 });
    await clock.advanceTo(at(50));
    expect(story).toEqual(['0 B firing', '0 C firing', '0 Any pending', '30 Any firing', '30 Worst firing']);
  });

  it('wait for a member that is slow, and no longer than one interval', async () => {
    const { clock, world, story } = watched([of('Both', 2, ['A', 'B']), on('A'), on('B')]);
    Object.assign(world.values, { a: 1, b: 1 });
    world.answerAfterMs['b'] = 8_000;
    await clock.advanceTo(at(14));
    expect(story).toEqual(['0 A firing', '8 B firing', '8 Both firing']);
    world.answerAfterMs['b'] = 100_000;
    await clock.advanceTo(at(50));
    // B is now unknown, so it is neither over nor does it begin.
    expect(story).toHaveLength(3);
    world.values['a'] = 0;
    await clock.advanceTo(at(80));
    expect(story.slice(3)).toEqual(['60 A inactive', expect.stringMatching(/^\d+ Both inactive$/)]);
  });

  it('are frozen while a member that matters cannot be seen', async () => {
    const { clock, world, story, events } = watched([of('Both', 2, ['A', 'B'], 60_000), on('A'), on('B')]);
    Object.assign(world.values, { a: 1, b: 1 });
    await clock.advanceTo(at(40));
    world.values['b'] = 'err';
    await clock.advanceTo(at(70));
    world.values['b'] = 1;
    await clock.advanceTo(at(200));
    // 30 s before, and 30 s after the gap.
    expect(story.filter((line) => line.includes('Both'))).toEqual(['0 Both pending', '105 Both firing']);
    expect(events).toEqual([]);
  });

  it('are asked again through the sources of their members', async () => {
    const { clock, world, watch, alerts } = watched([of('Both', 2, ['A', 'B']), on('A'), on('B')]);
    Object.assign(world.values, { a: 1, b: 1 });
    await clock.advanceTo(at(20));
    const ask = (): Promise<string> => watch.recheck(alerts.ofTrigger('Both'), never);
    expect(await ask()).toBe('breaching');
    expect(world.asked.slice(-2).sort()).toEqual(['20 a', '20 b']);
    world.values['b'] = 0;
    expect(await ask()).toBe('clear');
    world.values['b'] = 'err';
    expect(await ask()).toBe('unknown');
    world.values['a'] = 0;
    expect(await ask()).toBe('clear');
  });
});

describe('questions', () => {
  it('that are equal are asked once for each slot', async () => {
    const severities = ['high', 'critical'].map((severity, index) => on(`A:${severity}`, 0, { query: { kind: 'promql', expr: 'a' }, condition: condition(`> ${index}`) }));
    const { clock, world, stateOf } = watched(severities);
    world.values['a'] = 1;
    await clock.advanceTo(at(40));
    expect(world.asked).toEqual(['0 a', '15 a', '30 a']);
    expect(severities.map(({ name }) => stateOf(name))).toEqual(['firing', 'inactive']);
  });

  it('that fail by a fault of our own stop no other trigger, nor their own for longer than that', async () => {
    const { clock, world, story, faults } = watched([on('A'), on('B'), of('Any', 1, ['A', 'B'])]);
    Object.assign(world.values, { a: 'bug', b: 1 });
    await clock.advanceTo(at(20));
    expect(story).toEqual(['0 B firing', '0 Any firing']);
    expect(faults.length).toBeGreaterThan(0);
    world.values['a'] = 1;
    await clock.advanceTo(at(40));
    expect(story.slice(2)).toEqual(['30 A firing']);
  });
});

describe('blindness', () => {
  it('is not what Belay withholds', async () => {
    const quiet = on('Quiet', 0, { minTraffic: { query: { kind: 'promql', expr: 'traffic' }, atLeast: 1 } });
    const { clock, world, watch, events } = watched([quiet]);
    await clock.advanceTo(at(600));
    expect(watch.sightOf('Quiet').health).toBe('err');
    expect(events).toEqual([]);
    world.values['traffic'] = 'err';
    await clock.advanceTo(at(1_200));
    expect(events.map(({ type }) => type)).toEqual(['source-blind']);
  });
});

it('the last deployment is the newest one of the target, up to the instant that is asked about', () => {
  const marker = (second: number, target: string, kind: 'deploy' | 'good') => ({ target, kind, version: '1', by: 'ana', at: at(second) });
  const changes = [marker(10, 'shop', 'deploy'), marker(20, 'shop', 'good'), marker(30, 'shop', 'deploy'), marker(40, 'other', 'deploy')];
  expect([5, 10, 29, 30, 99].map((second) => lastDeployAt(changes, 'shop', at(second)))).toEqual([undefined, at(10), at(10), at(30), at(30)]);
});
