import { setImmediate } from 'node:timers/promises';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { liveDisplay } from '../../src/cli/live/live-display.js';
import { main } from '../../src/cli/main.js';
import { Output } from '../../src/cli/output.js';
import { createHttpServer } from '../../src/http/http-server.js';
import type { LiveEvent } from '../../src/http/live-api.js';
import type { Incident } from '../../src/incident/incident.js';
import { Redactor } from '../../src/secret/redactor.js';
import { emptyReports, RecordingGuardApi, RecordingLiveApi, status } from '../support/recording-guard-api.js';

const TOKEN = 'secret-of-a-viewer';

let app: FastifyInstance;
let live: RecordingLiveApi;
let guard: RecordingGuardApi;
let stdout = '';
let stderr = '';

async function serve(port = 0): Promise<number> {
  const settings = { host: '127.0.0.1', port: 0, tokens: [{ name: 'page', role: 'viewer', token: TOKEN }] } as const;
  app = createHttpServer({ guard, live, reports: emptyReports, settings, operatorToken: 'own-token', logger: pino({ level: 'silent' }), registry: new Registry(), redactor: new Redactor() });
  await app.listen({ host: '127.0.0.1', port });
  return (app.server.address() as AddressInfo).port;
}

beforeEach(async () => {
  [live, guard] = [new RecordingLiveApi(), new RecordingGuardApi()];
  [stdout, stderr] = ['', ''];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true));
  vi.stubEnv('BELAY_URL', `http://127.0.0.1:${await serve()}`);
  vi.stubEnv('BELAY_TOKEN', TOKEN);
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await app.close();
});

async function until(text: string | RegExp): Promise<void> {
  while (typeof text === 'string' ? !stdout.includes(text) : !text.test(stdout)) await setImmediate();
}

/** As `belay status --watch | head` does. */
function closePipe(): void {
  process.stdout.emit('error', Object.assign(new Error('nobody reads'), { code: 'EPIPE' }));
}

const [snapshot] = [new RecordingLiveApi().snapshot().data];
const [trigger] = snapshot.triggers;
const [incident] = snapshot.incidents;
if (trigger === undefined || incident === undefined) throw new Error('the rig has a trigger and an incident');
const told = (...alerts: readonly object[]): LiveEvent => ({ name: 'triggers', seq: 8, data: [{ ...trigger, alerts: trigger.alerts.map((alert, index) => ({ ...alert, ...alerts[index] })) }] });
const ofIncident = (changed: Partial<Incident>): LiveEvent => ({ name: 'incident', seq: 9, data: { ...incident, ...changed } });

describe('belay status --watch', () => {
  it('writes everything once and then what changes, and ends when nobody reads any more', async () => {
    const ended = main(['status', '--watch']);
    await until('CheckoutErrorRateHigh');
    expect(stdout).toMatch(/^belay 0\.1\.0 guards production in mode enforce/);
    stdout = '';
    live.tell(told({ value: '12.5%' }));
    live.tell(told({ state: 'inactive', value: '0.1%' }), ofIncident({ status: 'recovered' }), { name: 'status', seq: 9, data: { ...status, now: 5_000, pauses: [{ id: 'p1', by: 'ana', reason: 'a break', since: 1 }] } });
    await until('paused');
    expect(stdout.trimEnd().split('\n')).toEqual([
      '1970-01-01 00:00:02Z  checkout CheckoutErrorRateHigh{job="checkout"}: firing → inactive, 0.1%',
      '1970-01-01 00:00:02Z  checkout: incident i1 is recovered',
      '1970-01-01 00:00:05Z  paused (all targets) by ana: a break  p1',
    ]);
    closePipe();
    expect(await ended).toBe(0);
    expect(stdout).not.toContain('\u001b');
  });

  it('says when it is disconnected, and goes on by itself', async () => {
    const ended = main(['status', '--watch']);
    await until('CheckoutErrorRateHigh');
    const { port } = app.server.address() as AddressInfo;
    stdout = '';
    await app.close();
    await until('disconnected: ');
    await serve(port);
    await until('connected again');
    closePipe();
    expect(await ended).toBe(0);
    expect(stdout.match(/disconnected: /g)).toHaveLength(1);
  });

  it('writes a line of JSON for each event with --json', async () => {
    const ended = main(['status', '--watch', '--json']);
    await until('\n');
    live.tell({ name: 'ping', seq: 9, data: { now: 3_000 } });
    await until('"ping"');
    closePipe();
    expect(await ended).toBe(0);
    expect(stdout.trimEnd().split('\n').map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(['snapshot', 'ping']);
  });

  it('without a daemon, or without the right to view, says so and ends', async () => {
    vi.stubEnv('BELAY_TOKEN', 'wrong');
    expect(await main(['status', '--watch'])).toBe(1);
    vi.stubEnv('BELAY_URL', 'http://127.0.0.1:1');
    expect(await main(['status', '--watch'])).toBe(3);
    expect(stderr).toContain('no Belay daemon answers');
    vi.stubEnv('BELAY_URL', '127.0.0.1:9797');
    expect(await main(['status'])).toBe(2);
    expect(stderr).toContain('BELAY_URL must begin with http:// or https://');
  });
});

describe('belay incidents ID --follow', () => {
  it('writes what is new of the incident and ends with it', async () => {
    const ended = main(['incidents', 'i1', '--follow']);
    await until('verifying');
    stdout = '';
    live.tell(told({ state: 'pending' }), ofIncident({ id: 'other', status: 'closed' }));
    live.tell(ofIncident({ status: 'recovered', endedAt: 61_800, resolution: { how: 'rolled-back', explanation: 'It serves again.' } as never }));
    expect(await ended).toBe(0);
    expect(stdout).toMatch(/^checkout \(production\) {2}recovered {2}i1\nopened .*, ended .*\nIt serves again\.\n$/);
  });

  it('asks once more for one that ended while nothing was heard, and shows one that is over as it is', async () => {
    live.snapshot = () => ({ name: 'snapshot', seq: 7, data: { ...snapshot, incidents: [] } });
    let asked = 0;
    guard.incident = () => Promise.resolve(asked++ === 0 ? incident : { ...incident, status: 'closed', endedAt: 3_000 });
    expect(await main(['incidents', 'i1', '--follow'])).toBe(0);
    expect(stdout).toContain('closed  i1');
    expect(await main(['incidents', 'i1', '--follow'])).toBe(0);
    expect(await main(['incidents', '--follow'])).toBe(2);
    expect(stderr).toContain('belay incidents ID --follow');
  });
});

describe('on a terminal', () => {
  it('is drawn anew on a screen of its own, as high and as wide as it is, and leaves the last state behind', () => {
    let written = '';
    const stream = { isTTY: true, columns: 10, rows: 4, write: (text: string) => ((written += text), true), on: () => undefined, off: () => undefined } as unknown as NodeJS.WriteStream;
    const display = liveDisplay(new Output(stream, {}), stream);
    display.show(['one', 'a line that is too long', '\u001b[2Jthree', 'four']);
    expect(written).toBe('\u001b[?1049h\u001b[?25l\u001b[Hone\u001b[K\r\na line th…\u001b[K\r\n… 2 more lines\u001b[K\r\n\u001b[J'.replace('… 2 more lines', '… 2 more …'));
    written = '';
    display.show(['two']);
    display.close();
    expect(written).toBe('\u001b[Htwo\u001b[K\r\n\u001b[J\u001b[?25h\u001b[?1049ltwo\n');
  });
});
