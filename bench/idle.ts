import { join } from 'node:path';
import { setTimeout as waitMs } from 'node:timers/promises';
import { CloseStack } from '../src/daemon/close-stack.js';
import { startPrometheus } from '../test/support/prometheus-server.js';
import { startBelay } from './belay-under-test.js';
import { startMetricsServer } from './metrics-server.js';
import { measureLoad, type ProcessLoad } from './process-load.js';
import { scrapeAllAtOnce, writeRules } from './prometheus-config.js';

/** Nothing breaks: what watching alone costs. */
export interface IdleLoads {
  readonly belay: ProcessLoad;
  /** The Prometheus that Belay asks; it has no rules. */
  readonly askedPrometheus: ProcessLoad;
  /** A Prometheus that evaluates the same triggers as its own rules. */
  readonly rulesPrometheus: ProcessLoad;
}

export interface IdleOptions {
  /** A folder of its own, made and removed by the caller. */
  readonly directory: string;
  readonly triggers: number;
  readonly seconds: number;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

const SETTLE_MS = 5_000;

/** Measures all three at the same time, over the same metrics, each once a second. */
export async function measureIdle({ directory, triggers, seconds, signal, say }: IdleOptions): Promise<IdleLoads> {
  const opened = new CloseStack();
  try {
    const metrics = await startMetricsServer(triggers);
    opened.add('the metrics server', () => metrics.stop());
    const asked = await startPrometheus({ config: scrapeAllAtOnce(metrics.host) });
    opened.add('the Prometheus that is asked', () => asked.stop());
    const rules = await writeRules(join(directory, 'idle-rules.json'), triggers, 300);
    const withRules = await startPrometheus({ config: { ...scrapeAllAtOnce(metrics.host), ...rules } });
    opened.add('the Prometheus with rules', () => withRules.stop());
    const belay = await startBelay({ directory: join(directory, 'idle-belay'), prometheusUrl: asked.url, lanes: triggers, forSeconds: 300, stepOf: () => ['true'] }, signal);
    opened.add('Belay', () => belay.stop());

    await waitMs(SETTLE_MS, undefined, { signal });
    say(`watching ${triggers} quiet triggers for ${seconds} s`);
    const measured = await Promise.all([belay, asked, withRules].map(({ pid }) => measureLoad(pid)));
    await waitMs(seconds * 1_000, undefined, { signal });
    const [ofBelay, ofAsked, ofRules] = (await Promise.all(measured.map((end) => end()))) as [ProcessLoad, ProcessLoad, ProcessLoad];
    return { belay: ofBelay, askedPrometheus: ofAsked, rulesPrometheus: ofRules };
  } finally {
    await opened.close();
  }
}
