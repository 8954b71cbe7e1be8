// A process of its own that writes to a store, so that it can be killed or starved of disk. Started by spawnStoreProcess
// with the path of the store; reads commands from stdin, one per line, and answers each on stdout:
//   append BYTES   one event of about that size → {"seq":…} or {"code":…,"sqliteCode":…}
//   loop           appends until it is killed, and reports each durable event → {"seq":…} …
//   last           → {"seq":…}
import { createInterface } from 'node:readline';
import { BelayError } from '../../src/fault/belay-error.js';
import type { JournalEvent } from '../../src/incident/incident-event.js';
import { Redactor } from '../../src/secret/redactor.js';
import { openSqliteStore } from '../../src/store/sqlite-store.js';
import { systemClock } from '../../src/time/clock.js';

const answer = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

function fault(error: unknown): unknown {
  return error instanceof BelayError ? { code: error.code, message: error.message, ...error.context } : { code: String(error) };
}

function event(sizeBytes: number): JournalEvent {
  return { type: 'daemon-stopped', at: Date.now(), reason: 'x'.repeat(sizeBytes) };
}

try {
  const store = await openSqliteStore({ path: process.argv[2] ?? '', clock: systemClock, redactor: new Redactor() });
  answer({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    const [command, size] = line.split(' ');
    try {
      if (command === 'append') answer({ seq: (await store.guard.append([event(Number(size))]))[0]?.seq });
      else if (command === 'last') answer({ seq: await store.guard.lastSeq() });
      else for (;;) for (const { seq } of await store.guard.append([event(200), event(10)])) answer({ seq });
    } catch (error) {
      answer(fault(error));
    }
  }
  await store.close();
} catch (error) {
  answer(fault(error));
}
