import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { expect, it } from 'vitest';
import type { JournalEvent } from '../../src/incident/incident-event.js';
import { BelayProcess } from '../support/belay-process.js';
import { SettableClock } from '../support/settable-clock.js';

const second = 1_000;
const isLong = process.env['BELAY_LONG'] !== undefined;
const LASTS_MS = (isLong ? 600 : 36) * second;
/** So often a day goes by: the clock is set forward, and the night in between has its retention. */
const DAY_EVERY_MS = 2.5 * second;
const LOOK_EVERY_MS = 200;
const WITHIN_MS = 60 * second;
const targets = ['cart', 'search', 'stock', 'basket'];

/** So small a heap is tidied up every few seconds, and what is left then is what is held. */
const SMALL_HEAP = '--max-old-space-size=64 --max-semi-space-size=1';

/** What is looked at again and again, from outside. */
interface Look {
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly descriptors: number;
  readonly timers: number;
  readonly journalRows: number;
  readonly outboxRows: number;
  readonly storeBytes: number;
}

async function lookAt(belay: BelayProcess): Promise<Look> {
  const metrics = await belay.text('/metrics');
  const value = (name: string): number => Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(metrics)?.[1] ?? 0);
  return {
    residentBytes: value('process_resident_memory_bytes'),
    heapBytes: value('nodejs_heap_size_used_bytes'),
    descriptors: readdirSync(`/proc/${belay.pid}/fd`).length,
    timers: value('nodejs_active_resources{type="Timeout"}'),
    journalRows: value('belay_store_rows{table="journal"}'),
    outboxRows: value('belay_store_rows{table="outbox"}'),
    storeBytes: value('belay_store_bytes'),
  };
}

it(`a real daemon through ${LASTS_MS / second} s of services that break and are mended, and a night every few seconds: memory, descriptors, timers and store level off`, { timeout: LASTS_MS + 180 * second }, async () => {
  const broken = new Set(targets);
  const server = createServer((request, response) => {
    request.resume();
    const [, what = '', target = ''] = (request.url ?? '').split('/');
    if (what === 'mend') broken.delete(target);
    // Never for as long as it would take to fire.
    const flickers = Math.floor(performance.now() / 300) % 2;
    const text = [...targets.map((name) => `broken{target="${name}"} ${broken.has(name) ? 1 : 0}`), `flickers ${flickers}`].join('\n');
    response.writeHead(200, { 'content-type': 'text/plain' }).end(what === 'metrics' ? `# TYPE broken gauge\n${text}\n` : 'ok\n');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = await mkdtemp(join(tmpdir(), 'belay-soak-'));
  const clock = new SettableClock(folder);
  const trigger = (target: string, name: string, query: object): object => ({ target, triggers: [{ name, source: 'app', condition: '> 0', for: '400ms', level: 1, ...query }] });
  const belay = await BelayProcess.start(
    {
      'belay.yaml': {
        environment: 'test',
        store: 'sqlite:./belay.db',
        sources: { app: { type: 'scrape', url: `${url}/metrics`, interval: '100ms', timeout: '10s' } },
        targets: Object.fromEntries([...targets, 'calm'].map((name) => [name, {}])),
        policy: { cooldown: '0s', maxRollbacks: { count: 100_000, per: '1h' }, flap: { count: 100, per: '1h' }, fleet: { maxTargets: 100, per: '1m', maxConcurrent: 10 } },
        notify: { webhook: [{ url: `${url}/messages` }] },
        reports: { directory: 'reports' },
        retention: { incidents: '1d', samples: '1d' },
      },
      ...Object.fromEntries(targets.map((name) => [`rules/${name}.yaml`, trigger(name, `Broken-${name}`, { signal: { type: 'gauge', metric: 'broken', select: { target: name } } })])),
      'rules/calm.yaml': trigger('calm', 'Flickers', { signal: { type: 'gauge', metric: 'flickers' } }),
      ...Object.fromEntries([...targets, 'calm'].map((name) => [`plans/${name}.yaml`, {
        id: `mend-${name}`, name: `mend ${name}`, target: name, level: 1, verification: { hold: '300ms', timeout: '60s', interval: '100ms' },
        steps: [{ id: 'mend', name: 'mend', type: 'http', parameters: { url: `${url}/mend/${name}` }, timeout: 20 }],
      }])),
    },
    { ...clock.environment, NODE_OPTIONS: SMALL_HEAP },
  );
  const journal = new SqliteDatabase(join(belay.directory, 'belay.db'), { readonly: true });
  const news = journal.prepare(`select seq, data from journal where seq > ? and type in ('incident-recovered', 'journal-compacted') order by seq`);
  const recovered: string[] = [];
  let compactions = 0;
  let readUpTo = 0;
  /** What has recovered breaks anew. */
  const follow = (): void => {
    for (const { seq, data } of news.all(readUpTo) as readonly { readonly seq: number; readonly data: string }[]) {
      const event = JSON.parse(data) as JournalEvent;
      readUpTo = seq;
      if (event.type === 'journal-compacted') compactions += 1;
      if (event.type !== 'incident-recovered') continue;
      recovered.push(event.incidentId);
      broken.add(event.target);
    }
  };
  const looks: Look[] = [];
  try {
    const startedMs = performance.now();
    for (let days = 1; performance.now() - startedMs < LASTS_MS; ) {
      if (performance.now() - startedMs > days * DAY_EVERY_MS) {
        clock.set(24);
        days += 1;
      }
      looks.push(await lookAt(belay));
      follow();
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    const reports = (): string => readdirSync(join(belay.directory, 'reports')).join('\n');
    await belay.until('the report of each incident', WITHIN_MS, () => Promise.resolve(recovered.every((id) => reports().includes(`${id}.md`)) ? true : undefined));
    expect((await belay.incidents()).length).toBeLessThan(recovered.length);
  } finally {
    journal.close();
    await belay.stop();
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true, force: true });
  }
  expect(recovered.length).toBeGreaterThan(targets.length);
  expect(compactions).toBeGreaterThan(1);
  const figures = levels(looks);
  process.stdout.write(`soak: ${recovered.length} incidents, ${compactions} compactions; by thirds ${JSON.stringify(figures)}\n`);
  for (const [key, [, middle, last]] of Object.entries(figures)) expect(last, key).toBeLessThanOrEqual(middle * 1.15 + (slack[key as keyof Look] ?? 0));
});

type Thirds = [first: number, middle: number, last: number];

/** Each figure by thirds of the time: of memory the least, which is what is held after it was tidied up, of all else the most. */
function levels(looks: readonly Look[]): Readonly<Record<keyof Look, Thirds>> {
  const third = (index: number): readonly Look[] => looks.slice(Math.floor((index * looks.length) / 3), Math.floor(((index + 1) * looks.length) / 3));
  const of = (key: keyof Look): Thirds => {
    const extreme = key === 'heapBytes' || key === 'residentBytes' ? Math.min : Math.max;
    const level = (index: number): number => extreme(...third(index).map((look) => look[key]));
    return [level(0), level(1), level(2)];
  };
  return { heapBytes: of('heapBytes'), residentBytes: of('residentBytes'), descriptors: of('descriptors'), timers: of('timers'), journalRows: of('journalRows'), outboxRows: of('outboxRows'), storeBytes: of('storeBytes') };
}

/** So many come and go by chance. A night more or less between two looks is some incidents more or less. */
const slack: Partial<Record<keyof Look, number>> = { descriptors: 3, timers: 5, journalRows: 100, outboxRows: 50 };
