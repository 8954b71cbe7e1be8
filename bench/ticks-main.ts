import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as waitMs } from 'node:timers/promises';
import { composeGuard } from '../src/guard/compose-guard.js';
import { Redactor } from '../src/secret/redactor.js';
import type { Source } from '../src/source/source.js';
import { openSqliteStore } from '../src/store/sqlite-store.js';
import { systemClock } from '../src/time/clock.js';
import { trigger } from '../test/support/guard-rig.js';
import { aPolicy } from '../test/support/policy.js';

const SECONDS = 10;
const SETTLE_MS = 6_000;

/** What the guard itself costs, once a second, over a source that costs nothing; `breaching` of the triggers fire. */
async function measure(triggers: number, targets: number, breaching: number): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'belay-ticks-'));
  const clock = systemClock;
  const store = await openSqliteStore({ path: join(directory, 'belay.db'), clock, redactor: new Redactor() });
  const source: Source = {
    name: 'app',
    intervalMs: 1_000,
    observe: (query, at) => Promise.resolve({ kind: 'vector', at, series: [{ labels: {}, sample: { kind: 'value', at, value: query.kind === 'promql' && Number(query.expr) < breaching ? 1 : 0.05 } }], warnings: [] }),
    close: () => Promise.resolve(),
  };
  let [evaluated, missed, ids] = [0, 0, 0];
  const { guard } = composeGuard(
    {
      environment: 'bench',
      mode: 'observe',
      plans: [],
      verifications: new Map(),
      policy: aPolicy(),
      targets: Array.from({ length: targets }, (_, index) => ({ name: `t${index}`, owners: [], priority: 'critical' as const, hasHealth: false })),
      triggers: Array.from({ length: triggers }, (_, index) => trigger({ name: `T${index}`, target: `t${index % targets}`, query: { kind: 'promql', expr: String(index) }, window: { kind: 'for', forMs: 3_000 } })),
    },
    () => ({ sources: new Map([['app', source]]), checks: { run: ({ name }) => Promise.resolve({ name, status: 'ok', at: clock.now(), detail: '' }) } }),
    {
      clock,
      store: store.guard,
      giveUp: new AbortController().signal,
      report: (error) => void process.stderr.write(`${String(error)}\n`),
      newId: (kind) => `${kind}-${++ids}`,
      observer: { observed: () => undefined, evaluated: () => void (evaluated += 1), missedTicks: (_trigger, count) => void (missed += count), alerts: () => undefined },
    },
  );
  await guard.start();
  await waitMs(SETTLE_MS);
  [evaluated, missed] = [0, 0];
  const before = process.cpuUsage();
  await waitMs(SECONDS * 1_000);
  const { user, system } = process.cpuUsage(before);
  await guard.stop();
  await store.close();
  await rm(directory, { recursive: true });
  const cpuMs = (user + system) / 1_000 / SECONDS;
  return `| ${triggers} | ${targets} | ${breaching} | ${cpuMs.toFixed(0)} ms | ${evaluated} of ${triggers * SECONDS} | ${missed} |\n`;
}

process.stdout.write(`| triggers | targets | firing | CPU per second | evaluated in ${SECONDS} s | missed slots |\n| --- | --- | --- | --- | --- | --- |\n`);
for (const [triggers, targets, breaching] of [[1_000, 1, 0], [1_000, 1_000, 0], [1_000, 1, 10]] as const) process.stdout.write(await measure(triggers, targets, breaching));
