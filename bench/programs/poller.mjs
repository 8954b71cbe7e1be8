// A naive poller: asks Prometheus once a second, takes the wall clock for the beginning of a breach, and runs a command
// when the breach is older than `for`. Each lane starts at a moment of its own, as independent pollers would.
// usage: node poller.mjs PROMETHEUS LANES FOR_SECONDS MARKER FOLDER; prints a line when it has begun.
import { spawn } from 'node:child_process';
import { Agent, get } from 'node:http';
import { join } from 'node:path';

const [prometheus, lanes, forSeconds, marker, folder] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });
const INTERVAL_MS = 1_000;

for (let lane = 0; lane < Number(lanes); lane += 1) setTimeout(() => poll(lane), Math.random() * INTERVAL_MS);
process.stdout.write('polling\n');

function poll(lane) {
  let breachingSince;
  let hasRun = false;
  setInterval(async () => {
    const breaching = await isBreaching(lane);
    if (!breaching) breachingSince = undefined;
    else breachingSince ??= Date.now();
    if (hasRun || breachingSince === undefined || Date.now() - breachingSince < Number(forSeconds) * 1_000) return;
    hasRun = true;
    spawn('sh', [marker, join(folder, `poller-${lane}`)], { stdio: 'ignore' });
  }, INTERVAL_MS);
}

async function isBreaching(lane) {
  const query = encodeURIComponent(`bench_error_ratio{lane="${lane}"} > 0.5`);
  const response = await new Promise((resolve, reject) => get(`${prometheus}/api/v1/query?query=${query}`, { agent }, resolve).on('error', reject));
  return JSON.parse(Buffer.concat(await response.toArray()).toString()).data.result.length > 0;
}
