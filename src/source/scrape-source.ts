import { OncePerInstant } from './once-per-instant.js';
import { unlessAborted } from './deadline.js';
import { parseExposition } from './exposition.js';
import type { ExpositionFormat } from './exposition-sample.js';
import { createHttpClient, type HttpAnswer } from './http-client.js';
import { errorObservation } from './observation.js';
import { placeOf } from './request-fault.js';
import type { Observation, SourceErrorReason } from './sample.js';
import { ScrapeMemory, type MemoryLimits } from './scrape-memory.js';
import { evaluateSignal, windowOf } from './signal-window.js';
import type { Signal } from './signal.js';
import type { ScrapeSettings } from './source-settings.js';
import type { Source } from './source.js';

const ACCEPT = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const LIMITS: MemoryLimits = { maxSeries: 10_000, maxSamples: 500_000 };

type Scraped = { readonly kind: 'scraped'; readonly at: number } | { readonly kind: 'failed'; readonly reason: SourceErrorReason; readonly message: string };

/**
 * Reads an application's `/metrics` itself and answers signals from the scrapes that it remembers, so that no Prometheus
 * is needed. It scrapes when it is asked, once per instant, and remembers only what the `signals` and later questions need.
 */
export function createScrapeSource(settings: ScrapeSettings, options: { readonly signals?: readonly Signal[] } = {}): Source {
  const client = createHttpClient({ keepAlive: true });
  const memory = new ScrapeMemory(2 * settings.intervalMs, LIMITS);
  for (const signal of options.signals ?? []) memory.want(signal);
  const scrapes = new OncePerInstant<Scraped>(settings.intervalMs);
  const closing = new AbortController();
  /** The newest document, to be searched again when a question comes that nobody has asked before. */
  let newest: { readonly at: number; readonly text: string; readonly format: ExpositionFormat } | undefined;
  let before: Promise<unknown> = Promise.resolve();

  async function scrape(at: number, previous: Promise<unknown>): Promise<Scraped> {
    const { url, headers, timeoutMs } = settings;
    const answer = await client.ask({ method: 'GET', url, headers: { accept: ACCEPT, ...headers }, timeoutMs }, closing.signal);
    // Two that overlap are remembered in the order of their instants, however long each of them took.
    await previous;
    if (answer.kind === 'fault') return { kind: 'failed', reason: answer.reason, message: answer.message };
    if (answer.status !== 200) return { kind: 'failed', reason: 'http-status', message: `${placeOf(url)} answered HTTP ${answer.status}` };
    if (mayBeCutOff(answer)) return { kind: 'failed', reason: 'bad-answer', message: `${placeOf(url)} sent a document that may be cut off: it has no length and does not end in a new line` };
    const format = (answer.headers['content-type'] ?? '').includes('application/openmetrics-text') ? 'openmetrics' : 'text';
    newest = { at, text: answer.body, format };
    return remember(newest);
  }

  function remember({ at, text, format }: NonNullable<typeof newest>): Scraped {
    const read = parseExposition(text, { format, wants: (name) => memory.wants(name), maxSamples: LIMITS.maxSeries });
    const problem = 'problem' in read ? `line ${read.line}: ${read.problem}` : memory.add(at, read.samples)?.problem;
    return problem === undefined ? { kind: 'scraped', at } : { kind: 'failed', reason: 'bad-answer', message: `${placeOf(settings.url)} ${problem}` };
  }

  function evaluate(signal: Signal, at: number, scrapedAt: number): Observation {
    const windowMs = windowOf(signal);
    const observation = evaluateSignal(signal, memory.window(scrapedAt - windowMs, scrapedAt), at);
    if (observation.kind === 'error' || !memory.isCut(scrapedAt - windowMs)) return observation;
    return { ...observation, warnings: [...observation.warnings, 'the window is shorter than asked: there are too many series to remember'] };
  }

  return {
    name: settings.name,
    intervalMs: settings.intervalMs,

    async observe(query, at, signal) {
      signal.throwIfAborted();
      if (query.kind !== 'signal') return errorObservation(at, 'query-refused', `${settings.name} is scraped and answers no PromQL: write a signal instead of an expr`);
      memory.want(query.signal);
      const asked = scrapes.ask(at, () => {
        const scraping = scrape(at, before).catch((error: unknown): Scraped => {
          if (!closing.signal.aborted) throw error;
          return { kind: 'failed', reason: 'our-side', message: `${settings.name} was closed` };
        });
        before = scraping;
        return scraping;
      });
      if (asked === undefined) return errorObservation(at, 'our-side', `${settings.name} was asked about an instant that is long over`);
      let scraped = await unlessAborted(asked, signal);
      if (scraped.kind === 'scraped' && newest?.at === scraped.at && !memory.isComplete(scraped.at)) scraped = remember(newest);
      return scraped.kind === 'failed' ? errorObservation(at, scraped.reason, scraped.message) : evaluate(query.signal, at, scraped.at);
    },

    close() {
      closing.abort(new Error(`${settings.name} was closed`));
      client.close();
      return Promise.resolve();
    },
  };
}

/** Without a length and without chunks the end of the connection is the only end, and that may come too early. */
function mayBeCutOff({ headers, body }: HttpAnswer): boolean {
  return headers['content-length'] === undefined && headers['transfer-encoding'] === undefined && body !== '' && !body.endsWith('\n');
}
