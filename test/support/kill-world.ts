import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import type { Incident } from '../../src/incident/incident.js';
import type { JournalEvent } from '../../src/incident/incident-event.js';
import { BelayProcess, type BelayFiles } from './belay-process.js';

const second = 1_000;
const TOKEN = 'a-token-of-ana';
const LOOK_EVERY_MS = 2;

/**
 * A thing of the world is a file: each line is an effect, the last one the state, so that an effect and its trace are one
 * write. Slow enough to be killed in the middle.
 */
const thing = `
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
const [, , verb, name, value] = process.argv;
const file = name + '.log';
const state = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\\n').at(-1) : 'old';
if (verb === 'get') process.stdout.write(name === 'flag' ? String(state !== 'false') : state);
else if (verb === 'is') process.exit(state === value ? 0 : 1);
else {
  await new Promise((resolve) => setTimeout(resolve, 60));
  appendFileSync(file, value + '\\n');
}
`;

const call = (verb: string, ...rest: readonly string[]): readonly string[] => [process.execPath, 'thing.mjs', verb, ...rest];
/** `timeout`: long where it will recover, so that a busy machine does not make another story of it. */
const verification = (timeout: string): object => ({ hold: '300ms', timeout, interval: '100ms' });
const step = (id: string, type: string, parameters: object): object => ({ id, name: id, type, parameters, timeout: 20 });

function filesFor(url: string): BelayFiles {
  return {
    'belay.yaml': {
      environment: 'test',
      store: 'sqlite:./belay.db',
      http: { auth: { tokens: [{ name: 'ana', role: 'approver', token: TOKEN }] } },
      people: { ana: { groups: ['oncall'] } },
      sources: { app: { type: 'scrape', url: `${url}/metrics`, interval: '200ms', timeout: '10s' } },
      targets: { shop: { owners: ['a'] } },
      featureFlags: { default: { type: 'command', set: call('set', 'flag', '${targetState}'), get: call('get', 'flag') } },
      configurations: { shop: { type: 'command', apply: call('set', 'configuration', '${configVersion}'), current: call('get', 'configuration') } },
      deployments: { shop: { type: 'command', deploy: call('set', 'version', '${version}'), current: call('get', 'version') } },
      databases: { orders: { type: 'command', restore: call('set', 'data', '${snapshotId}'), verify: call('is', 'data', '${snapshotId}') } },
      traffic: { shop: { type: 'file', path: 'maintenance' } },
      notify: { webhook: [{ url: `${url}/messages` }] },
    },
    'rules/shop.yaml': { target: 'shop', triggers: [{ name: 'Broken', source: 'app', signal: { type: 'gauge', metric: 'broken' }, condition: '> 0', for: '400ms', levels: [1, 3] }] },
    'plans/off.yaml': { id: 'off', name: 'off', target: 'shop', level: 1, verification: verification('3s'), steps: [step('flag', 'feature-flag', { flagKey: 'x', targetState: false })] },
    'plans/back.yaml': {
      id: 'back', name: 'back', target: 'shop', level: 3, verification: verification('60s'),
      steps: [
        step('tell', 'notification', { recipients: ['ops@example.com'], channel: 'webhook', message: 'back begins' }),
        step('gate', 'traffic', { service: 'shop', maintenance: true }),
        step('ask', 'approval', { anyOf: ['oncall'], timeout: '1m', message: 'Go on?' }),
        step('configuration', 'configuration', { service: 'shop', configVersion: 'c1' }),
        step('data', 'data', { database: 'orders', snapshotId: 's1' }),
        step('command', 'command', { command: call('set', 'command', 'done') }),
        step('request', 'http', { url: `${url}/purge` }),
        step('settle', 'wait', { duration: '50ms' }),
        step('version', 'deployment', { service: 'shop', version: 'v1', environment: 'test' }),
        step('well', 'check', { type: 'http', url: `${url}/health` }),
      ],
    },
    'thing.mjs': thing,
  };
}

/** What the world has seen when all is over. */
export interface Seen {
  /** The effects on each thing, in order. */
  readonly effects: Readonly<Record<string, readonly string[]>>;
  readonly isClosed: boolean;
  readonly requests: number;
  /** Titles of messages by their id, which is the same on every attempt. */
  readonly titles: readonly string[];
}

export interface KilledStory {
  readonly seen: Seen;
  readonly incident: Incident;
  readonly incidents: number;
  /** The lines of the journal by name, in order. */
  readonly lines: readonly string[];
  readonly kills: number;
}

/** `step-succeeded back/data`, `rung-started 2`: a line of the journal by what it is about. */
function nameOf(event: JournalEvent, rungs: readonly string[]): string {
  const stepKey = 'stepKey' in event ? ` ${event.stepKey}` : '';
  const rung = 'executionId' in event && event.executionId === rungs[1] && stepKey === '' ? ' 2' : '';
  return `${event.type}${stepKey}${rung}`;
}

/**
 * A service breaks, level 1 does not help, level 3 has a step of every type and does. The daemon is killed (-9) as soon as
 * a line of each of these names is durable, seen from outside in its store, and started again; at the lines `stops` it is
 * asked to stop instead.
 */
export async function killedStory(deaths: readonly string[], stops: readonly string[] = []): Promise<KilledStory> {
  const left = new Set([...deaths, ...stops]);
  const heard = new Map<string, string>();
  let directory = '';
  let requests = 0;
  const linesOf = (name: string): readonly string[] => (existsSync(join(directory, name)) ? readFileSync(join(directory, name), 'utf8').trim().split('\n') : []);
  const world = createServer((request, response) => {
    if (request.url === '/metrics') {
      response.writeHead(200, { 'content-type': 'text/plain' }).end(`# TYPE broken gauge\nbroken ${linesOf('version.log').length === 0 ? 1 : 0}\n`);
      return;
    }
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      if (request.url === '/purge') requests += 1;
      if (request.url === '/messages') {
        const { id, title } = JSON.parse(body) as { readonly id: string; readonly title: string };
        heard.set(id, title);
      }
      response.writeHead(200).end();
    });
  }).listen(0, '127.0.0.1');
  await once(world, 'listening');
  const belay = await BelayProcess.start(filesFor(`http://127.0.0.1:${(world.address() as AddressInfo).port}`), { BELAY_TOKEN: TOKEN });
  directory = belay.directory;
  const journal = new SqliteDatabase(join(directory, 'belay.db'), { readonly: true });
  try {
    const read = journal.prepare('select data from journal order by seq');
    const eventsNow = (): readonly JournalEvent[] => (read.all() as readonly { readonly data: string }[]).map(({ data }) => JSON.parse(data) as JournalEvent);
    const named = (events: readonly JournalEvent[]): readonly string[] => {
      const rungs = events.flatMap((event) => (event.type === 'rung-started' ? [event.executionId] : []));
      return events.map((event) => nameOf(event, rungs));
    };
    let kills = 0;
    const until = performance.now() + (120 + 10 * left.size) * second;
    for (;;) {
      const events = eventsNow();
      const names = named(events);
      const reached = names.filter((name) => left.delete(name));
      if (reached.length > 0) {
        const isKilled = reached.some((name) => deaths.includes(name));
        const ended = await belay.end(isKilled ? 'SIGKILL' : 'SIGTERM');
        if (!isKilled && ended !== 0) throw new Error(`after ${reached.join(', ')} it ended with ${ended}`);
        kills += 1;
        await belay.start();
        continue;
      }
      if (events.some(({ type }) => type === 'incident-recovered' || type === 'incident-closed' || type === 'needs-human') && left.size === 0) break;
      await answerWhatIsAsked(events, belay);
      if (performance.now() > until) throw new Error(`not over; left: ${[...left].join(', ')}\n${names.join('\n')}\n${belay.log.slice(-3_000)}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    await belay.until('the last message', 20 * second, () => Promise.resolve([...heard.values()].some((title) => /recovered by level 3/.test(title)) ? true : undefined));
    const incidents = await belay.incidents();
    const incident = await belay.get<Incident>(`/api/v1/incidents/${incidents[0]?.id ?? ''}`);
    const effects = Object.fromEntries(['flag', 'configuration', 'data', 'command', 'version'].map((name) => [name, linesOf(`${name}.log`)]));
    return { seen: { effects, isClosed: existsSync(join(directory, 'maintenance')), requests, titles: [...heard.values()] }, incident, incidents: incidents.length, lines: named(eventsNow()), kills };
  } finally {
    journal.close();
    await belay.stop();
    world.close();
    world.closeAllConnections();
  }
}

/** Ana agrees to every question that is open, unless the daemon is dead just now. */
async function answerWhatIsAsked(events: readonly JournalEvent[], belay: BelayProcess): Promise<void> {
  const answered = new Set(events.flatMap((event) => (event.type === 'approval-answered' ? [event.approvalId] : [])));
  for (const event of events) {
    if (event.type !== 'approval-requested' || answered.has(event.approval.id)) continue;
    await belay.post(`/api/v1/approvals/${event.approval.id}`, { decision: 'approve' }).catch((error: unknown) => {
      if (!(error instanceof TypeError)) throw error;
    });
  }
}
