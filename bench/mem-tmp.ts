import { mkdtemp, readFile } from 'node:fs/promises';
import { setTimeout as waitMs } from 'node:timers/promises';
import { startPrometheus } from '/work/wt/events/test/support/prometheus-server.js';
import { startBelay } from '/work/wt/events/bench/belay-under-test.js';
import { startMetricsServer } from '/work/wt/events/bench/metrics-server.js';
import { scrapeAllAtOnce } from '/work/wt/events/bench/prometheus-config.js';
const n = Number(process.argv[2] ?? 100);
const metrics = await startMetricsServer(n);
const asked = await startPrometheus({ config: scrapeAllAtOnce(metrics.host) });
for (const options of process.argv.slice(3)) {
  process.env.NODE_OPTIONS = options === 'none' ? '' : options;
  const dir = await mkdtemp('/tmp/belay-mem-');
  const belay = await startBelay({ directory: dir, prometheusUrl: asked.url, lanes: n, forSeconds: 300, stepOf: () => ['true'] }, new AbortController().signal);
  const url = JSON.parse(await readFile(dir + '/belay.yaml', 'utf8')).http.listen;
  const ticks = async () => { const s = (await readFile(`/proc/${belay.pid}/stat`, 'utf8')).split(' '); return Number(s[13]) + Number(s[14]); };
  await waitMs(5000);
  const t0 = await ticks();
  await waitMs(20000);
  const cpu = (await ticks() - t0) / 20;
  const text = await (await fetch(`http://${url}/metrics`)).text();
  const get = (k: string) => Math.round(Number(new RegExp(`^${k}(?:\\{\\})? (.*)$`, 'm').exec(text)?.[1]) / 2 ** 20);
  const missed = [...text.matchAll(/^belay_missed_ticks_total\{.*\} (\d+)$/gm)].reduce((sum, m) => sum + Number(m[1]), 0);
  console.log(options, { rss: get('process_resident_memory_bytes'), heapTotal: get('nodejs_heap_size_total_bytes'), heapUsed: get('nodejs_heap_size_used_bytes'), external: get('nodejs_external_memory_bytes'), cpuPercent: cpu, missed });
  await belay.stop();
}
await asked.stop(); await metrics.stop();
process.exit(0);
