import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryJournal, RollbackManager } from '../../../src/index.js';
import { systemClock } from '../../../src/time/clock.js';
import { startJsonService } from '../../support/json-service.js';
import type { LineProcess } from '../../support/line-process.js';
import { separationPlan } from '../../support/separation-plan.js';
import { StepRunner } from '../../support/step-runner.js';
import { startUnleash, type UnleashServer } from '../../support/unleash-server.js';

let server: UnleashServer;
let shop: LineProcess;
let beta: number;
let count = 0;

beforeAll(async () => {
  server = await startUnleash();
  ({ id: beta } = (await server.admin('POST', '/segments', { name: 'beta', constraints: [{ contextName: 'plan', operator: 'IN', values: ['beta'] }] })) as { id: number });
  await server.admin('POST', '/segments', { name: 'unused', constraints: [] });
  shop = await server.startClient();
}, 60_000);
afterAll(async () => {
  await shop.stop();
  await server.stop();
});

const runner = (binding: Record<string, unknown> = {}): StepRunner =>
  new StepRunner({
    bindings: { featureFlags: { default: { type: 'unleash', url: server.url, environment: 'development', adminToken: server.adminToken, clientToken: server.clientToken, ...binding } } },
  });

const everybody = { name: 'flexibleRollout', parameters: { rollout: '100', stickiness: 'default', groupId: 'shop' } };
const betaOnly = (): Record<string, unknown> => ({ ...everybody, segments: [beta] });
const payersOnly = { ...everybody, constraints: [{ contextName: 'plan', operator: 'IN', values: ['paid'] }] };

/** A flag of its own for each test. */
async function flag(...strategies: Record<string, unknown>[]): Promise<string> {
  const name = `checkout-${String((count += 1))}`;
  await server.addFlag(name, strategies);
  await expect.poll(() => Promise.all(['paid', 'beta'].map((plan) => shop.ask(`${name} ${plan}`))), { timeout: 5_000 }).toContain('on');
  return name;
}
const strategiesOf = async (name: string): Promise<{ id: string; disabled: boolean }[]> => (await server.admin('GET', `/projects/default/features/${name}/environments/development/strategies`)) as { id: string; disabled: boolean }[];

describe('for everybody', () => {
  it('a flag goes off, an SDK client sees it by the time the step is done, and undo brings it back', async () => {
    const off = { flagKey: await flag(everybody), targetState: false };
    expect(await runner().describe('feature-flag', off)).toEqual({ summary: `flag ${off.flagKey} in Unleash ${server.url} (development): on → off`, before: 'on', after: 'off' });
    expect(await runner().state('feature-flag', off)).toBe('not-applied');
    const captured = await runner().capture('feature-flag', off);
    await runner().execute('feature-flag', off);
    await expect.poll(() => shop.ask(off.flagKey), { timeout: 2_000, interval: 50 }).toBe('off');
    expect(await runner().state('feature-flag', off)).toBe('applied');
    await runner().undo('feature-flag', off, captured);
    await expect.poll(() => shop.ask(off.flagKey), { timeout: 2_000, interval: 50 }).toBe('on');
    expect(await strategiesOf(off.flagKey)).toHaveLength(1);
  });

  it('a flag that is off already is left alone', async () => {
    const off = { flagKey: await flag(everybody), targetState: false };
    await runner().execute('feature-flag', off);
    const events = async (): Promise<unknown> => server.admin('GET', `/search/events?feature=IS%3A${off.flagKey}`);
    const before = await events();
    await runner().execute('feature-flag', off);
    expect(await events()).toEqual(before);
  });

  it('undo refuses where somebody has switched it meanwhile', async () => {
    const off = { flagKey: await flag(everybody), targetState: false };
    const captured = await runner().capture('feature-flag', off);
    await runner().execute('feature-flag', off);
    await server.admin('POST', `/projects/default/features/${off.flagKey}/environments/development/on`);
    await expect.poll(() => shop.ask(off.flagKey), { timeout: 5_000 }).toBe('on');
    // It is on again, as undo would have it: nothing is left to do.
    await runner().undo('feature-flag', off, captured);
    await expect(runner().undo('feature-flag', off, { enabled: false, disabled: {} })).rejects.toMatchObject({ code: 'state-drifted' });
    expect(await shop.ask(off.flagKey)).toBe('on');
  });
});

describe('for a segment', () => {
  it('its strategies are disabled, others are told as before, and undo enables exactly these again', async () => {
    const name = await flag(betaOnly(), payersOnly, { ...betaOnly(), disabled: true });
    const off = { flagKey: name, targetState: false, scope: 'segment', segment: 'beta' };
    expect((await runner().describe('feature-flag', off)).summary).toBe(`flag ${name} in Unleash ${server.url} (development) for segment beta: on → off`);
    const before = await strategiesOf(name);
    const captured = await runner().capture('feature-flag', off);
    await runner().execute('feature-flag', off);
    await expect.poll(() => shop.ask(`${name} beta`), { timeout: 2_000, interval: 50 }).toBe('off');
    expect(await shop.ask(`${name} paid`)).toBe('on');
    expect(await runner().state('feature-flag', off)).toBe('applied');
    await runner().undo('feature-flag', off, captured);
    await expect.poll(() => shop.ask(`${name} beta`), { timeout: 2_000, interval: 50 }).toBe('on');
    expect(await strategiesOf(name)).toEqual(before);
  });

  it('an environment that the server has switched off with the last strategy comes back with undo, and no strategy for everybody', async () => {
    const name = await flag(betaOnly());
    const off = { flagKey: name, targetState: false, scope: 'segment', segment: 'beta' };
    const captured = await runner().capture('feature-flag', off);
    await runner().execute('feature-flag', off);
    await expect.poll(() => shop.ask(`${name} beta`), { timeout: 2_000, interval: 50 }).toBe('off');
    await runner().undo('feature-flag', off, captured);
    await expect.poll(() => shop.ask(`${name} beta`), { timeout: 2_000, interval: 50 }).toBe('on');
    expect(await shop.ask(`${name} paid`)).toBe('off');
    await runner().execute('feature-flag', off);
    await runner().execute('feature-flag', { ...off, targetState: true });
    expect(await strategiesOf(name)).toHaveLength(1);
    await expect.poll(() => shop.ask(`${name} beta`), { timeout: 2_000, interval: 50 }).toBe('on');
  });

  it('refuses, before anything is changed, what would not do what it says', async () => {
    const name = await flag(betaOnly(), everybody);
    const off = { flagKey: name, targetState: false, scope: 'segment', segment: 'beta' };
    await expect(runner().execute('feature-flag', off)).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringContaining('is for everybody, the segment beta included') as string });
    await expect(runner().execute('feature-flag', { ...off, segment: 'gamma' })).rejects.toMatchObject({ code: 'provider-refused', message: 'Unleash has no segment "gamma"' });
    await expect(runner().execute('feature-flag', { ...off, segment: 'unused' })).rejects.toThrow(`flag ${name} in development has no strategy with the segment unused`);
    await expect(runner().execute('feature-flag', { ...off, segment: undefined })).rejects.toMatchObject({ code: 'parameter-missing' });
    await expect(runner().execute('feature-flag', { ...off, scope: 'beta' })).rejects.toMatchObject({ code: 'parameter-invalid' });
    await expect(runner().execute('feature-flag', { ...off, scope: 'global' })).rejects.toMatchObject({ code: 'parameter-invalid' });
    expect((await strategiesOf(name)).map(({ disabled }) => disabled)).toEqual([false, false]);
    await runner().execute('feature-flag', { flagKey: name, targetState: false });
    await server.admin('PATCH', `/projects/default/features/${name}/environments/development/strategies/${(await strategiesOf(name))[0]!.id}`, [{ op: 'replace', path: '/disabled', value: true }]);
    await expect(runner().execute('feature-flag', { ...off, targetState: true })).rejects.toThrow('would switch it on for others as well');
  });
});

describe('errors', () => {
  it.each([
    ['a wrong admin token', { adminToken: '*:*.wrong' }, 'provider-refused', /^Unleash: GET .* answered 401, the token is not accepted: /],
    ['a client token of another environment', { clientToken: '*:development.wrong' }, 'state-not-as-wanted', /Unleash for clients: GET .*\/api\/client\/features answered 401, the token is not accepted/],
    ['a client token where the admin\'s belongs', { adminToken: '*:development.client-secret' }, 'provider-refused', /answered 403, the token may not do this/],
    ['an environment that there is not', { environment: 'nowhere' }, 'provider-refused', /Could not find environment nowhere|has no environment nowhere; it has development, production/],
    ['a project that there is not', { project: 'nowhere' }, 'provider-refused', /answered 404.*but there's a feature with that name in project/],
    ['a server that is down', { url: 'http://127.0.0.1:1' }, 'provider-unreachable', /ECONNREFUSED/],
  ])('%s', async (_what, binding, code, message) => {
    const off = { flagKey: await flag(everybody), targetState: false };
    const failure: unknown = await runner(binding).execute('feature-flag', off).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(String(failure)).not.toMatch(/wrong|secret/);
    expect(await runner(binding).state('feature-flag', off)).toBe('unknown');
  });

  it.each(['unknown', '; rm -rf /', '$(reboot)', '--flag', '../../../admin/user', 'a/../b', 'two\nlines', 'x'.repeat(4_000)])('the flag %j is not known', async (flagKey) => {
    await expect(runner().execute('feature-flag', { flagKey, targetState: false })).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringMatching(/answered 40[04]/) as string });
  });

  it('a flag key that would change the address is refused', async () => {
    await expect(runner().execute('feature-flag', { flagKey: '..', targetState: false })).rejects.toMatchObject({ code: 'parameter-invalid' });
  });

  it.each([
    ['answers 503 at first', 'sick', /answered 503: not now/],
    ['does not answer at first', 'silent', /timed out after 2 seconds/],
  ])('a server that %s is asked again as the plan declares, and the step succeeds', async (_what, how, firstError) => {
    const name = await flag(everybody);
    let isWell = false;
    // In front of the real server: what is asked up to the end of the first attempt goes wrong.
    const front = await startFront(server.url, () => isWell, how === 'sick');
    const manager = new RollbackManager({ clock: systemClock, journal: new MemoryJournal() });
    manager.registerExecutor('feature-flag', runner({ url: front.url }).executor('feature-flag'));
    manager.registerPlan({
      ...separationPlan(),
      id: 'off',
      steps: [{ id: 'off', name: 'Off', description: '', type: 'feature-flag', parameters: { flagKey: name, targetState: false }, timeout: 2, retryPolicy: { maxAttempts: 2, backoffMultiplier: 1 } }],
    });
    const running = manager.executeRollback('off', { environment: 'staging', trigger: 'manual', metadata: {} }, { executionId: 'run' });
    const told = (): string => (manager.getRollbackStatus('run')?.steps[0]?.logs ?? []).map(({ message, details }) => `${message} ${JSON.stringify(details ?? {})}`).join('\n');
    await expect.poll(told, { timeout: 15_000, interval: 50 }).toContain('Attempt 1 of rollback step failed');
    expect(told()).toMatch(firstError);
    isWell = true;
    const execution = await running;
    expect(execution.status).toBe('success');
    await expect.poll(() => shop.ask(name), { timeout: 2_000, interval: 50 }).toBe('off');
    await front.close();
  });

  it('a server that does not answer is given up when the time is over', async () => {
    const silent = await startJsonService(() => undefined);
    const started = performance.now();
    await expect(runner({ url: silent.url }).execute('feature-flag', { flagKey: 'x', targetState: false }, AbortSignal.timeout(200))).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(performance.now() - started).toBeLessThan(2_000);
    await silent.close();
  });

  it('clients that are never told fail the step, which says so', async () => {
    const name = await flag(everybody);
    const stale = await startJsonService(() => ({ status: 200, body: { features: [{ name, enabled: true, strategies: [] }] } }));
    await expect(runner({ clientUrl: stale.url }).execute('feature-flag', { flagKey: name, targetState: false }, AbortSignal.timeout(3_000))).rejects.toMatchObject({
      code: 'state-not-as-wanted',
      message: expect.stringContaining('it is off, but clients are still told on') as string,
    });
    await stale.close();
  });
});

/** Hands requests on to a real server once it is well; until then it answers 503, or not at all. */
async function startFront(target: string, isWell: () => boolean, answers: boolean): Promise<{ url: string; close(): Promise<void> }> {
  const front = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      if (!isWell()) {
        if (answers) response.writeHead(503).end('{"message":"not now"}');
        return;
      }
      const { authorization = '' } = incoming.headers;
      const spec = incoming.headers['unleash-client-spec'];
      const body = Buffer.concat(chunks).toString();
      void fetch(target + incoming.url!, { method: incoming.method!, headers: { authorization, 'content-type': 'application/json', ...(typeof spec === 'string' ? { 'unleash-client-spec': spec } : {}) }, ...(body === '' ? {} : { body }) }).then(async (answer) =>
        response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text()),
      );
    });
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((front.address() as AddressInfo).port)}`,
    async close() {
      front.closeAllConnections();
      await new Promise((resolve) => front.close(resolve));
    },
  };
}
