import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RollbackEvent } from '../../src/index.js';
import { type AttemptEnd, attemptEnded, type Finding, interruptedAttemptEnded } from '../../src/rollback/attempt-end.js';
import { executionRecord } from '../../src/rollback/execution-record.js';
import { applyEvent, foldExecution } from '../../src/rollback/execution-state.js';
import { nextMove } from '../../src/rollback/next-move.js';

/** What the world answers to one move. */
interface Answer {
  readonly end: AttemptEnd | 'crash';
  readonly finding: Finding | 'crash';
  readonly describes: boolean;
  readonly cancels: boolean;
  readonly random: number;
}

const answer: fc.Arbitrary<Answer> = fc.record({
  end: fc.oneof(
    { weight: 3, arbitrary: fc.constant<AttemptEnd>({ type: 'done' }) },
    { weight: 3, arbitrary: fc.constant<AttemptEnd>({ type: 'threw', error: 'Error: no' }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('timed-out' as const), settled: fc.boolean(), graceMs: fc.constant(5_000) }) },
    { weight: 3, arbitrary: fc.constant('crash' as const) },
  ),
  finding: fc.oneof(
    fc.record({ type: fc.constant('state' as const), state: fc.constantFrom('applied' as const, 'not-applied' as const, 'unknown' as const) }),
    fc.constant<Finding>({ type: 'not-swept', error: 'Error: still there' }),
    fc.constant('crash' as const),
  ),
  describes: fc.boolean(),
  cancels: fc.integer({ min: 0, max: 19 }).map((die) => die === 0),
  random: fc.double({ min: 0, max: 0.999, noNaN: true }),
});

const step = fc.record({
  maxAttempts: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  continueOnError: fc.boolean(),
  idempotent: fc.constantFrom(true, false, undefined),
});

const BACKOFF = 2;

function started(steps: readonly { maxAttempts: number | undefined; continueOnError: boolean; idempotent: boolean | undefined }[], dryRun: boolean): RollbackEvent {
  return {
    type: 'rollback-started',
    executionId: 'x',
    at: 0,
    planId: 'p',
    planName: 'P',
    dryRun,
    context: { environment: 'e', trigger: 'manual', metadata: {} },
    steps: steps.map(({ maxAttempts, ...rest }, index) => ({
      key: `p/${index}`,
      planId: 'p',
      step: {
        id: String(index),
        name: `Step ${index}`,
        description: '',
        type: 'work',
        parameters: {},
        timeout: 10,
        ...rest,
        retryPolicy: maxAttempts === undefined ? undefined : { maxAttempts, backoffMultiplier: BACKOFF },
      },
    })),
  };
}

/** Plays an execution against the answers; when those run out, everything works. */
function play(first: RollbackEvent, answers: readonly Answer[]): RollbackEvent[] {
  const events = [first];
  let state = foldExecution(events);
  let now = 0;
  const left = answers[Symbol.iterator]();
  const add = (event: RollbackEvent): void => {
    events.push(event);
    state = applyEvent(state, event);
  };
  for (let turn = 0; turn < 500; turn += 1) {
    const next: Answer = left.next().value ?? { end: { type: 'done' }, finding: { type: 'state', state: 'not-applied' }, describes: true, cancels: false, random: 0.5 };
    if (next.cancels && state.end === undefined) add({ type: 'cancel-requested', executionId: 'x', at: now, reason: 'cancelled' });
    const move = nextMove(state, now);
    const base = { executionId: 'x', at: now };
    switch (move.type) {
      case 'finished':
        return events;
      case 'record':
        add(move.event);
        break;
      case 'wait':
        expect(move.until).toBeGreaterThan(now);
        now = move.until ?? now;
        break;
      case 'describe':
        add(next.describes ? { ...base, type: 'step-described', stepKey: move.step.key, description: { summary: 's' } } : { ...base, type: 'step-failed', stepKey: move.step.key, error: 'Error: no', continued: true });
        break;
      case 'attempt':
        add({ ...base, type: 'step-attempt-started', stepKey: move.step.key, attempt: move.attempt, attemptId: `${move.step.key}#${events.length}` });
        now += 10;
        if (next.end !== 'crash') add(attemptEnded(state, move.step.key, next.end, now, next.random));
        break;
      case 'examine':
        if (next.finding !== 'crash') add(interruptedAttemptEnded(state, move.step.key, next.finding, now));
        break;
    }
    // What is read back from a journal is what was in memory.
    expect(JSON.parse(JSON.stringify(foldExecution(JSON.parse(JSON.stringify(events)) as RollbackEvent[])))).toEqual(JSON.parse(JSON.stringify(state)));
  }
  throw new Error('the execution does not end');
}

type StepEvents = Extract<RollbackEvent, { stepKey: string }>[];

function eventsByStep(events: readonly RollbackEvent[]): Map<string, StepEvents> {
  const byStep = new Map<string, StepEvents>();
  for (const event of events) {
    if (!('stepKey' in event)) continue;
    byStep.set(event.stepKey, [...(byStep.get(event.stepKey) ?? []), event]);
  }
  return byStep;
}

const isEnd = (event: RollbackEvent): boolean => event.type === 'step-succeeded' || event.type === 'step-failed' || event.type === 'step-parked' || event.type === 'step-described';

describe('an execution, whatever happens to it', () => {
  const played = fc.tuple(fc.array(step, { minLength: 0, maxLength: 4 }), fc.array(answer, { maxLength: 60 }));

  it('ends once, runs steps in order, and never touches a step again after its end', () => {
    fc.assert(
      fc.property(played, ([steps, answers]) => {
        const events = play(started(steps, false), answers);
        expect(events.filter(({ type }) => type === 'rollback-ended')).toHaveLength(1);
        expect(events.at(-1)?.type).toBe('rollback-ended');

        const order = events.flatMap((event) => ('stepKey' in event ? [event.stepKey] : []));
        expect(order).toEqual([...order].sort());
        for (const ofStep of eventsByStep(events).values()) {
          expect(ofStep.filter(isEnd)).toHaveLength(1);
          expect(isEnd(ofStep.at(-1)!)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('counts attempts without a gap, those cut off by a crash beside maxAttempts, and no more than three of these', () => {
    fc.assert(
      fc.property(played, ([steps, answers]) => {
        const events = play(started(steps, false), answers);
        for (const [key, ofStep] of eventsByStep(events)) {
          const maxAttempts = steps[Number(key.slice(2))]?.maxAttempts ?? 1;
          const attempts = ofStep.flatMap((event) => (event.type === 'step-attempt-started' ? [event] : []));
          expect(attempts.map(({ attempt }) => attempt)).toEqual(attempts.map((_, index) => index + 1));
          const interruptions = ofStep.filter((event) => event.type === 'step-attempt-failed' && event.interrupted).length;
          // One that was cancelled is closed instead of parked.
          expect(interruptions).toBeLessThanOrEqual(events.some(({ type }) => type === 'cancel-requested') ? 3 : 2);
          // The last attempt may have been cut off too, and the step parked for it.
          expect(attempts.length - interruptions).toBeLessThanOrEqual(maxAttempts);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('backs off within the jitter, and never tries again what may still be at work or may not be repeated', () => {
    fc.assert(
      fc.property(played, ([steps, answers]) => {
        const events = play(started(steps, false), answers);
        for (const [key, ofStep] of eventsByStep(events)) {
          let interruptions = 0;
          for (const event of ofStep) {
            if (event.type !== 'step-attempt-failed') continue;
            if (event.interrupted === true) interruptions += 1;
            if (event.error.includes('may still be at work') || (event.timedOut && steps[Number(key.slice(2))]?.idempotent === false)) expect(event.retryAt).toBeUndefined();
            if (event.retryAt === undefined || event.interrupted === true) continue;
            const nominalMs = 1_000 * BACKOFF ** (event.attempt - interruptions - 1);
            expect(event.retryAt - event.at).toBeGreaterThanOrEqual(nominalMs * 0.8 - 1);
            expect(event.retryAt - event.at).toBeLessThanOrEqual(nominalMs * 1.2 + 1);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is a success exactly where every step succeeded or was let go', () => {
    fc.assert(
      fc.property(played, ([steps, answers]) => {
        const events = play(started(steps, false), answers);
        const ends = events.filter(isEnd);
        const good = ends.length === steps.length && ends.every((end) => end.type === 'step-succeeded' || (end.type === 'step-failed' && end.continued));
        const last = events.at(-1);
        expect(last?.type === 'rollback-ended' && last.outcome === 'success').toBe(good);
        const record = executionRecord(events);
        expect(record.status).toBe(good ? 'success' : 'failed');
        expect(record.error === undefined).toBe(good);
        expect(record.steps.every(({ status, endTime }) => status !== 'in_progress' && endTime !== null)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('that is dry attempts and waits for nothing, and describes every step unless it is cancelled', () => {
    fc.assert(
      fc.property(played, ([steps, answers]) => {
        const events = play(started(steps, true), answers);
        expect(events.filter(({ type }) => type === 'step-attempt-started')).toEqual([]);
        if (!events.some(({ type }) => type === 'cancel-requested')) {
          expect(events.at(-1)).toMatchObject({ outcome: 'would-have', at: 0 });
          expect(events.filter(isEnd)).toHaveLength(steps.length);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('foldExecution', () => {
  it('refuses what is not one execution', () => {
    const first = started([], false);
    expect(() => foldExecution([])).toThrow(expect.objectContaining({ code: 'conflict' }) as Error);
    expect(() => foldExecution([{ type: 'rollback-resumed', executionId: 'x', at: 0 }])).toThrow(/rollback-resumed/);
    expect(() => foldExecution([first, first])).toThrow(/started twice/);
    expect(() => foldExecution([first, { type: 'step-succeeded', executionId: 'x', at: 0, stepKey: 'p/9', how: 'executed' }])).toThrow(/no step p\/9/);
  });
});
