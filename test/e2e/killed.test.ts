import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Incident, RungStep } from '../../src/incident/incident.js';
import { BelayProcess } from '../support/belay-process.js';
import { carriers, isAlive, waitFor } from '../support/processes.js';

const second = 1_000;
let belay: BelayProcess | undefined;

afterEach(async () => {
  await belay?.stop();
  belay = undefined;
});

/**
 * A deployment that takes its time: it writes a line at its beginning, waits until `go` is there, and only then
 * switches the version.
 */
const slowDeploy = `
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
const [, , verb, version] = process.argv;
if (verb === 'current') process.stdout.write(readFileSync('version.txt', 'utf8'));
else {
  appendFileSync('begun.txt', process.pid + '\\n');
  while (!existsSync('go')) await new Promise((resolve) => setTimeout(resolve, 20));
  writeFileSync('version.txt', version);
}
`;

const note = (file: string): string[] => [process.execPath, '-e', `require('node:fs').appendFileSync(${JSON.stringify(file)}, 'x')`];
const step = (id: string, type: string, parameters: object, changes: object = {}): object => ({ id, name: id, description: '', type, parameters, timeout: 60, ...changes });

async function guarded(steps: readonly object[]): Promise<BelayProcess> {
  belay = await BelayProcess.start({
    'belay.yaml': {
      environment: 'test',
      mode: 'enforce',
      store: 'sqlite:./belay.db',
      deployments: { shop: { type: 'command', deploy: [process.execPath, 'deploy.mjs', 'deploy', '${version}'], current: [process.execPath, 'deploy.mjs', 'current'] } },
    },
    'plans/back.yaml': { id: 'back', name: 'Back', description: '', phase: 'initial-separation', dependencies: [], estimatedDuration: 1, steps },
    'deploy.mjs': slowDeploy,
    'version.txt': 'v2',
  });
  return belay;
}

const inFolder = (file: string): string => join(belay?.directory ?? '', file);
const text = (file: string): Promise<string> => readFile(inFolder(file), 'utf8');
const steps = ({ rungs }: Incident): readonly RungStep[] => rungs[0]?.steps ?? [];
const isOver = (incident: Incident): boolean => incident.rungs[0]?.outcome !== undefined;

describe('kill -9 in the middle of a step', () => {
  const plan = [step('before', 'command', { command: note('before.txt') }), step('deploy', 'deployment', { service: 'shop', version: 'v1', environment: 'test' }), step('after', 'command', { command: note('after.txt') })];

  it('looks at the real state, runs the step again when it is not there, and nothing that succeeded twice', async () => {
    const daemon = await guarded(plan);
    expect((await daemon.post('/api/v1/rollbacks', { plan: 'back', reason: 'test' })).status).toBe(202);
    await waitFor(() => existsSync(inFolder('begun.txt')));
    expect(await daemon.end('SIGKILL')).toBe('SIGKILL');
    const orphan = Number((await text('begun.txt')).trim());
    expect(isAlive(orphan)).toBe(true);
    await daemon.start();
    await daemon.until('the step is begun anew', 20 * second, async () => ((await text('begun.txt')).trim().split('\n').length === 2 ? true : undefined));
    // What the killed daemon had left running is gone before anything is run again.
    expect(isAlive(orphan)).toBe(false);
    await writeFile(inFolder('go'), '');
    const incident = await daemon.incident('over', 20 * second, isOver);
    expect(steps(incident).map(({ status }) => status)).toEqual(['success', 'success', 'success']);
    expect([await text('before.txt'), await text('after.txt'), await text('version.txt')]).toEqual(['x', 'x', 'v1']);
  });

  it('does not run the step again when the wanted state is there already', async () => {
    const daemon = await guarded(plan);
    await daemon.post('/api/v1/rollbacks', { plan: 'back', reason: 'test' });
    await waitFor(() => existsSync(inFolder('begun.txt')));
    await daemon.end('SIGKILL');
    await writeFile(inFolder('version.txt'), 'v1');
    await daemon.start();
    const incident = await daemon.incident('over', 20 * second, isOver);
    expect(steps(incident)).toMatchObject([{ status: 'success' }, { status: 'success', alreadySo: true }, { status: 'success' }]);
    expect((await text('begun.txt')).trim().split('\n')).toHaveLength(1);
    expect([await text('before.txt'), await text('after.txt')]).toEqual(['x', 'x']);
  });

  it('parks a step that is not idempotent and whose outcome is unknown, and asks a person', async () => {
    const daemon = await guarded([step('once', 'command', { command: [process.execPath, '-e', "require('node:fs').appendFileSync('once.txt', 'x'); setTimeout(() => {}, 60000)"] }, { idempotent: false })]);
    await daemon.post('/api/v1/rollbacks', { plan: 'back', reason: 'test' });
    await waitFor(() => existsSync(inFolder('once.txt')));
    await daemon.end('SIGKILL');
    await daemon.start();
    const incident = await daemon.incident('parked', 20 * second, ({ status }) => status === 'needs-human');
    expect(steps(incident)).toMatchObject([{ status: 'parked' }]);
    expect(incident.needsHuman?.reason).toBe('step-parked');
    expect(await text('once.txt')).toBe('x');
  });
});

describe('SIGTERM', () => {
  it('lets the step in hand end, exits 0, and goes on at the next start', async () => {
    const daemon = await guarded([step('deploy', 'deployment', { service: 'shop', version: 'v1', environment: 'test' }), step('after', 'command', { command: note('after.txt') })]);
    await daemon.post('/api/v1/rollbacks', { plan: 'back', reason: 'test' });
    await waitFor(() => existsSync(inFolder('begun.txt')));
    const ended = daemon.end('SIGTERM');
    await writeFile(inFolder('go'), '');
    expect(await ended).toBe(0);
    expect([await text('version.txt'), existsSync(inFolder('after.txt'))]).toEqual(['v1', false]);
    await daemon.start();
    const incident = await daemon.incident('over', 20 * second, isOver);
    expect(steps(incident).map(({ status }) => status)).toEqual(['success', 'success']);
    expect((await text('begun.txt')).trim().split('\n')).toHaveLength(1);
  });
});

describe('a step whose command does not listen', () => {
  it('leaves no process behind after its timeout, children of its own session included', async () => {
    const mark = `BELAY_TEST_MARK=${Math.random().toString(36).slice(2)}`;
    const [name = '', value = ''] = mark.split('=');
    const stubborn = "trap '' TERM; setsid sh -c 'trap \"\" TERM; touch child; while :; do sleep 0.1; done' & while :; do sleep 0.1; done";
    const daemon = await guarded([step('stubborn', 'command', { command: ['sh', '-c', stubborn], env: { [name]: value } }, { timeout: 1 })]);
    await daemon.post('/api/v1/rollbacks', { plan: 'back', reason: 'test' });
    await waitFor(() => existsSync(inFolder('child')));
    expect(carriers(mark).length).toBeGreaterThanOrEqual(2);
    const incident = await daemon.incident('over', 20 * second, isOver);
    expect(steps(incident)).toMatchObject([{ status: 'failed', error: expect.stringContaining('Step stubborn timed out after 1 seconds') as string }]);
    expect(carriers(mark)).toEqual([]);
  });
});
