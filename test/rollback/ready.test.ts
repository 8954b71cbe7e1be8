import { expect, it } from 'vitest';
import { MemoryJournal } from '../../src/rollback/memory-journal.js';
import { RollbackManager } from '../../src/rollback/rollback-manager.js';
import type { RollbackStepExecutor } from '../../src/rollback/step-executor.js';

const context = { environment: 'test', trigger: 'manual', metadata: {} } as const;

function manager(ready: NonNullable<RollbackStepExecutor['ready']>, journal = new MemoryJournal()): { manager: RollbackManager; done: string[] } {
  const done: string[] = [];
  const rollbacks = new RollbackManager({ journal });
  rollbacks.registerExecutor('plain', { execute: async (step) => void done.push(step.id), describe: async () => ({ summary: 'plain' }) });
  rollbacks.registerExecutor('careful', { execute: async (step) => void done.push(step.id), describe: async () => ({ summary: 'a → b' }), ready });
  const step = (id: string, type: string) => ({ id, name: id, description: '', type, parameters: {}, timeout: 5 });
  rollbacks.registerPlan({ id: 'plan', name: 'Plan', description: '', phase: '', dependencies: [], estimatedDuration: 1, steps: [step('first', 'plain'), step('data', 'careful')] });
  return { manager: rollbacks, done };
}

it('every step is asked before the first one begins, and one that refuses keeps the plan from beginning', async () => {
  const { manager: rollbacks, done } = manager(() => Promise.reject(new Error('the backup is too old')));
  const execution = await rollbacks.executeRollback('plan', context);
  expect([execution.status, execution.error, execution.steps, done]).toEqual(['failed', 'Failed at step: data - Error: the backup is too old; nothing has been begun', [], []]);
});

it('a label stays inside its place in the address of an http step, of its undo, and of a check', async () => {
  const rollbacks = new RollbackManager();
  const seen: unknown[] = [];
  for (const type of ['http', 'check', 'other']) rollbacks.registerExecutor(type, { execute: async ({ parameters }) => void seen.push(parameters) });
  const parameters = { url: 'http://h/${labels.name}', undo: { url: 'http://h/undo/${labels.name}' }, note: '${labels.name}' };
  rollbacks.registerPlan({ id: 'plan', name: 'Plan', description: '', phase: '', dependencies: [], estimatedDuration: 1, steps: ['http', 'check', 'other'].map((type) => ({ id: type, name: type, description: '', type, parameters, timeout: 5 })) });
  await rollbacks.executeRollback('plan', { ...context, metadata: { labels: { name: 'a/../b?c' } } });
  const encoded = { url: 'http://h/a%2F..%2Fb%3Fc', undo: { url: 'http://h/undo/a%2F..%2Fb%3Fc' }, note: 'a/../b?c' };
  expect(seen).toEqual([encoded, encoded, { url: 'http://h/a/../b?c', undo: { url: 'http://h/undo/a/../b?c' }, note: 'a/../b?c' }]);
});

it('one that agrees lets it begin, and is not asked again before later steps', async () => {
  let asked = 0;
  const { manager: rollbacks, done } = manager(async () => `asked ${(asked += 1)} times`);
  expect((await rollbacks.executeRollback('plan', context)).status).toBe('success');
  expect([asked, done]).toEqual([1, ['first', 'data']]);
});

it('a dry run and a plan that is only looked at say what would be found', async () => {
  const fine = manager(async () => 'the backup is verified').manager;
  const planned = await fine.describePlan('plan', context);
  expect(planned.map(({ description }) => description?.summary)).toEqual(['plain', 'a → b; the backup is verified']);
  const journal = new MemoryJournal();
  const refusing = manager(() => Promise.reject(new Error('too old')), journal);
  const execution = await refusing.manager.executeRollback('plan', context, { dryRun: true, executionId: 'dry' });
  expect([execution.status, refusing.done]).toEqual(['success', []]);
  expect(JSON.stringify(await journal.eventsOf('dry'))).toContain('a → b; the plan would not begin: Error: too old');
});

it('a cancel while it is asked begins nothing', async () => {
  const cancel = new AbortController();
  const { manager: rollbacks, done } = manager(async () => {
    cancel.abort();
    return 'fine';
  });
  const execution = await rollbacks.executeRollback('plan', context, { signal: cancel.signal });
  expect([execution.status, done]).toEqual(['failed', []]);
});
