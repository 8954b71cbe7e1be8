import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { CommandExecutor } from '../../../src/executor/steps/command-executor.js';
import { RollbackManager } from '../../../src/rollback/rollback-manager.js';
import { plan } from '../../support/guard-rig.js';

test('what a command of a step prints is heard with the attempt that it belongs to', async () => {
  const heard: unknown[] = [];
  const manager = new RollbackManager({ onOutput: (of, text) => heard.push([of, text]) });
  manager.registerExecutor('command', new CommandExecutor(tmpdir()));
  const talks = { id: 'talk', name: 'talk', description: '', type: 'command', parameters: { command: ['echo', 'hello'] }, timeout: 10 };
  manager.registerPlan(plan('p', 1, { steps: [talks] }));
  const { id } = await manager.executeRollback('p', { environment: 'test', trigger: 'manual', metadata: {} });
  expect(heard).toEqual([[{ executionId: id, stepKey: 'p/talk', number: 1 }, 'hello\n']]);
});
