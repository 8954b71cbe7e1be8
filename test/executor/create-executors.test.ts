import { expect, it } from 'vitest';
import { bindingsSchema } from '../../src/executor/bindings.js';
import { createExecutors } from '../../src/executor/create-executors.js';
import { stepTypes } from '../../src/rollback/rollback-plan.js';
import { systemClock } from '../../src/time/clock.js';

it('gives every step type an executor that the manager can see listening to its signal', () => {
  const executors = createExecutors({
    bindings: bindingsSchema.parse({}),
    directory: '/nonexistent',
    clock: systemClock,
    checkRunner: { run: () => Promise.reject(new Error('no check is expected')) },
    planNotifier: { enqueue: () => Promise.resolve() },
    approvalGate: { ask: () => Promise.reject(new Error('nobody is asked here')), describe: () => 'nobody' },
  });
  // A default value for the signal would end the count, and the work that it stops would be waited for a second only.
  expect(stepTypes.filter((type) => (executors.get(type)?.execute.length ?? 0) < 3)).toEqual([]);
});
