import { afterEach, beforeEach, expect, it } from 'vitest';
import { Heartbeat, type HeartbeatOutcome } from '../../src/daemon/heartbeat.js';
import { createHttpClient } from '../../src/source/http-client.js';
import { type AnsweringServer, startAnsweringServer } from '../support/answering-server.js';
import { FakeClock } from '../support/fake-clock.js';

const EVERY_MS = 60_000;

let watchdog: AnsweringServer;
let clock: FakeClock;
let heartbeat: Heartbeat;
let faults: readonly string[];
const outcomes: HeartbeatOutcome[] = [];
const told: string[] = [];

beforeEach(async () => {
  watchdog = await startAnsweringServer('ok');
  clock = new FakeClock();
  faults = [];
  outcomes.length = 0;
  told.length = 0;
  heartbeat = new Heartbeat({
    clock,
    http: createHttpClient({ keepAlive: false }),
    settings: () => ({ url: `${watchdog.url}/ping/belay`, headers: { authorization: 'Bearer sesame' }, everyMs: EVERY_MS, timeoutMs: 2_000 }),
    notReady: () => faults,
    beaten: (outcome) => outcomes.push(outcome),
    failed: (message) => told.push(message),
  });
});

afterEach(async () => {
  await heartbeat.stop();
  await watchdog.stop();
});

/** Until the beat that is under way has come to its end. */
async function beats(count: number): Promise<void> {
  while (outcomes.length < count || clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
}

it('asks the watchdog at once and then again and again', async () => {
  heartbeat.start();
  await beats(1);
  await clock.advance(EVERY_MS);
  await beats(2);
  expect(outcomes).toEqual(['sent', 'sent']);
  expect(watchdog.requests.map(({ method, url, headers }) => `${method} ${url} ${headers.authorization}`)).toEqual(Array(2).fill('GET /ping/belay Bearer sesame'));
});

it('keeps silent while the daemon cannot see or act', async () => {
  faults = ['source prometheus gives no usable answer'];
  heartbeat.start();
  await beats(1);
  faults = [];
  await clock.advance(EVERY_MS);
  await beats(2);
  expect(outcomes).toEqual(['withheld', 'sent']);
  expect(watchdog.requests).toHaveLength(1);
});

it('goes on when the watchdog is away, and says so once', async () => {
  watchdog.status = 503;
  heartbeat.start();
  await beats(1);
  await clock.advance(EVERY_MS);
  await beats(2);
  watchdog.status = 200;
  await clock.advance(EVERY_MS);
  await beats(3);
  expect(outcomes).toEqual(['failed', 'failed', 'sent']);
  expect(told).toEqual(['it answered with HTTP 503']);
});
