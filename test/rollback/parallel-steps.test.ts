import { describe, expect, it } from 'vitest';
import { MemoryJournal, type RollbackContext, type RollbackEvent, RollbackManager, type RollbackStep, type RollbackStepExecutor } from '../../src/index.js';
import { MOST_STEPS_AT_ONCE } from '../../src/rollback/next-move.js';
import { CrashingJournal } from '../support/crashing-journal.js';
import { driveClock } from '../support/drive-clock.js';
import { FakeClock } from '../support/fake-clock.js';
import { separationPlan } from '../support/separation-plan.js';

const context: RollbackContext = { environment: 'staging', trigger: 'automatic', metadata: { level: 3, labels: { region: 'eu' } } };
const RUN = 'run-1';

function steps(...written: readonly (Partial<RollbackStep> & { readonly id: string })[]): RollbackStep[] {
  return written.map((step) => ({ name: step.id, description: '', type: 'work', parameters: {}, timeout: 60, ...step }));
}

/** A system whose steps take time, and which says what was at work when. */
class World {
  readonly log: string[] = [];
  readonly done = new Set<string>();
  most = 0;
  #atWork = 0;

  constructor(
    readonly clock: FakeClock,
    readonly takesMs: Readonly<Record<string, number>> = {},
    readonly fails: ReadonlySet<string> = new Set(),
  ) {}

  executor(): RollbackStepExecutor {
    return {
      execute: async ({ id }, _context, signal) => {
        this.log.push(`+${id}`);
        this.#atWork += 1;
        this.most = Math.max(this.most, this.#atWork);
        try {
          await this.clock.sleepUntil(this.clock.now() + (this.takesMs[id] ?? 1_000), signal);
          if (this.fails.has(id)) throw new Error(`${id} fails`);
          this.done.add(id);
        } finally {
          this.#atWork -= 1;
          this.log.push(`-${id}`);
        }
      },
      state: ({ id }) => Promise.resolve(this.done.has(id) ? 'applied' : 'not-applied'),
    };
  }

  manager(plan: RollbackStep[], journal = new CrashingJournal(new MemoryJournal(), Infinity, 'before')): RollbackManager {
    const manager = new RollbackManager({ journal, clock: this.clock, random: () => 0.5 });
    manager.registerExecutor('work', this.executor());
    manager.registerPlan({ ...separationPlan(), id: 'p', steps: plan });
    return manager;
  }

  run(plan: RollbackStep[]): ReturnType<RollbackManager['executeRollback']> {
    return driveClock(this.clock, this.manager(plan).executeRollback('p', context, { executionId: RUN }), 100);
  }
}

describe('steps of a group', () => {
  it('run side by side, and the step after them waits for all', async () => {
    const world = new World(new FakeClock(), { a: 3_000, b: 1_000 });
    const execution = await world.run(steps({ id: 'first' }, { id: 'a', group: 'g' }, { id: 'b', group: 'g' }, { id: 'last' }));
    expect(execution.status).toBe('success');
    expect(world.log).toEqual(['+first', '-first', '+a', '+b', '-b', '-a', '+last', '-last']);
  });

  it('are never more than a few at once', async () => {
    const world = new World(new FakeClock());
    const many = Array.from({ length: MOST_STEPS_AT_ONCE + 3 }, (_, index) => ({ id: `s${index}`, group: 'g' }));
    expect((await world.run(steps(...many))).status).toBe('success');
    expect(world.most).toBe(MOST_STEPS_AT_ONCE);
    expect(world.done.size).toBe(many.length);
  });

  it('are begun no further after a failure, which waits for what is under way', async () => {
    const world = new World(new FakeClock(), { a: 1_000, b: 5_000 }, new Set(['a']));
    const rest = Array.from({ length: MOST_STEPS_AT_ONCE }, (_, index) => ({ id: `s${index}`, group: 'g' }));
    const execution = await world.run(steps({ id: 'a', group: 'g' }, { id: 'b', group: 'g' }, ...rest, { id: 'last' }));
    expect(execution).toMatchObject({ status: 'failed', error: 'Failed at step: a - Error: a fails' });
    expect(world.done.has('b')).toBe(true);
    expect(world.log).not.toContain('+last');
    // Only those that had begun beside it; none took its place.
    expect(world.log.filter((entry) => entry.startsWith('+'))).toHaveLength(MOST_STEPS_AT_ONCE);
  });

  it('each have their own attempts, and a failure elsewhere ends the waiting for another', async () => {
    const world = new World(new FakeClock(), { a: 1_000, b: 30_000 }, new Set(['a', 'b']));
    const retryPolicy = { maxAttempts: 9, backoffMultiplier: 10 };
    const execution = await world.run(steps({ id: 'a', group: 'g', retryPolicy }, { id: 'b', group: 'g' }));
    expect(execution.error).toBe('Failed at step: a - Error: a fails; b - Error: b fails');
    // 1 s, then 1 + 10 s, then 1 + 100 s: the third wait was cut short.
    expect(world.log.filter((entry) => entry === '+a')).toHaveLength(3);
  });

  it('are all stopped by a cancel', async () => {
    const world = new World(new FakeClock(), { a: 30_000, b: 30_000 });
    const cancel = new AbortController();
    const running = world.manager(steps({ id: 'a', group: 'g' }, { id: 'b', group: 'g' })).executeRollback('p', context, { signal: cancel.signal });
    await world.clock.advance(1_000);
    cancel.abort(new Error('cancelled by ana'));
    const execution = await driveClock(world.clock, running);
    expect(execution.error).toBe('Cancelled at step: a - Error: cancelled by ana; b - Error: cancelled by ana');
    expect(world.log).toEqual(['+a', '+b', '-a', '-b']);
  });

  it('go on after a crash at any write, each of them where it was', async () => {
    const plan = steps({ id: 'first' }, { id: 'a', group: 'g' }, { id: 'b', group: 'g' }, { id: 'c', group: 'g' }, { id: 'last' });
    for (const when of ['before', 'after'] as const) {
      for (let crashAt = 2; crashAt < 12; crashAt += 1) {
        const world = new World(new FakeClock(), { a: 3_000, b: 2_000, c: 1_000 });
        const disk = new MemoryJournal();
        const dying = world.manager(plan, new CrashingJournal(disk, crashAt, when)).executeRollback('p', context, { executionId: RUN });
        await expect(driveClock(world.clock, dying, 100)).rejects.toThrow('the process has died');
        const after = world.manager(plan, new CrashingJournal(disk, Infinity, 'before'));
        expect(await driveClock(world.clock, after.resume(RUN), 100)).toMatchObject({ status: 'success' });
        const events = await disk.eventsOf(RUN);
        for (const { id } of plan) {
          expect(events.filter((event) => event.type === 'step-succeeded' && event.stepKey === `p/${id}`)).toHaveLength(1);
        }
        expect([...world.done].sort()).toEqual(['a', 'b', 'c', 'first', 'last']);
        expect(world.log.at(-2)).toBe('+last');
      }
    }
  });

  it('must stand beside each other', () => {
    const world = new World(new FakeClock());
    expect(() => world.manager(steps({ id: 'a', group: 'g' }, { id: 'b' }, { id: 'c', group: 'g' }))).toThrow('Plan p, step c: the steps of the group "g" must stand beside each other');
  });
});

describe('a step with a condition', () => {
  const skipped = (events: readonly RollbackEvent[]): unknown => events.flatMap((event) => (event.type === 'step-skipped' ? [[event.stepKey, event.reason]] : []));

  async function eventsOf(plan: RollbackStep[], fails: readonly string[] = []): Promise<readonly RollbackEvent[]> {
    const world = new World(new FakeClock(), {}, new Set(fails));
    const disk = new MemoryJournal();
    await driveClock(world.clock, world.manager(plan, new CrashingJournal(disk, Infinity, 'before')).executeRollback('p', context, { executionId: RUN }));
    return disk.eventsOf(RUN);
  }

  it('is left out where it does not hold, and says why', async () => {
    const events = await eventsOf(
      steps(
        { id: 'by-hand', when: { trigger: 'manual' } },
        { id: 'eu', when: { labels: { region: ['eu', 'us'] }, level: 3 } },
        { id: 'elsewhere', when: { labels: { zone: 'a' } } },
        { id: 'point', when: { rollbackPoint: 'present' }, parameters: { to: '${rollbackPoint.version}' } },
      ),
    );
    expect(skipped(events)).toEqual([
      ['p/by-hand', 'trigger is automatic, not manual'],
      ['p/elsewhere', 'label zone is not known, not a'],
      ['p/point', 'rollback point is absent, not present'],
    ]);
    expect(events.at(-1)).toMatchObject({ type: 'rollback-ended', outcome: 'success' });
  });

  it('may depend on how an earlier step ended', async () => {
    const plan = steps(
      { id: 'try', continueOnError: true },
      { id: 'mend', when: { steps: { try: 'failed' } } },
      { id: 'thank', when: { steps: { try: ['success', 'skipped'] } } },
      { id: 'chain', when: { steps: { mend: 'skipped' } } },
    );
    expect(skipped(await eventsOf(plan, ['try']))).toEqual([['p/thank', 'step try is failed, not success or skipped'], ['p/chain', 'step mend is success, not skipped']]);
    expect(skipped(await eventsOf(plan))).toEqual([['p/mend', 'step try is success, not failed']]);
  });

  it('knows any and not', async () => {
    const events = await eventsOf(
      steps(
        { id: 'any', when: { any: [{ environment: 'production' }, { level: [1, 2] }] } },
        { id: 'not', when: { not: { environment: 'staging' } } },
        { id: 'runs', when: { any: [{ environment: 'production' }, { not: { level: 1 } }] } },
      ),
    );
    expect(skipped(events)).toEqual([
      ['p/any', 'environment is staging, not production, and level is 3, not 1 or 2'],
      ['p/not', 'what is under "not" holds'],
    ]);
  });

  it('asks about earlier steps only', () => {
    const world = new World(new FakeClock());
    for (const plan of [steps({ id: 'a', when: { steps: { b: 'success' } } }, { id: 'b' }), steps({ id: 'b', group: 'g' }, { id: 'a', group: 'g', when: { not: { steps: { b: 'failed' } } } })]) {
      expect(() => world.manager(plan)).toThrow('"b" is no step that has ended before this one');
    }
  });
});

describe('a budget', () => {
  it('is told once when it is exceeded, and stops nothing', async () => {
    const clock = new FakeClock();
    const world = new World(clock, { a: 45_000, b: 45_000 });
    const disk = new MemoryJournal();
    const manager = world.manager(steps({ id: 'a' }, { id: 'b' }), new CrashingJournal(disk, Infinity, 'before'));
    manager.registerPlan({ ...separationPlan(), id: 'p', target: 'shop', level: 1, estimatedDuration: '1m', steps: steps({ id: 'a' }, { id: 'b' }) });
    expect(await driveClock(clock, manager.executeRollback('p', context, { executionId: RUN }))).toMatchObject({ status: 'success' });
    const events = await disk.eventsOf(RUN);
    expect(events[0]).toMatchObject({ budgetMs: 60_000, estimatedMs: 60_000 });
    expect(events.filter(({ type }) => type === 'rollback-over-budget')).toEqual([{ type: 'rollback-over-budget', executionId: RUN, at: expect.any(Number) as number, budgetMs: 60_000, elapsedMs: 60_000 }]);
    expect(clock.sleeping).toBe(0);
  });

  it('counts the time in which nothing ran, and is not told twice after a restart', async () => {
    const clock = new FakeClock();
    const world = new World(clock, { a: 30_000 });
    const disk = new MemoryJournal();
    const plan = { ...separationPlan(), id: 'p', budget: '10s', steps: steps({ id: 'a' }, { id: 'b' }) };
    const first = world.manager([], new CrashingJournal(disk, 4, 'after'));
    first.registerPlan(plan);
    await driveClock(clock, first.executeRollback('p', context, { executionId: RUN })).catch(() => undefined);
    const second = world.manager([], new CrashingJournal(disk, Infinity, 'before'));
    second.registerPlan(plan);
    await driveClock(clock, second.resume(RUN));
    expect((await disk.eventsOf(RUN)).filter(({ type }) => type === 'rollback-over-budget')).toHaveLength(1);
  });

  it('within it nothing is said, and a wrong one is refused', async () => {
    const clock = new FakeClock();
    const disk = new MemoryJournal();
    const manager = new World(clock).manager(steps({ id: 'a' }), new CrashingJournal(disk, Infinity, 'before'));
    manager.registerPlan({ ...separationPlan(), id: 'p', budget: '10s', steps: steps({ id: 'a' }) });
    await driveClock(clock, manager.executeRollback('p', context, { executionId: RUN }));
    expect((await disk.eventsOf(RUN)).some(({ type }) => type === 'rollback-over-budget')).toBe(false);
    expect(clock.sleeping).toBe(0);
    expect(() => manager.registerPlan({ ...separationPlan(), budget: 'soon' })).toThrow('budget "soon" is no duration');
  });
});
