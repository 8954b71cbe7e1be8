import { readFile } from 'node:fs/promises';
import { afterEach, expect, it } from 'vitest';
import type { StatusView } from '../../src/http/guard-api.js';
import { BelayProcess } from '../support/belay-process.js';
import { journalOf } from '../support/journal-file.js';

const second = 1_000;
let belay: BelayProcess | undefined;

afterEach(() => belay?.stop());

it('the undo of a level 4 asks once, and is carried out once, though the daemon is killed whenever something of it has become durable', { timeout: 120 * second }, async () => {
  const daemon = (belay = await BelayProcess.start({
    'belay.yaml': {
      environment: 'test',
      mode: 'enforce',
      store: 'sqlite:./belay.db',
      targets: { shop: {} },
      configurations: { shop: { type: 'file', path: 'shop.env' } },
      people: { ana: { groups: ['oncall'] } },
      policy: { approvals: { level4: { anyOf: ['oncall'], timeout: '10m' } } },
      http: { auth: { tokens: [{ name: 'ana', role: 'approver', token: '${env:BELAY_TOKEN}' }] } },
    },
    'shop.env': 'LIMIT=10\nBURST=10\n',
    'plans/shop.yaml': {
      id: 'back', name: 'All back', target: 'shop', level: 4,
      steps: ['LIMIT', 'BURST'].map((item) => ({ id: item, name: item, type: 'configuration', parameters: { service: 'shop', configItems: { [item]: '5' } }, timeout: 10 })),
      verification: { checks: [{ type: 'command', name: 'file', command: ['test', '-s', 'shop.env'] }], hold: '200ms', timeout: '5s', interval: '100ms' },
    },
  }, { BELAY_TOKEN: 'a-token-of-ana-for-this-test' }));
  const configuration = (): Promise<string> => readFile(`${daemon.directory}/shop.env`, 'utf8');
  const count = (type: string): number => journalOf(daemon.directory).filter((event) => event.type === type).length;
  const asked = async (): Promise<StatusView['approvals']> => (await daemon.get<StatusView>('/api/v1/status')).approvals;
  /** Kills the daemon once there is one more line of this type than there was. */
  const killedAfter = async (type: string, before: number): Promise<void> => {
    await daemon.until(type, 20 * second, () => Promise.resolve(count(type) > before ? true : undefined));
    await daemon.end('SIGKILL');
    await daemon.start();
  };

  const { executionId, approvalId } = JSON.parse((await daemon.cli('rollback', 'back', '--reason', 'wrong', '--json')).stdout) as { executionId: string; approvalId: string };
  expect(await daemon.cli('approve', approvalId)).toMatchObject({ code: 0 });
  await daemon.until('it is rolled back', 20 * second, async () => ((await daemon.incidents())[0]?.status === 'recovered' ? true : undefined));
  expect(await configuration()).toBe('LIMIT=5\nBURST=5\n');
  const [answers, rungs, attempts] = [count('approval-answered'), count('rung-started'), count('step-attempt-started')];

  const undo = await daemon.cli('undo', executionId, '--reason', 'it was not that');
  expect(undo).toMatchObject({ code: 0, stderr: expect.stringMatching(/nothing has started: it takes one of oncall by .*\nto approve: belay approve approval-/) as string });
  await daemon.end('SIGKILL');
  await daemon.start();
  expect(await asked()).toMatchObject([{ id: undo.stdout.trim(), undoes: executionId, planId: 'back' }]);
  expect((await daemon.cli('status')).stdout).toContain('the undo of plan back waits for one of oncall');
  expect(await daemon.cli('approve', undo.stdout.trim())).toMatchObject({ code: 0 });
  await killedAfter('approval-answered', answers);
  await killedAfter('rung-started', rungs);
  await killedAfter('step-attempt-started', attempts);
  const incident = await daemon.incident('over', 30 * second, ({ status }) => status === 'recovered');

  expect(incident).toMatchObject({ approvals: [{ status: 'approved', answers: [{ by: 'ana', way: 'cli' }] }], rungs: [{ undoes: executionId, outcome: 'success' }] });
  expect(await configuration()).toBe('LIMIT=10\nBURST=10\n');
  expect([count('rung-started'), count('approval-requested'), count('rollback-ended')]).toEqual([rungs + 1, 2, 2]);
});
