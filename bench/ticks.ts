import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as waitMs } from 'node:timers/promises';
import { Guard } from '../src/guard/guard.js';
import { ExecutionJournal } from '../src/guard/execution-journal.js';
import { RollbackManager } from '../src/rollback/rollback-manager.js';
import { Redactor } from '../src/secret/redactor.js';
import type { Source } from '../src/source/source.js';
import { openSqliteStore } from '../src/store/sqlite-store.js';
import { systemClock } from '../src/time/clock.js';
import { aPolicy } from '../test/support/policy.js';
import { trigger } from '../test/support/guard-rig.js';

const [count = 1000, targets = 1, seconds = 10, firing = 0] = process.argv.slice(2).map(Number);
const directory = await mkdtemp(join(tmpdir(), 'belay-ticks-'));
const clock = systemClock;
const store = await openSqliteStore({ path: join(directory, 'belay.db'), clock, redactor: new Redactor() });
const source: Source = {
  name: 'app',
  intervalMs: 1_000,
  observe: (query, at) => Promise.resolve({ kind: 'vector', at, series: [{ labels: {}, sample: { kind: 'value', at, value: query.kind === 'promql' && Number(query.expr) < firing ? 1 : 0.05 } }], warnings: [] }),
  close: () => Promise.resolve(),
};
let missed = 0;
let evaluated = 0;
const journal = new ExecutionJournal(store.guard, (event) => guard.noteRollbackEvent(event));
const rollbacks = new RollbackManager({ journal, clock });
const names = Array.from({ length: targets }, (_, index) => `t${index}`);
const guard: Guard = new Guard(
  {
    environment: 'bench', mode: 'observe', plans: [], verifications: new Map(), policy: aPolicy(),
    targets: names.map((name) => ({ name, owners: [], priority: 'critical' as const, hasHealth: false })),
    triggers: Array.from({ length: count }, (_, index) => trigger({ name: `T${index}`, target: `t${index % targets}`, query: { kind: 'promql', expr: String(index) }, window: { kind: 'for', forMs: 3_000 } })),
  },
  { sources: new Map([['app', source]]), checks: { run: ({ name }) => Promise.resolve({ name, status: 'ok', at: clock.now(), detail: '' }) } },
  { clock, store: store.guard, rollbacks, report: (error) => console.error(error), newId: (kind) => `${kind}-${Math.random()}`,
    observer: { observed: () => undefined, evaluated: () => void evaluated++, missedTicks: (_name, n) => void (missed += n), alerts: () => undefined } },
);
await guard.start();
await waitMs(6_000);
missed = 0;
evaluated = 0;
const before = process.cpuUsage();
await waitMs(seconds * 1_000);
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ count, targets, firing, cpuMsPerSecond: Math.round((user + system) / 1_000 / seconds), evaluated, missed, rssMiB: Math.round(process.memoryUsage().rss / 2 ** 20) }));
await guard.stop();
await store.close();
await rm(directory, { recursive: true });
