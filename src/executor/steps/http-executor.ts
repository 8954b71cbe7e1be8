import type { RollbackContext, RollbackStep } from '../../rollback/rollback-plan.js';
import type { RollbackStepExecutor, StepDescription } from '../../rollback/step-executor.js';
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
}
