import { describe, expect, it } from 'vitest';
import { MemoryJournal, type RollbackContext, type RollbackEvent, RollbackManager, type RollbackManagerOptions, type RollbackStepExecutor, type WrittenRollbackPlan } from '../../src/index.js';
import { driveClock } from '../support/drive-clock.js';
import { FakeClock } from '../support/fake-clock.js';
import { separationPlan } from '../support/separation-plan.js';

const context: RollbackContext = { environment: 'staging', trigger: 'manual', metadata: {} };

/** Settles when the signal aborts, as an executor must. */
function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
}

/** One plan `p`, its steps of type `work`, on a clock that the test moves. */
function bench(steps: Partial<WrittenRollbackPlan['steps'][number]>[], executor: RollbackStepExecutor, options: RollbackManagerOptions = {}) {
  const clock = new FakeClock();
  const journal = new MemoryJournal();
  const manager = new RollbackManager({ clock, journal, random: () => 0.5, ...options });
  manager.registerExecutor('work', executor);
  manager.registerPlan({
    ...separationPlan(),
    id: 'p',
    steps: steps.map((step, index) => ({ id: `s${index + 1}`, name: `Step ${index + 1}`, description: '', type: 'work', parameters: {}, timeout: 30, ...step })),
  });
  const events = (type: RollbackEvent['type']): Promise<RollbackEvent[]> => journal.eventsOf('run').then((all) => all.filter((event) => event.type === type));
  const start = (signal?: AbortSignal) => manager.executeRollback('p', context, { executionId: 'run', ...(signal === undefined ? {} : { signal }) });
  return { clock, journal, manager, events, start };
}

describe('retries', () => {
  it('come after 1 s, then back off by the multiplier, and the first attempt counts', async () => {
    const startedAt: number[] = [];
    const { clock, start } = bench([{ retryPolicy: { maxAttempts: 4, backoffMultiplier: 3 } }], {
      execute: async () => {
        startedAt.push(clock.now());
        throw new Error(`no ${startedAt.length}`);
      },
    });
    const execution = await driveClock(clock, start(), 100);
    expect(startedAt.map((at) => at - startedAt[0]!)).toEqual([0, 1_000, 4_000, 13_000]);
    expect(execution).toMatchObject({ status: 'failed', error: 'Failed at step: s1 - Error: no 4' });
    expect(execution.steps[0]?.logs.map(({ level, message }) => `${level} ${message}`)).toEqual([
      'info Starting rollback step: Step 1',
      'warn Attempt 1 of rollback step failed: Step 1',
      'info Starting attempt 2 of rollback step: Step 1',
      'warn Attempt 2 of rollback step failed: Step 1',
      'info Starting attempt 3 of rollback step: Step 1',
      'warn Attempt 3 of rollback step failed: Step 1',
      'info Starting attempt 4 of rollback step: Step 1',
      'error Failed to execute rollback step: Step 1',
    ]);
    expect(clock.sleeping).toBe(0);
  });

  it.each([
    [0, 800],
    [0.999_999, 1_200],
  ])('spread by a fifth either way (random %d)', async (random, delayMs) => {
    const { clock, events, start } = bench(
      [{ retryPolicy: { maxAttempts: 2, backoffMultiplier: 1 } }],
      { execute: async () => Promise.reject(new Error('no')) },
      { random: () => random },
    );
    const startAt = clock.now();
    await driveClock(clock, start());
    expect((await events('step-attempt-failed'))[0]).toMatchObject({ retryAt: startAt + delayMs });
  });

  it('stop at the attempt that succeeds', async () => {
    let runs = 0;
    const { clock, start } = bench([{ retryPolicy: { maxAttempts: 5, backoffMultiplier: 1 } }, {}], {
      execute: async (step) => {
        if (step.id === 's1' && ++runs < 3) throw new Error('not yet');
      },
    });
    expect(await driveClock(clock, start())).toMatchObject({ status: 'success', steps: [{ status: 'success' }, { status: 'success' }] });
    expect(runs).toBe(3);
  });

  it('give each attempt its own id, the same that the journal holds', async () => {
    const seen: unknown[] = [];
    const { clock, events, start } = bench([{ retryPolicy: { maxAttempts: 2, backoffMultiplier: 1 } }], {
      execute: async (_step, _context, _signal, attempt) => {
        seen.push(attempt?.id);
        expect(attempt).toMatchObject({ executionId: 'run', stepKey: 'p/s1', number: seen.length });
        throw new Error('no');
      },
    });
    await driveClock(clock, start());
    expect((await events('step-attempt-started')).map((event) => 'attemptId' in event && event.attemptId)).toEqual(seen);
    expect(new Set(seen).size).toBe(2);
  });
});

describe('continueOnError', () => {
  it('lets the plan go on, and leaves the step failed', async () => {
    const { clock, start } = bench([{ continueOnError: true }, {}], {
      execute: async (step) => {
        if (step.id === 's1') throw new Error('no matter');
      },
    });
    expect(await driveClock(clock, start())).toMatchObject({ status: 'success', steps: [{ status: 'failed', error: 'Error: no matter' }, { status: 'success' }] });
  });
});

describe('timeouts', () => {
  it.each([
    [30, '30'],
    [0.5, '0.5'],
    ['1m30s', '90'],
  ])('of %j abort the attempt with the reason, and fail the step', async (timeout, seconds) => {
    let reason: unknown;
    const { clock, start } = bench([{ timeout }, {}], {
      execute: async (_step, _context, signal) => {
        signal?.addEventListener('abort', () => void (reason = signal.reason));
        await untilAborted(signal);
      },
    });
    const startAt = clock.now();
    const execution = await driveClock(clock, start(), 500);
    expect(execution).toMatchObject({ status: 'failed', error: `Failed at step: s1 - Error: Step s1 timed out after ${seconds} seconds`, steps: { length: 1 } });
    expect(execution.steps[0]!.endTime!.getTime() - startAt).toBe(Number(seconds) * 1_000);
    expect(reason).toMatchObject({ code: 'step-timeout' });
    expect(clock.sleeping).toBe(0);
  });

  it('wait until the work has really stopped before the next attempt', async () => {
    let atWork = 0;
    let mostAtWork = 0;
    let runs = 0;
    const { clock, start } = bench([{ timeout: 10, retryPolicy: { maxAttempts: 2, backoffMultiplier: 1 } }], {
      execute: async (_step, _context, signal) => {
        mostAtWork = Math.max(mostAtWork, ++atWork);
        if (++runs === 1) {
          await untilAborted(signal).catch(() => undefined);
          await clock.sleepUntil(clock.now() + 4_000);
        }
        atWork -= 1;
      },
    });
    expect(await driveClock(clock, start())).toMatchObject({ status: 'success' });
    expect([runs, mostAtWork]).toEqual([2, 1]);
  });

  it.each<[string, number, (work: () => Promise<void>) => RollbackStepExecutor['execute']]>([
    ['ignores the signal', 5, (work) => async (_step, _context, signal) => {
      signal?.throwIfAborted();
      await work();
    }],
    ['takes no signal', 1, (work) => () => work()],
  ])('end a step whose executor %s after %i s of grace, never start it again, and do not lose its late end', async (_name, grace, executeWith) => {
    let runs = 0;
    let release: (error: Error) => void = () => undefined;
    const { clock, start, events, manager } = bench([{ timeout: 10, retryPolicy: { maxAttempts: 3, backoffMultiplier: 1 } }], {
      execute: executeWith(() => {
        runs += 1;
        return new Promise((_, reject) => (release = reject));
      }),
    });
    const startAt = clock.now();
    const execution = await driveClock(clock, start());
    expect(execution.status).toBe('failed');
    expect(execution.error).toContain('Step s1 timed out after 10 seconds');
    expect(execution.error).toContain(`it has not stopped ${grace}s after it was told to`);
    expect(execution.endTime!.getTime() - startAt).toBe(10_000 + grace * 1_000);

    release(new Error('gave up at last'));
    await clock.advance(60_000);
    expect(runs).toBe(1);
    expect(await events('attempt-settled-late')).toMatchObject([{ stepKey: 'p/s1', error: 'Error: gave up at last' }]);
    expect(manager.getRollbackStatus('run')?.steps[0]?.logs.at(-1)).toMatchObject({ level: 'warn', details: { error: 'Error: gave up at last' } });
    expect(execution.steps[0]?.logs.at(-1)?.level).toBe('error');
  });

  it('count as failed even where the executor resolves while it is being stopped', async () => {
    const { clock, start } = bench([{ timeout: 1 }], { execute: async (_step, _context, signal) => {
        signal?.throwIfAborted();
        await clock.sleepUntil(clock.now() + 3_000);
      } });
    expect(await driveClock(clock, start())).toMatchObject({ status: 'failed', error: 'Failed at step: s1 - Error: Step s1 timed out after 1 seconds' });
  });

  it('park a step that is not idempotent instead of trying it again', async () => {
    let runs = 0;
    const { clock, manager, start } = bench([{ idempotent: false, timeout: 10, retryPolicy: { maxAttempts: 3, backoffMultiplier: 1 } }, {}], {
      execute: async (_step, _context, signal) => {
        runs += 1;
        await untilAborted(signal);
      },
    });
    const execution = await driveClock(clock, start());
    expect(execution).toMatchObject({ status: 'failed', error: expect.stringMatching(/Step s1 timed out after 10 seconds.*look at its real state/) as string });
    expect([runs, manager.getRollbackOutcome('run')]).toEqual([1, 'parked']);
  });
});

describe('cancelling', () => {
  it('before the first step runs nothing', async () => {
    let runs = 0;
    const { manager, start } = bench([{}], { execute: async () => void (runs += 1) });
    expect(await start(AbortSignal.abort())).toMatchObject({ status: 'failed', error: 'Cancelled before step: s1 - cancelled', steps: [] });
    expect([runs, manager.getRollbackOutcome('run')]).toEqual([0, 'cancelled']);
  });

  it('stops the running attempt, waits for it, and tries nothing again', async () => {
    const cancel = new AbortController();
    let stopped = false;
    let runs = 0;
    const { clock, manager, journal, start } = bench([{ retryPolicy: { maxAttempts: 3, backoffMultiplier: 1 } }, {}], {
      execute: async (_step, _context, signal) => {
        runs += 1;
        await untilAborted(signal).catch(() => undefined);
        await clock.sleepUntil(clock.now() + 2_000);
        stopped = true;
        throw new Error('killed');
      },
    });
    const running = start(cancel.signal);
    await clock.advance(5_000);
    cancel.abort(new Error('by ana'));
    await clock.advance(1_000);
    // Durable at once, though the attempt is still winding down.
    expect((await journal.eventsOf('run')).at(-1)).toMatchObject({ type: 'cancel-requested', reason: 'cancelled: by ana' });
    expect(manager.getRollbackStatus('run')?.status).toBe('in_progress');

    const execution = await driveClock(clock, running);
    expect(stopped).toBe(true);
    expect(execution).toMatchObject({ status: 'failed', error: 'Cancelled at step: s1 - Error: cancelled: by ana', steps: [{ status: 'failed', error: 'Error: cancelled: by ana' }] });
    expect([runs, manager.getRollbackOutcome('run'), clock.sleeping]).toEqual([1, 'cancelled', 0]);
  });

  it('ends even where the executor ignores it', async () => {
    const cancel = new AbortController();
    const { clock, start } = bench([{ timeout: '1h' }], { execute: async (_step, _context, signal) => {
          signal?.throwIfAborted();
          await new Promise(() => undefined);
        } });
    const running = start(cancel.signal);
    await clock.advance(1_000);
    cancel.abort('maintenance');
    const execution = await driveClock(clock, running);
    expect(execution.error).toMatch(/^Cancelled at step: s1 - Error: cancelled: maintenance; it has not stopped 5s after/);
  });

  it('ends the wait for a retry at once', async () => {
    const cancel = new AbortController();
    let runs = 0;
    const { clock, start } = bench([{ retryPolicy: { maxAttempts: 3, backoffMultiplier: 1 } }], {
      execute: async () => {
        runs += 1;
        throw new Error('no');
      },
    });
    const running = start(cancel.signal);
    await clock.advance(500);
    cancel.abort();
    await clock.advance(0);
    expect(await running).toMatchObject({ status: 'failed', error: 'Cancelled at step: s1 - Error: no', endTime: new Date(clock.now()) });
    expect([runs, clock.sleeping]).toEqual([1, 0]);
  });

  it('that comes too late for the last step leaves a success', async () => {
    const cancel = new AbortController();
    const { start } = bench([{}], { execute: async () => cancel.abort() });
    expect(await start(cancel.signal)).toMatchObject({ status: 'success' });
  });

  it('between steps keeps what was done and begins nothing more', async () => {
    const cancel = new AbortController();
    const { start } = bench([{}, {}], { execute: async () => cancel.abort() });
    expect(await start(cancel.signal)).toMatchObject({ status: 'failed', error: 'Cancelled before step: s2 - cancelled', steps: [{ stepId: 's1', status: 'success' }] });
  });

  it('that comes while the beginning of an attempt is being written begins nothing', async () => {
    const halt = new AbortController();
    const journal = new MemoryJournal();
    const slow = {
      append: async (event: RollbackEvent) => {
        await journal.append(event);
        if (event.type === 'step-attempt-started') halt.abort(new Error('paused by ana'));
      },
      eventsOf: (id: string) => journal.eventsOf(id),
      unfinished: () => journal.unfinished(),
      undosOf: (id: string) => journal.undosOf(id),
    };
    let runs = 0;
    const { clock, manager } = bench([{ retryPolicy: { maxAttempts: 3, backoffMultiplier: 2 } }], { execute: async () => void (runs += 1) }, { journal: slow });
    await driveClock(clock, manager.executeRollback('p', context, { executionId: 'run', halt: halt.signal }));
    expect(runs).toBe(0);
    expect((await journal.eventsOf('run')).map((event) => event.type)).toEqual(['rollback-started', 'step-attempt-started', 'cancel-requested', 'step-attempt-failed', 'step-failed', 'rollback-ended']);
  });
});

describe('drain', () => {
  it('lets the attempt under way end, begins nothing more, and leaves the rest for resume', async () => {
    const ran: string[] = [];
    const executor: RollbackStepExecutor = {
      execute: async (step) => {
        await clock.sleepUntil(clock.now() + 5_000);
        ran.push(step.id);
      },
    };
    const { clock, journal, manager, start } = bench([{}, {}], executor);
    const running = start();
    await clock.advance(1_000);
    const drained = manager.drain();
    await driveClock(clock, drained);
    expect(await running).toMatchObject({ status: 'in_progress', endTime: null });
    expect(ran).toEqual(['s1']);
    await expect(start()).rejects.toMatchObject({ code: 'conflict' });

    const next = new RollbackManager({ clock, journal });
    next.registerExecutor('work', executor);
    expect(await driveClock(clock, next.resume('run'))).toMatchObject({ status: 'success' });
    expect(ran).toEqual(['s1', 's2']);
  });

  it('ends the wait for a retry, which is still kept after the restart', async () => {
    const startedAt: number[] = [];
    const executor: RollbackStepExecutor = {
      execute: async () => {
        startedAt.push(clock.now());
        if (startedAt.length === 1) throw new Error('no');
      },
    };
    const { clock, journal, manager, start } = bench([{ retryPolicy: { maxAttempts: 2, backoffMultiplier: 1 } }], executor);
    const running = start();
    await clock.advance(200);
    await manager.drain();
    expect(await running).toMatchObject({ status: 'in_progress' });

    const next = new RollbackManager({ clock, journal });
    next.registerExecutor('work', executor);
    expect(await driveClock(clock, next.resume('run'), 100)).toMatchObject({ status: 'success' });
    expect(startedAt[1]! - startedAt[0]!).toBe(1_000);
  });
});
