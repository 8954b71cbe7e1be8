import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { demoEnvironment } from '../../src/demo/demo-environment.js';
import { shipBadChange } from '../../src/demo/shop/bad-change.js';
import { askHealth } from '../../src/demo/shop/deployment.js';
import { git } from '../../src/demo/shop/git.js';
import { bindingsSchema } from '../../src/executor/bindings.js';
import { createExecutors } from '../../src/executor/create-executors.js';
import type { RollbackContext, RollbackPlan, RollbackStep } from '../../src/rollback/rollback-plan.js';
import { systemClock } from '../../src/time/clock.js';
import { shopctlProgram } from '../support/programs.js';
import { startTestShop, type TestShop } from '../support/test-shop.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const context: RollbackContext = { environment: 'demo', trigger: 'automatic', triggeredBy: 'belay', metadata: {} };
let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop();
  await shipBadChange(shop.layout, shop.url);
});

afterAll(() => shop.stop());

/** belay.yaml's own bindings, on this shop; its tool is the one of these sources. */
function executors(): ReturnType<typeof createExecutors> {
  const environment = demoEnvironment({ home: shop.layout.home, listen: '127.0.0.1:0', layout: shop.layout, shopUrl: shop.url, slackUrl: '', smtpUrl: '' });
  const text = readFileSync(`${root}belay.yaml`, 'utf8')
    .replaceAll(/\$\{env:(\w+)\}/g, (_reference, name: string) => environment[name]!)
    .replaceAll('dist/demo/shop/shopctl.js', shopctlProgram);
  const { featureFlags, deployments, configurations } = parse(text) as Record<string, unknown>;
  return createExecutors({
    bindings: bindingsSchema.parse({ featureFlags, deployments, configurations }),
    directory: root,
    clock: systemClock,
    checkRunner: { run: () => Promise.reject(new Error('no check belongs to these steps')) },
    planNotifier: { enqueue: () => Promise.reject(new Error('no notification belongs to these steps')) },
    approvalGate: { ask: () => Promise.reject(new Error('nobody is asked here')), describe: () => 'nobody' },
  });
}

function step(plan: string, id: string): RollbackStep {
  const { steps } = parse(readFileSync(`${root}plans/${plan}.yaml`, 'utf8').replaceAll('${context.environment}', context.environment)) as RollbackPlan;
  return steps.find((candidate) => candidate.id === id)!;
}

it('does the steps of both plans on the real shop, and reads them back', async () => {
  const all = executors();
  const signal = AbortSignal.timeout(50_000);
  for (const [plan, id] of [['shop-flag-off', 'new-checkout-off'], ['shop-release-back', 'release-v1'], ['shop-release-back', 'configuration-v1']] as const) {
    const wanted = step(plan, id);
    const executor = all.get(wanted.type)!;
    expect(await executor.state!(wanted, context, signal), id).toBe('not-applied');
    await executor.execute(wanted, context, signal);
    expect(await executor.state!(wanted, context, signal), id).toBe('applied');
  }
  await vi.waitFor(async () => expect(await askHealth(shop.url)).toMatchObject({ version: 'v1', status: 'healthy', flags: { 'new-checkout': false } }), 5_000);
  expect(await git(shop.layout.configuration, 'diff', '--name-only', 'config-v1', 'HEAD')).toBe('');
});
