import type { Decision } from '../decision/decision.js';
import { errorText } from '../fault/belay-error.js';
import type { RollbackContext } from '../rollback/rollback-plan.js';
import type { RollbackManager } from '../rollback/rollback-manager.js';
import type { Clock } from '../time/clock.js';

/** What nothing waits for must not hold the target up. */
const LOOK_LIMIT_MS = 5_000;

/** What each step of a plan would do now, read from the real state within a few seconds; nothing where that cannot be told. */
export async function wouldDo(
  planId: string,
  context: RollbackContext,
  { rollbacks, clock, stopping }: { readonly rollbacks: Pick<RollbackManager, 'describePlan'>; readonly clock: Clock; readonly stopping: AbortSignal },
): Promise<NonNullable<Decision['wouldDo']>> {
  const over = new AbortController();
  const late = clock.sleepUntil(clock.now() + LOOK_LIMIT_MS, over.signal).then(
    () => over.abort(new Error('it took too long')),
    () => undefined,
  );
  try {
    const steps = await rollbacks.describePlan(planId, context, { signal: AbortSignal.any([over.signal, stopping]) });
    return steps.map(({ step, description, error }) => ({ step: step.name, summary: description?.summary ?? `cannot be told: ${error ?? 'no reason given'}` }));
  } catch (error) {
    return [{ step: planId, summary: `cannot be told: ${errorText(error)}` }];
  } finally {
    over.abort();
    await late;
  }
}
