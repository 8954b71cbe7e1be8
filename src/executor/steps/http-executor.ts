import { BelayError } from '../../fault/belay-error.js';
import type { RollbackContext, RollbackStep } from '../../rollback/rollback-plan.js';
import type { RollbackStepExecutor, StepDescription } from '../../rollback/step-executor.js';
import type { HttpCall } from '../calls/http-call.js';
import { readParameters } from '../read-parameters.js';
import { withoutCredentials } from '../calls/exchange.js';
import { sendRequest } from '../calls/send-request.js';

/** Sends one request, whose answer's status says whether it did what was asked. */
export class HttpExecutor implements RollbackStepExecutor {
  async execute(step: RollbackStep, _context: RollbackContext, told?: AbortSignal): Promise<void> {
    const signal = told ?? new AbortController().signal;
    signal.throwIfAborted();
    await sendRequest(readParameters('http', step), undefined, signal);
  }

  describe(step: RollbackStep): Promise<StepDescription> {
    const { method, url } = readParameters('http', step);
    return Promise.resolve({ summary: `send ${method} ${withoutCredentials(url)}` });
  }

  /** Nothing tells what a request has overwritten; with an `undo`, it is enough to know that it was sent. */
  capture(step: RollbackStep): Promise<unknown> {
    return Promise.resolve(readParameters('http', step).undo === undefined ? undefined : { sent: true });
  }

  /** Sends the step's `undo`. */
  undoing(): RollbackStepExecutor {
    const undoOf = (step: RollbackStep): HttpCall => {
      const { undo, method, url } = readParameters('http', step);
      if (undo === undefined) throw new BelayError('undo-impossible', `${method} ${withoutCredentials(url)} declares no undo`);
      return undo;
    };
    return {
      execute: async (step, _context, told) => {
        await sendRequest(undoOf(step), undefined, told ?? new AbortController().signal);
      },
      // Async for what it throws.
      // eslint-disable-next-line @typescript-eslint/require-await
      describe: async (step) => {
        const { method, url } = undoOf(step);
        return { summary: `send ${method} ${withoutCredentials(url)}` };
      },
    };
  }
}
