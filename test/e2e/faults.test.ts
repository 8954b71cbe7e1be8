import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BelayProcess } from '../support/belay-process.js';
import { journalOf } from '../support/journal-file.js';
import { carriers, waitFor } from '../support/processes.js';
import { belayProgram } from '../support/programs.js';

const second = 1_000;
/** One daemon lives through all of it, in this order. */
let belay: BelayProcess;
let world: Server;
let isBroken = false;

const inFolder = (file: string): string => join(belay.directory, file);
const effects = (): number => (existsSync(inFolder('effects')) ? readFileSync(inFolder('effects'), 'utf8').length : 0);
const prlimit = (option: string): unknown => execFileSync('prlimit', ['--pid', String(belay.pid), option]);
const readiness = async (): Promise<string> => (await fetch(`${belay.url}/-/ready`)).text();
const incidents = (): number => journalOf(belay.directory).filter(({ type }) => type === 'incident-opened').length;
const mend = `require('node:fs').appendFileSync('effects', 'x')`;
const stuck = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`;

beforeAll(async () => {
  world = createServer((_request, response) => {
    // Every look takes a connection of its own, and so a descriptor.
    response.writeHead(200, { 'content-type': 'text/plain', connection: 'close' }).end(`# TYPE broken gauge\nbroken ${isBroken ? 1 : 0}\n`);
  }).listen(0, '127.0.0.1');
  await once(world, 'listening');
  const step = (id: string, script: string, timeout: number, env: object = {}): object => ({ id, name: id, type: 'command', parameters: { command: [process.execPath, '-e', script], env }, timeout });
  belay = await BelayProcess.start({
    'belay.yaml': {
      environment: 'test',
      store: 'sqlite:./belay.db',
      sources: { app: { type: 'scrape', url: `http://127.0.0.1:${(world.address() as AddressInfo).port}/metrics`, interval: '200ms', timeout: '2s' } },
      targets: { shop: {} },
      policy: { cooldown: '0s', maxRollbacks: { count: 10, per: '1h' }, flap: { count: 50, per: '1h' } },
    },
    'rules/shop.yaml': { target: 'shop', triggers: [{ name: 'Broken', source: 'app', signal: { type: 'gauge', metric: 'broken' }, condition: '> 0', for: '400ms', level: 1 }] },
    'plans/mend.yaml': { id: 'mend', name: 'mend', target: 'shop', level: 1, verification: { hold: '200ms', timeout: '20s', interval: '100ms' }, steps: [step('mend', mend, 20)] },
    'plans/stuck.yaml': { id: 'stuck', name: 'stuck', steps: [step('stuck', stuck, 1, { BELAY_TEST_STUCK: 'yes' })] },
  });
});
afterAll(async () => {
  await belay.stop();
  world.close();
  world.closeAllConnections();
});

/** The service breaks, and Belay is let work again: one rollback with one effect, and the incident ends well. */
async function expectOneRollback(): Promise<void> {
  const before = effects();
  await belay.until('its effect', 20 * second, () => Promise.resolve(effects() > before ? true : undefined));
  isBroken = false;
  await belay.until('the end of the incident', 20 * second, async () => ((await belay.incidents())[0]?.status === 'recovered' ? true : undefined));
  expect(effects()).toBe(before + 1);
}

it('a full disk: it says that it is not ready, does nothing that it cannot write down, and goes on once there is room', async () => {
  // One page may be written to any file; what is beyond it is refused as by a full disk.
  prlimit('--fsize=4096:unlimited');
  isBroken = true;
  await belay.until('it is not ready', 30 * second, async () => (/nothing of this was kept/.test(await readiness()) ? true : undefined));
  expect([effects(), incidents()]).toEqual([0, 0]);
  prlimit('--fsize=unlimited');
  await expectOneRollback();
  await belay.until('it is ready', 30 * second, async () => ((await fetch(`${belay.url}/-/ready`)).ok ? true : undefined));
});

it('out of file descriptors: it cannot see, which starts nothing, and it goes on once there are some', async () => {
  const open = readdirSync(`/proc/${belay.pid}/fd`).length;
  const before = incidents();
  // The soft limit alone, which may be raised again.
  prlimit(`--nofile=${open - 5}:`);
  isBroken = true;
  await new Promise((resolve) => setTimeout(resolve, 1.5 * second));
  expect(incidents()).toBe(before);
  prlimit('--nofile=10000:');
  await expectOneRollback();
  expect(await belay.text('/metrics')).toMatch(/belay_observations_total\{source="app",outcome="our-side"\} [1-9]/);
});

it('stopped (SIGSTOP) for longer than a timeout: what was begun is ended as soon as it goes on, and is not left running', async () => {
  expect((await belay.post('/api/v1/rollbacks', { plan: 'stuck', reason: 'test' })).status).toBe(202);
  await waitFor(() => carriers('BELAY_TEST_STUCK=yes').length > 0);
  process.kill(belay.pid, 'SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 1.5 * second));
  process.kill(belay.pid, 'SIGCONT');
  await belay.until('the end of the step', 20 * second, () => Promise.resolve(journalOf(belay.directory).some((event) => event.type === 'step-failed' && event.error.includes('timed out after 1 seconds')) ? true : undefined));
  expect(carriers('BELAY_TEST_STUCK=yes')).toEqual([]);
});

it('a second daemon on the same store is refused by name and disturbs nothing', async () => {
  const { code, stderr } = await belay.cli('run');
  expect(code).not.toBe(0);
  expect(stderr).toContain(`process ${belay.pid} on`);
  expect(stderr).toContain('One daemon per store');
  expect((await fetch(`${belay.url}/-/healthy`)).ok).toBe(true);
});

it('a store that is damaged, cut short or out of reach is refused with what to do, and stays as it is', async () => {
  expect(await belay.end('SIGTERM')).toBe(0);
  const good = readFileSync(inFolder('belay.db'));
  const damaged = Buffer.from(good);
  damaged.fill(0x5a, 5_000, Math.min(14_000, good.length));
  for (const [bytes, word] of [[damaged, 'damaged'], [good.subarray(0, Math.floor(good.length / 2)), 'damaged'], [Buffer.from('no database, but long enough to be looked at'), 'not a SQLite database']] as const) {
    writeFileSync(inFolder('belay.db'), bytes);
    const { code, stderr } = await belay.cli('run');
    expect(code).not.toBe(0);
    expect(stderr).toContain(word);
    expect(stderr).toMatch(/It was left as it is: (?:put a copy back|move it away)/);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(readFileSync(inFolder('belay.db')).equals(bytes)).toBe(true);
  }
  const config = JSON.parse(readFileSync(inFolder('belay.yaml'), 'utf8')) as object;
  await belay.write({ 'belay.yaml': { ...config, store: 'sqlite:/proc/belay.db' } });
  expect((await belay.cli('run')).stderr).toMatch(/must exist, and Belay's user must be able to write/);
  await belay.write({ 'belay.yaml': config });
  writeFileSync(inFolder('belay.db'), good);
  // Not even root writes to a folder that is mounted read-only.
  const readOnly = `mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && exec "$2" "$3" run --config "$1/belay.yaml"`;
  const { status, stderr } = spawnSync('unshare', ['--map-root-user', '--mount', 'sh', '-c', readOnly, 'sh', belay.directory, process.execPath, belayProgram], { encoding: 'utf8', timeout: 30 * second });
  expect([status, stderr]).toEqual([1, expect.stringMatching(/belay\.db-lock cannot be opened for writing\. The folder \S+ must exist, and Belay's user must be able to write/)]);
  expect(readFileSync(inFolder('belay.db')).equals(good)).toBe(true);
  await belay.start();
  expect((await belay.incidents()).length).toBe(3);
});
