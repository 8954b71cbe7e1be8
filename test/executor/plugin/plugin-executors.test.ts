import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { bindingsSchemaWith } from '../../../src/executor/bindings.js';
import { PluginHost } from '../../../src/executor/plugin/plugin-host.js';
import { withPlugins } from '../../../src/executor/plugin/plugin-executors.js';
import { RollbackManager } from '../../../src/rollback/rollback-manager.js';
import type { RollbackExecution } from '../../../src/rollback/rollback-execution.js';
import type { WrittenRollbackPlan } from '../../../src/rollback/rollback-plan.js';
import { Redactor } from '../../../src/secret/redactor.js';
import { hostileValues } from '../../support/hostile-values.js';
import { carriers } from '../../support/processes.js';
import { context, stepOf } from '../../support/step-runner.js';
import { pluginProgram } from '../../support/programs.js';

const host = new PluginHost({ program: pluginProgram });
const secrets = { readEnv: () => 's3cr3t-of-the-cache', readFile: () => 's3cr3t-of-the-cache' };

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'belay-plugin-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));
const read = (file: string): Promise<string> => readFile(join(directory, file), 'utf8');

/** Stands for Belay's own executors. */
const own = new Map([['deployment', { execute: () => Promise.reject(new Error('left to Belay')) }]]);

/** A manager with the step types of one plugin, whose module is given. */
async function managerWith(code: string, bindings: object = {}): Promise<RollbackManager> {
  const file = join(directory, 'plugin.mjs');
  await writeFile(file, code);
  const plugins = [await host.load(file)];
  const manager = new RollbackManager({ secrets, redactor: new Redactor() });
  for (const [type, executor] of withPlugins(own, { plugins, host, bindings: bindingsSchemaWith(plugins).parse(bindings), directory })) manager.registerExecutor(type, executor);
  return manager;
}

function plan(type: string, parameters: Record<string, unknown>, timeout = 30): WrittenRollbackPlan {
  return { id: 'p', name: 'P', description: '', phase: '', dependencies: [], estimatedDuration: 0, steps: [{ id: 's', name: 'S', description: '', type, parameters, timeout }] };
}

async function run(manager: RollbackManager, wanted: WrittenRollbackPlan): Promise<RollbackExecution> {
  manager.registerPlan(wanted);
  return manager.executeRollback('p', context);
}

const file = `
import { readFileSync, writeFileSync } from 'node:fs';
const value = () => readFileSync('value', 'utf8');
export const to = (wanted) => ({
  subject: 'the value', wanted,
  read: async () => ({ state: value() === wanted ? 'applied' : 'not-applied', actual: value() }),
  apply: async () => writeFileSync('value', wanted),
  restoring: (captured) => to(captured),
});
`;

it('describes, applies, reads back, captures and puts back a state, whatever it prints', async () => {
  await writeFile(join(directory, 'value'), 'old');
  const manager = await managerWith(`${file}
    export default { steps: { 'set-value': {
      parameters: { type: 'object', properties: { value: { type: 'string' } }, required: ['value'] },
      change({ parameters, context, directory }) {
        console.log('a line for nobody'); process.stdout.write('{"value":"forged"}');
        if (!directory || context.environment !== 'staging') throw new Error('not told where');
        return to(parameters.value);
      } } } };`);
  manager.registerPlan(plan('set-value', { value: 'new' }));
  const [described] = await manager.describePlan('p', context);
  expect(described?.description).toEqual({ summary: 'the value: old → new', before: 'old', after: 'new' });
  const { id, status } = await manager.executeRollback('p', context);
  expect([status, await read('value')]).toEqual(['success', 'new']);
  expect(await manager.undo(id, context)).toMatchObject({ status: 'success' });
  expect(await read('value')).toBe('old');

  const again = await manager.executeRollback('p', context);
  await writeFile(join(directory, 'value'), 'by hand');
  await expect(manager.undo(again.id, context)).rejects.toMatchObject({ code: 'state-drifted' });
});

it('carries out an entry of belay.yaml of its type, with its settings', async () => {
  await writeFile(join(directory, 'value'), 'v2');
  const manager = await managerWith(
    `${file} export default { deployments: { nomad: { settings: { type: 'object', properties: { prefix: { type: 'string', default: 'release ' } } }, change: ({ settings, parameters }) => to(settings.prefix + parameters.version) } } };`,
    { deployments: { shop: { type: 'nomad' }, cart: { type: 'http', deploy: { url: 'http://127.0.0.1:9/' }, current: { url: 'http://127.0.0.1:9/' } } } },
  );
  expect(await run(manager, plan('deployment', { service: 'shop', version: 'v1', environment: 'staging' }))).toMatchObject({ status: 'success' });
  expect(await read('value')).toBe('release v1');
  expect(await run(manager, plan('deployment', { service: 'cart', version: 'v1', environment: 'staging' }))).toMatchObject({ status: 'failed', error: expect.stringContaining('left to Belay') as string });
});

it('lets an executor of its own do what it can, and no more', async () => {
  const manager = await managerWith(`import { appendFileSync } from 'node:fs';
    export default { steps: { page: { executor: {
      async execute(step) { appendFileSync('log', step.parameters.who ?? 'nobody'); },
      async capture() { return 'before'; },
      undoing: (captured) => ({ execute: async () => appendFileSync('log', ' undone ' + captured) }),
    } } } };`);
  await expect(run(manager, plan('page', { who: 'ana' }))).resolves.toMatchObject({ status: 'failed', error: expect.stringContaining('Unrecognized key: "who"') as string });
  expect(existsSync(join(directory, 'log'))).toBe(false);
  const { id, status } = await run(manager, plan('page', {}));
  expect(status).toBe('success');
  await manager.undo(id, context);
  expect(await read('log')).toBe('nobody undone before');
});

it('ends for good what does not stop in time, deaf loops included', async () => {
  const manager = await managerWith(`import { writeFileSync } from 'node:fs';
    export default { steps: { spin: { executor: { async execute() { writeFileSync('pid', String(process.pid)); for (;;); } } } } };`);
  const { status, error } = await run(manager, plan('spin', {}, 8));
  expect([status, error]).toEqual(['failed', expect.stringMatching(/timed out|timeout/i)]);
  const pid = Number(await read('pid'));
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), 20_000);
});

it('is ended by the next start where Belay dies in the middle of it', async () => {
  const file = join(directory, 'plugin.mjs');
  await writeFile(file, `import { writeFileSync } from 'node:fs'; export default { steps: { spin: { executor: { async execute() { writeFileSync('pid', String(process.pid)); for (;;); } } } } };`);
  const plugins = [await host.load(file)];
  const executor = withPlugins(own, { plugins, host, bindings: bindingsSchemaWith(plugins).parse({}), directory }).get('spin')!;
  const running = executor.execute(stepOf('spin', {}), context, AbortSignal.timeout(60_000), { id: 'attempt-of-the-dead', executionId: 'e', stepKey: 'p/s', number: 1 });
  const failed = expect(running).rejects.toThrow('ended its process (SIGKILL)');
  await vi.waitFor(() => expect(existsSync(join(directory, 'pid'))).toBe(true), 30_000);
  await executor.sweep!('attempt-of-the-dead');
  await failed;
  expect(carriers('BELAY_ATTEMPT_ID=attempt-of-the-dead')).toEqual([]);
});

it('gets values as they are, whatever they hold', async () => {
  const values = hostileValues.map(([, value]) => value);
  const manager = await managerWith(`import { writeFileSync } from 'node:fs';
    export default { steps: { keep: { parameters: { type: 'object', properties: { values: { type: 'array', items: { type: 'string' } } } }, executor: { async execute(step) { writeFileSync('values', JSON.stringify(step.parameters.values)); } } } } };`);
  expect(await run(manager, plan('keep', { values }))).toMatchObject({ status: 'success' });
  expect(JSON.parse(await read('values'))).toEqual(values);
});

it('hears of the end of its time', async () => {
  const manager = await managerWith(`import { writeFileSync } from 'node:fs';
    export default { steps: { slow: { executor: { execute: (step, context, signal) => new Promise((resolve, reject) => {
      setInterval(() => undefined, 1_000);
      signal.addEventListener('abort', () => { writeFileSync('told', signal.reason.message); reject(signal.reason); });
    }) } } } };`);
  expect(await run(manager, plan('slow', {}, 8))).toMatchObject({ status: 'failed' });
  expect(await read('told')).toBe('it was told to stop');
});

it.each([
  ['throws', `throw new TypeError('no such zone')`, /TypeError: no such zone/],
  ['throws what is no error', `throw 'tired'`, /tired/],
  ['ends the process', `console.error('out of luck'); process.exit(7)`, /the plugin plugin\.mjs ended its process \(exit code 7\) without an answer: out of luck/],
  ['dies of what nobody awaits', `setTimeout(() => { throw new Error('later') }); await new Promise((resolve) => setTimeout(resolve, 5_000))`, /ended its process \(exit code 1\).*later/s],
  ['says a secret', `throw new Error('refused: ' + step.parameters.token)`, /^(?!.*s3cr3t).*refused/s],
])('fails the step and nothing else where the plugin %s', async (_what, code, words) => {
  const manager = await managerWith(`export default { steps: { odd: { parameters: { type: 'object', properties: { token: { type: 'string' } } }, executor: { async execute(step) { ${code}; } } } } };`);
  const { status, error } = await run(manager, plan('odd', { token: '${env:CACHE_TOKEN}' }));
  expect([status, error]).toEqual(['failed', expect.stringMatching(words)]);
});

it('knows nothing of the environment of Belay', async () => {
  process.env['BELAY_TEST_SECRET'] = 'only-for-belay';
  try {
    const manager = await managerWith(`import { writeFileSync } from 'node:fs'; export default { steps: { look: { executor: { async execute() { writeFileSync('env', JSON.stringify(process.env)); } } } } };`);
    await run(manager, plan('look', {}));
    expect(await read('env')).toContain('"BELAY_ATTEMPT_ID"');
    expect(await read('env')).not.toContain('only-for-belay');
  } finally {
    delete process.env['BELAY_TEST_SECRET'];
  }
});

it('takes zod schemas, what JSON Schema cannot say included', async () => {
  await writeFile(join(directory, 'value'), '');
  const zod = new URL('../../../node_modules/zod/index.js', import.meta.url).href;
  const manager = await managerWith(`import { z } from '${zod}'; ${file}
    export default { steps: { double: { parameters: z.object({ n: z.number().refine((n) => n % 2 === 0, 'must be even').transform((n) => String(n * 2)), why: z.string().optional() }), change: ({ parameters }) => to(parameters.n) } } };`);
  expect(await run(manager, plan('double', { n: 3 }))).toMatchObject({ status: 'failed', error: expect.stringContaining('parameters.n: must be even') as string });
  expect(await run(manager, plan('double', { n: 4, wy: 'slip' }))).toMatchObject({ status: 'failed', error: expect.stringContaining('wy') as string });
  expect(await run(manager, plan('double', { n: 4 }))).toMatchObject({ status: 'success' });
  expect(await read('value')).toBe('8');
});
