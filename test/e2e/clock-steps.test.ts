import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JournalEvent } from '../../src/incident/incident-event.js';
import { BelayProcess } from '../support/belay-process.js';
import { journalOf } from '../support/journal-file.js';
import { SettableClock } from '../support/settable-clock.js';

const second = 1_000;
const FOR_MS = 1.5 * second;
const HOLD_MS = 2.5 * second;
/** Timers and the clock that a test is timed by may differ by so much. */
const SLACK_MS = 100;
const WITHIN_MS = 40 * second;

/** A service with a metric, and somebody who hears messages, looked after by a real daemon whose clock can be set. */
interface World {
  readonly belay: BelayProcess;
  readonly clock: SettableClock;
  isBroken: boolean;
  /** Whether messages are taken. */
  listens: boolean;
  refused: number;
  readonly titles: string[];
  readonly effects: () => number;
}

async function inWorld(live: (world: World) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'belay-clock-'));
  const clock = new SettableClock(folder);
  const seen = { isBroken: false, listens: true, refused: 0, titles: [] as string[] };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      if (request.url === '/metrics') {
        response.writeHead(200, { 'content-type': 'text/plain' }).end(`# TYPE broken gauge\nbroken ${seen.isBroken ? 1 : 0}\n`);
        return;
      }
      if (seen.listens) seen.titles.push((JSON.parse(body) as { readonly title: string }).title);
      else seen.refused += 1;
      response.writeHead(seen.listens ? 200 : 503).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const effect = [process.execPath, '-e', `require('node:fs').appendFileSync('effects', 'x')`];
  const world: World = Object.assign(seen, {
    clock,
    belay: await BelayProcess.start(
      {
        'belay.yaml': {
          environment: 'test',
          store: 'sqlite:./belay.db',
          sources: { app: { type: 'scrape', url: `${url}/metrics`, interval: '200ms', timeout: '10s' } },
          targets: { shop: {} },
          policy: { cooldown: '0s', maxRollbacks: { count: 10, per: '1h' }, flap: { count: 50, per: '1h' } },
          notify: { webhook: [{ url: `${url}/messages` }] },
        },
        'rules/shop.yaml': { target: 'shop', triggers: [{ name: 'Broken', source: 'app', signal: { type: 'gauge', metric: 'broken' }, condition: '> 0', for: `${FOR_MS}ms`, level: 1 }] },
        'plans/mend.yaml': { id: 'mend', name: 'mend', target: 'shop', level: 1, verification: { hold: `${HOLD_MS}ms`, timeout: '60s', interval: '200ms' }, steps: [{ id: 'mend', name: 'mend', type: 'command', parameters: { command: effect }, timeout: 30 }] },
      },
      clock.environment,
    ),
    effects: () => {
      const file = join(world.belay.directory, 'effects');
      return existsSync(file) ? readFileSync(file, 'utf8').length : 0;
    },
  });
  try {
    await live(world);
  } finally {
    await world.belay.stop();
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true, force: true });
  }
}

/** When the clock is set in an incident, and by how many hours. */
interface Steps {
  readonly inWindow?: number;
  readonly inHold?: number;
  readonly whileMessageWaits?: number;
}

/** What came of an incident: its lines in the journal, and the effects on the world. Times are real ones. */
interface Told {
  readonly lines: readonly string[];
  readonly effects: number;
  readonly titles: readonly string[];
  readonly firedAfterMs: number;
  readonly heldForMs: number;
}

/** An incident from its first bad sample until its last message is heard. */
async function incidentOf(world: World, steps: Steps): Promise<Told> {
  const { belay, clock } = world;
  const [lineBefore, effectsBefore, titlesBefore] = [journalOf(belay.directory).length, world.effects(), world.titles.length];
  const lines = (): readonly JournalEvent[] => journalOf(belay.directory).slice(lineBefore);
  const titles = (): readonly string[] => world.titles.slice(titlesBefore);
  const until = (what: string, holds: () => boolean): Promise<true> => belay.until(what, WITHIN_MS, () => Promise.resolve(holds() ? true : undefined));
  const line = (type: JournalEvent['type']): Promise<true> => until(type, () => lines().some((event) => event.type === type));
  world.refused = 0;
  const brokeAt = performance.now();
  world.isBroken = true;
  if (steps.inWindow !== undefined) {
    await belay.until('a window that fills', WITHIN_MS, async () => ((await belay.text('/api/v1/triggers')).includes('"pending"') ? true : undefined));
    clock.set(steps.inWindow);
  }
  await line('incident-opened');
  const firedAfterMs = performance.now() - brokeAt;
  await until('the effect', () => world.effects() > effectsBefore);
  const mendedAt = performance.now();
  world.isBroken = false;
  if (steps.whileMessageWaits !== undefined) world.listens = false;
  if (steps.inHold !== undefined) {
    await line('alert-cleared');
    await new Promise((resolve) => setTimeout(resolve, 1 * second));
    clock.set(steps.inHold);
  }
  await line('incident-recovered');
  const heldForMs = performance.now() - mendedAt;
  if (steps.whileMessageWaits !== undefined) {
    await until('a message that is refused, and again', () => world.refused >= 2);
    clock.set(steps.whileMessageWaits);
    world.listens = true;
  }
  await until('the last message', () => /recovered by level 1/.test(titles().at(-1) ?? ''));
  return { lines: lines().map(({ type }) => type), effects: world.effects() - effectsBefore, titles: titles().map((title) => title.replace(/\d+[smh]\S*/g, 'so long')), firedAfterMs, heldForMs };
}

describe.concurrent('a clock that is set by an hour changes nothing: in a window, in a hold, and while a message waits', () => {
  it.each([['forward', 1], ['back', -1]] as const)('%s', { timeout: 240 * second }, (_, hours) =>
    inWorld(async (world) => {
      const undisturbed = await incidentOf(world, {});
      const stepped = [await incidentOf(world, { inWindow: hours }), await incidentOf(world, { inHold: hours }), await incidentOf(world, { whileMessageWaits: hours })];
      expect([undisturbed.effects, undisturbed.lines.at(-1)]).toEqual([1, 'incident-recovered']);
      for (const { lines, effects, firedAfterMs, heldForMs } of stepped) {
        expect({ lines, effects }).toEqual({ lines: undisturbed.lines, effects: 1 });
        expect(firedAfterMs).toBeGreaterThan(FOR_MS - SLACK_MS);
        expect(heldForMs).toBeGreaterThan(HOLD_MS - SLACK_MS);
      }
      const [inWindow, inHold] = stepped;
      expect([inWindow?.titles, inHold?.titles]).toEqual([undisturbed.titles, undisturbed.titles]);
    }),
  );
});
