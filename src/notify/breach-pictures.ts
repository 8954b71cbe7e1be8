import { errorText } from '../fault/belay-error.js';
import { foldIncident } from '../incident/incident.js';
import { plotPng } from '../plot/plot-png.js';
import { incidentPlots, type PlotPorts } from '../report/incident-plots.js';
import type { Redactor } from '../secret/redactor.js';
import type { Clock } from '../time/clock.js';
import type { Message } from './message.js';
import type { JournalReader } from './outbox-composer.js';
import { hasPicture, type Picture, type Pictures } from './picture.js';
import { readableInstant } from './readable-time.js';

export interface BreachPicturePorts {
  readonly journal: Pick<JournalReader, 'entriesOfIncident'>;
  readonly clock: Clock;
  readonly redactor: Redactor;
  /** What is declared now. */
  readonly view: () => PlotPorts;
  /** Why there is no picture; for the log. */
  readonly failed: (message: string) => void;
}

/** No message waits longer than this for its picture. */
const LIMIT_MS = 2_000;
/** After a failure no message waits for a while: what hung a moment ago hangs still. */
const REST_MS = 60_000;

/** Draws the series of an incident's first trigger against its threshold, as the source, or Belay itself, remembers it when the message goes out. */
export class BreachPictures implements Pictures {
  readonly #ports: BreachPicturePorts;
  /** On a clock that nobody sets. */
  #restsUntilMs = -Infinity;
  /** Channels send the same message at the same time: it is drawn once. */
  #newest: { readonly key: string; readonly picture: Promise<Picture | undefined> } | undefined;

  constructor(ports: BreachPicturePorts) {
    this.#ports = ports;
  }

  async of(message: Message): Promise<Picture | undefined> {
    const { clock, failed } = this.#ports;
    const { incidentId } = message;
    if (incidentId === undefined || !hasPicture(message) || clock.elapsedMs() < this.#restsUntilMs) return undefined;
    const over = new AbortController();
    const asking = new AbortController();
    const limit = clock.sleepUntil(clock.now() + LIMIT_MS, over.signal).then(
      () => {
        asking.abort();
        throw new Error(`there was no picture within ${LIMIT_MS / 1_000} s`);
      },
      // The ordinary end.
      () => undefined,
    );
    try {
      return await Promise.race([this.#draw(incidentId, asking.signal), limit]);
    } catch (error) {
      this.#restsUntilMs = clock.elapsedMs() + REST_MS;
      failed(errorText(error));
      return undefined;
    } finally {
      over.abort();
    }
  }

  async #draw(incidentId: string, signal: AbortSignal): Promise<Picture | undefined> {
    const entries = await this.#ports.journal.entriesOfIncident(incidentId);
    const key = `${incidentId} ${entries.at(-1)?.seq ?? 0}`;
    if (this.#newest?.key !== key) this.#newest = { key, picture: this.#make(entries, signal) };
    return this.#newest.picture;
  }

  async #make(entries: Parameters<typeof foldIncident>[0], signal: AbortSignal): Promise<Picture | undefined> {
    const { view, clock, redactor } = this.#ports;
    const incident = foldIncident(entries);
    if (incident === undefined) return undefined;
    const now = clock.now();
    const [plot] = redactor.data(await incidentPlots(incident, { ...view(), most: 1 }, now, signal));
    if (plot === undefined) return undefined;
    const [trigger] = incident.alerts.map(({ evidence }) => evidence.trigger);
    return { png: await plotPng(plot, { signal }), alt: `${redactor.text(trigger ?? 'the values')} against its threshold, up to ${readableInstant(plot.toAt)}` };
  }
}
