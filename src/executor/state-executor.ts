import { isDeepStrictEqual } from 'node:util';
import { BelayError, errorText } from '../fault/belay-error.js';
import type { RollbackContext, RollbackStep } from '../rollback/rollback-plan.js';
import type { RollbackStepExecutor, StepAttempt, StepDescription, StepState } from '../rollback/step-executor.js';
import type { Clock } from '../time/clock.js';
import { sweepAttempt } from '../process/run-command.js';

/** What was found: whether it is as wanted, and, where it can be said, what it is. */
export interface Reading {
  readonly state: StepState;
  readonly actual?: unknown;
  /** Why it could not be told, for people. */
  readonly problem?: string | undefined;
  /** Asking again would tell nothing else: the token is not accepted. */
  readonly isFinal?: boolean | undefined;
}

/** What an effect needs of the attempt that it belongs to. */
export interface Effort {
  readonly signal: AbortSignal;
  readonly attemptId?: string | undefined;
  /** Hears what the effect prints, where it prints something. */
  readonly onOutput?: ((text: string) => void) | undefined;
}

/** One real state that a step wants to be otherwise. */
export interface StateChange {
  /** For people: `flag new-checkout in flags.json`. */
  readonly subject: string;
  readonly wanted: unknown;
  /** Looks at the real state and changes nothing. May throw: that is `unknown`. */
  read(signal: AbortSignal): Promise<Reading>;
  /** What must hold before the plan of this step begins, said for people; throws where it does not. Has no effect. */
  ready?(effort: Effort): Promise<string>;
  /** Makes the change. */
  apply(effort: Effort): Promise<void>;
  /** A reload. It follows even where the state was there already, because nothing tells whether it has been reloaded since. */
  readonly follow?: ((effort: Effort) => Promise<void>) | undefined;
  /** What follows, for people; `reload` unless told. */
  readonly following?: string | undefined;
  /** Reads what `apply` is about to overwrite, as plain data without secrets; without it, what `read` finds. */
  capture?(signal: AbortSignal): Promise<unknown>;
  /** The change that puts back what was captured; absent where it cannot be put back. */
  restoring?(captured: unknown): StateChange;
  /** Of a change that puts back: throws `state-drifted` where what is to be replaced has been changed in a way that no `read` tells. */
  mustBeUntouched?(signal: AbortSignal): Promise<void>;
  /** The effect takes time: the state is read again and again, until the step's timeout. */
  readonly settles?: boolean | undefined;
}

/** Whether what is read now is what came out of the journal. */
export function isAsCaptured(actual: unknown, captured: unknown): boolean {
  return isDeepStrictEqual(actual === undefined ? undefined : JSON.parse(JSON.stringify(actual)), captured);
}

/** A change that is allowed only as long as nobody else has been at the state. */
interface GuardedChange extends StateChange {
  /** Throws `state-drifted` where the state is neither what the earlier change had made of it nor what is to be put back. */
  refuseDrift?(signal: AbortSignal): Promise<void>;
}

const SETTLE_POLL_MS = 500;
const FORBIDDING: ReadonlySet<unknown> = new Set([401, 403]);

/**
 * Brings a state about: looks, returns where it is as wanted already, makes the change, and looks again. A first look
 * that fails does not stop the step, since what is broken often cannot say how it is; the last look must succeed.
 */
export class StateExecutor implements RollbackStepExecutor {
  readonly #changeOf: (step: RollbackStep, context: RollbackContext) => GuardedChange;
  readonly #clock: Clock;

  constructor(changeOf: (step: RollbackStep, context: RollbackContext) => GuardedChange, clock: Clock) {
    this.#changeOf = changeOf;
    this.#clock = clock;
  }

  async execute(step: RollbackStep, context: RollbackContext, told?: AbortSignal, attempt?: StepAttempt): Promise<void> {
    const signal = told ?? new AbortController().signal;
    signal.throwIfAborted();
    const change = this.#changeOf(step, context);
    const effort = { signal, attemptId: attempt?.id, onOutput: attempt?.output };
    const before = await look(change, signal);
    if (before.state !== 'applied') {
      await change.refuseDrift?.(signal);
      await change.apply(effort);
    }
    await change.follow?.(effort);
    if (before.state !== 'applied' || change.follow !== undefined) await this.#readBack(change, signal);
  }

  async describe(step: RollbackStep, context: RollbackContext, signal: AbortSignal): Promise<StepDescription> {
    const change = this.#changeOf(step, context);
    const { state, actual, problem } = await look(change, signal);
    if (state !== 'applied') await change.refuseDrift?.(signal);
    const found = actual === undefined ? (problem ?? state) : valueText(actual);
    const text = state === 'applied' ? `already ${valueText(change.wanted)}` : `${found} → ${valueText(change.wanted)}`;
    return { summary: `${change.subject}: ${text}${change.follow === undefined ? '' : `, then ${change.following ?? 'reload'}`}`, before: actual, after: change.wanted };
  }

  async ready(step: RollbackStep, context: RollbackContext, signal: AbortSignal): Promise<string | undefined> {
    return await this.#changeOf(step, context).ready?.({ signal });
  }

  async state(step: RollbackStep, context: RollbackContext, signal: AbortSignal): Promise<StepState> {
    const change = this.#changeOf(step, context);
    const { state, problem } = await change.read(signal);
    if (state === 'unknown' && problem !== undefined) throw new BelayError('provider-refused', `${change.subject}: ${problem}`);
    return state === 'applied' && change.follow !== undefined ? 'unknown' : state;
  }

  async capture(step: RollbackStep, context: RollbackContext, signal: AbortSignal): Promise<unknown> {
    const change = this.#changeOf(step, context);
    if (change.restoring === undefined) throw cannotPutBack(change);
    const captured = await captureOf(change, signal);
    if (captured === undefined) throw new BelayError('provider-refused', `${change.subject}: what is there could not be told`);
    return captured;
  }

  undoing(captured: unknown, left?: unknown): StateExecutor {
    return new StateExecutor((step, context) => puttingBack(this.#changeOf(step, context), captured, left), this.#clock);
  }

  async sweep(attemptId: string): Promise<void> {
    await sweepAttempt(attemptId);
  }

  async #readBack(change: StateChange, signal: AbortSignal): Promise<void> {
    for (;;) {
      const reading = await look(change, signal);
      if (reading.state === 'applied') return;
      if (change.settles !== true || reading.isFinal === true) throw notAsWanted(change, reading);
      try {
        await this.#clock.sleepUntil(this.#clock.now() + SETTLE_POLL_MS, signal);
      } catch (error) {
        // The time is over: what was found last tells more than that it is over.
        throw notAsWanted(change, reading, error);
      }
    }
  }
}

/**
 * The opposite of a change. It is made only while the state is what the change had made of it, or what it had left where
 * it did not succeed; its reload follows as that of the change did.
 */
function puttingBack(change: StateChange, captured: unknown, left: unknown): GuardedChange {
  if (change.restoring === undefined) throw cannotPutBack(change);
  const back = change.restoring(captured);
  return {
    ...back,
    follow: back.follow ?? change.follow,
    async refuseDrift(signal) {
      const { state, actual, problem } = await look(change, signal);
      if (state === 'applied') {
        await back.mustBeUntouched?.(signal);
        return;
      }
      if (left !== undefined && isAsCaptured(await captureOf(change, signal).catch(() => undefined), left)) return;
      signal.throwIfAborted();
      const found = actual === undefined ? (problem ?? state) : valueText(actual);
      const expected = left === undefined ? valueText(change.wanted) : `as the rollback had left it (${valueText(left)})`;
      throw new BelayError('state-drifted', `${change.subject}: it is no longer ${expected} but ${found}, so ${valueText(back.wanted)} is not put back over it`, {
        context: { expected: left ?? change.wanted, actual: actual ?? state },
      });
    },
  };
}

function cannotPutBack({ subject }: StateChange): BelayError {
  return new BelayError('undo-impossible', `${subject}: this cannot be put back`);
}

async function captureOf(change: StateChange, signal: AbortSignal): Promise<unknown> {
  return change.capture === undefined ? (await change.read(signal)).actual : await change.capture(signal);
}

/** Reads the state; what goes wrong is `unknown` with its reason, except for the signal, which is thrown. */
async function look(change: StateChange, signal: AbortSignal): Promise<Reading> {
  try {
    return await change.read(signal);
  } catch (error) {
    signal.throwIfAborted();
    return { state: 'unknown', problem: errorText(error), isFinal: error instanceof BelayError && FORBIDDING.has(error.context['status']) };
  }
}

function notAsWanted(change: StateChange, { actual, problem, state }: Reading, cause?: unknown): BelayError {
  const found = actual === undefined ? (problem ?? state) : valueText(actual);
  return new BelayError('state-not-as-wanted', `${change.subject}: wanted ${valueText(change.wanted)}, found ${found}`, {
    context: { expected: change.wanted, actual: actual ?? state },
    cause,
  });
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
