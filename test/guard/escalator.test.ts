import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type EscalationStep, nextEscalation } from '../../src/guard/escalation.js';
import { Escalator } from '../../src/guard/escalator.js';
import { foldIncident, type Incident } from '../../src/incident/incident.js';
import type { JournalEntry, JournalEvent } from '../../src/incident/incident-event.js';
import { FakeClock } from '../support/fake-clock.js';
import { errorRate, IncidentStory } from '../support/incident-story.js';

const MINUTE = 60_000;
const step = (minutes: number, to: string, changes: Partial<EscalationStep> = {}): EscalationStep => ({ afterMs: minutes * MINUTE, to: [to], people: [{ name: to }], ...changes });
const steps = [step(5, 'oncall'), step(15, 'lead'), step(30, 'cto')];

const begun = (options?: ConstructorParameters<typeof IncidentStory>[0]): IncidentStory => new IncidentStory(options).opened().fired();
const fold = ({ entries }: IncidentStory): Incident => foldIncident(entries)!;
/** Minutes since the incident began until the next call, and who is called. */
const next = (story: IncidentStory, of = steps): readonly [number, string] | undefined => {
  const call = nextEscalation(fold(story), of);
  return call === undefined ? undefined : [Math.round((call.at - story.entries[0]!.event.at) / MINUTE), call.step.to.join()];
};

describe('who is called next', () => {
  it.each<readonly [string, () => IncidentStory, ReturnType<typeof next>]>([
    ['nobody while Belay acts by itself', () => begun().decidedToExecute(1).started(1), undefined],
    ['the first step after what needs a person', () => begun().wait(MINUTE).needsHuman('no-plan', 'x'), [6, 'oncall']],
    ['the first step after an approval was asked for', () => begun().asks(), [5, 'oncall']],
    ['nobody for a schedule', () => begun().asks({ purpose: 'schedule' }), undefined],
    ['the first step for a question in the middle of a plan', () => begun().started(1).wait(MINUTE).asks({ purpose: 'step' }), [6, 'oncall']],
    ['the time goes on when nobody answers a question', () => begun().asks().wait(4 * MINUTE).expired().needsHuman('approval-expired', 'x'), [5, 'oncall']],
    ['nobody once somebody has seen it', () => begun().needsHuman('no-plan', 'x').acknowledged('ana'), undefined],
    ['nobody once one of two has agreed', () => begun().asks().answered('approve', 'ana', ['oncall']), undefined],
    ['nobody after a rejection: somebody is there', () => begun().asks().answered('reject', 'ana', ['oncall']).needsHuman('approval-rejected', 'x'), undefined],
    ['nobody after a recovery', () => begun().needsHuman('no-plan', 'x').recovered('by-itself', 'x'), undefined],
    ['nobody once it is closed', () => begun().needsHuman('no-plan', 'x').closed('ana'), undefined],
    ['nobody once a rollback by hand has begun', () => begun().needsHuman('no-plan', 'x').started(3, 'ana'), undefined],
    ['an acknowledgement of before covers no new need', () => begun().acknowledged('ana').wait(MINUTE).needsHuman('no-plan', 'x'), [6, 'oncall']],
    ['nor does one of an earlier need', () => begun().asks().acknowledged('ana').wait(20 * MINUTE).expired().needsHuman('approval-expired', 'x'), [25, 'oncall']],
    ['nobody in a dry run', () => begun({ mode: 'dry-run' }).needsHuman('no-plan', 'x'), undefined],
    ['the next step after one that was called', () => called(1), [15, 'lead']],
    ['nobody after the last', () => called(3), undefined],
  ])('%s', (_, story, expected) => {
    expect(next(story())).toEqual(expected);
  });

  it('is only who is for this severity', () => {
    const story = begun().needsHuman('no-plan', 'x');
    expect(next(story, [step(5, 'oncall', { severities: ['low'] }), step(7, 'lead', { severities: [errorRate.severity] })])).toEqual([7, 'lead']);
  });

  function called(upTo: number): IncidentStory {
    const story = begun().needsHuman('no-plan', 'x');
    const { since } = fold(story).attention!;
    for (let number = 1; number <= upTo; number += 1) story.escalated(number, ['x'], [], since);
    return story;
  }
});

class Store {
  entries: JournalEntry[] = [];
  failures = 0;
  append = async (events: readonly JournalEvent[]): Promise<readonly JournalEntry[]> => {
    this.failures -= 1;
    if (this.failures >= 0) throw new Error('disk full');
    const added = events.map((event, index) => ({ seq: this.entries.length + index + 1, event }));
    this.entries.push(...added);
    return added;
  };
  openIncidents = async () => [...new Set(this.entries.flatMap(({ event }) => ('incidentId' in event && event.incidentId !== undefined ? [event.incidentId] : [])))];
  entriesOfIncident = async (id: string) => this.entries.filter(({ event }) => 'incidentId' in event && event.incidentId === id);
  get calls(): readonly string[] {
    return this.entries.flatMap(({ event }) => (event.type === 'incident-escalated' ? [`${(event.at - event.since) / MINUTE} ${event.incidentId} ${event.to.join()}`] : []));
  }
}

describe('the escalator', () => {
  const running: Escalator[] = [];
  const clock = new FakeClock();
  const faults: unknown[] = [];

  async function start(store: Store): Promise<Escalator> {
    const escalator = new Escalator({ clock, store, stepsOf: () => steps, report: (error) => faults.push(error) });
    await escalator.start();
    running.push(escalator);
    return escalator;
  }

  async function tell(store: Store, escalator: Escalator, story: IncidentStory): Promise<void> {
    const known = (await store.entriesOfIncident(story.incidentId)).filter(({ event }) => event.type !== 'incident-escalated').length;
    for (const entry of await store.append(story.entries.slice(known).map(({ event }) => event))) escalator.note(entry);
  }

  /** The story goes on at this moment. */
  const now = (story: IncidentStory): IncidentStory => story.wait(clock.now() - story.at);

  afterEach(async () => {
    for (const escalator of running.splice(0)) await escalator.stop();
    expect([clock.sleeping, faults.splice(0)]).toEqual([0, []]);
  });

  it('calls each step once, on time, until somebody answers, and minds each incident by itself', async () => {
    const store = new Store();
    const escalator = await start(store);
    const [one, two] = [now(new IncidentStory({ incidentId: 'one' })).opened().needsHuman('no-plan', 'x'), now(new IncidentStory({ incidentId: 'two' })).opened().needsHuman('no-plan', 'x')];
    await tell(store, escalator, one);
    await tell(store, escalator, two);
    await clock.advance(16 * MINUTE);
    expect(store.calls).toEqual(['5 one oncall', '5 two oncall', '15 one lead', '15 two lead']);
    await tell(store, escalator, now(one).acknowledged('ana'));
    await clock.advance(60 * MINUTE);
    expect(store.calls.slice(4)).toEqual(['30 two cto']);
  });

  it('goes on after a restart: what fell due meanwhile is called at once, nothing twice', async () => {
    const store = new Store();
    const first = await start(store);
    await tell(store, first, now(new IncidentStory({ incidentId: 'one' })).opened().needsHuman('no-plan', 'x'));
    await clock.advance(6 * MINUTE);
    await first.stop();
    await clock.advance(14 * MINUTE);
    await start(store);
    await clock.advance(0);
    expect(store.calls.map((call) => call.split(' ').at(-1))).toEqual(['oncall', 'lead']);
    await clock.advance(60 * MINUTE);
    expect(store.calls).toHaveLength(3);
  });

  it.each([60 * MINUTE, -60 * MINUTE])('calls after as long as was said when the clock is set by %i ms', async (byMs) => {
    const store = new Store();
    const escalator = await start(store);
    await tell(store, escalator, now(new IncidentStory({ incidentId: 'one' })).opened().needsHuman('no-plan', 'x'));
    await clock.advance(2 * MINUTE);
    clock.set(byMs);
    await clock.advance(2 * MINUTE);
    expect(store.calls).toEqual([]);
    await clock.advance(2 * MINUTE);
    expect(store.calls).toHaveLength(1);
    await clock.advance(10 * MINUTE);
    expect(store.calls).toHaveLength(2);
  });

  it('calls after no longer than was said when it starts with a clock that was set back', async () => {
    const store = new Store();
    const first = await start(store);
    await tell(store, first, now(new IncidentStory({ incidentId: 'one' })).opened().needsHuman('no-plan', 'x'));
    await first.stop();
    clock.set(-60 * MINUTE);
    await start(store);
    await clock.advance(6 * MINUTE);
    expect(store.calls).toHaveLength(1);
  });

  it('tries again when the store does not take a call', async () => {
    const store = new Store();
    const escalator = await start(store);
    await tell(store, escalator, now(new IncidentStory({ incidentId: 'one' })).opened().needsHuman('no-plan', 'x'));
    store.failures = 2;
    await clock.advance(6 * MINUTE);
    expect(faults.splice(0)).toHaveLength(2);
    expect(store.calls).toHaveLength(1);
  });

  it('calls, whatever happens in whatever order, only while somebody is wanted, each step once for each need, and never before its time', async () => {
    const acts: Readonly<Record<string, (story: IncidentStory) => IncidentStory>> = {
      asks: (story) => story.asks(),
      expires: (story) => story.expired(),
      needs: (story) => story.needsHuman('no-plan', 'x'),
      ack: (story) => story.acknowledged('ana'),
      approve: (story) => story.answered('approve', 'ana', ['oncall']),
      starts: (story) => story.started(1),
      fires: (story) => story.fired(),
    };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom(...Object.keys(acts)), fc.integer({ min: 0, max: 20 })), { maxLength: 8 }), async (happenings) => {
        const store = new Store();
        const escalator = await start(store);
        const story = now(new IncidentStory({ incidentId: 'one' })).opened().fired();
        for (const [act, minutes] of happenings) {
          await tell(store, escalator, acts[act]!(now(story)));
          await clock.advance(minutes * MINUTE + 1_000);
        }
        await escalator.stop();
        store.entries.forEach(({ event }, index) => {
          if (event.type !== 'incident-escalated') return;
          const before = foldIncident(store.entries.slice(0, index))!;
          expect(before.attention).toEqual({ since: event.since });
          expect(event.at).toBeGreaterThanOrEqual(event.since + steps[event.step - 1]!.afterMs);
          expect(before.escalations.filter(({ since, step: number }) => since === event.since && number >= event.step)).toEqual([]);
        });
      }),
      { numRuns: 25 },
    );
  });
});
