// log-clean.mjs FILE SECONDS: exit 0 where the last so many seconds of a log tell of no error. Its lines begin with an
// instant (2026-01-31T12:00:00.000Z); a line without one belongs to the line before it.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const MOST_BYTES = 1024 * 1024;
const [file, seconds] = process.argv.slice(2);
try {
  const descriptor = openSync(file, 'r');
  const { size } = fstatSync(descriptor);
  const buffer = Buffer.alloc(Math.min(size, MOST_BYTES));
  readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
  closeSync(descriptor);
  const since = Date.now() - Number(seconds) * 1_000;
  const bad = buffer.toString('utf8').split('\n').find((line) => Date.parse(line.split(/[ :]\s|\s/)[0]) >= since && /\b(?:ERROR|FATAL|CRITICAL)\b/i.test(line));
  if (bad !== undefined) console.log(bad);
  process.exitCode = bad === undefined ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}
