import { confirmAlerts, type AlertPlace, type Confirmation } from './alert-confirmation.js';
import { errorObservation, valueObservation } from './observation.js';
import type { ReceivedAlert } from './received-alert.js';
import type { ReceivedAlerts } from './received-alerts.js';
import type { Observation, Sample, SeriesSample } from './sample.js';
import type { ReceivedQuery, Source } from './source.js';

/** The name under which triggers go by what Alertmanagers have sent. */
export const RECEIVER_SOURCE = 'alertmanager-webhook';
/** Between two looks; a message is looked at as soon as it is stored. */
export const RECEIVER_INTERVAL_MS = 5_000;
/** How long a new firing is taken at its word before a source is asked about it: long enough for one look. */
const AT_ITS_WORD_MS = 1.5 * RECEIVER_INTERVAL_MS;

/**
 * What Alertmanagers have told, as a source: a series for each alert, 0 once it is resolved. A firing one is 1 at first,
 * on the message's word; then, at every look, what the source says that it is confirmed by. So the state of an alert
 * does not hang on messages that are late, lost, or older than the rollback that helped. With `confirm: none`, and where
 * there is nobody to ask, the newest message is believed until it is `validForMs` old; after that nothing is known.
 *
 * `confirm` takes nothing at its word but where the trigger says so.
 */
export function createReceiverSource(received: ReceivedAlerts, places: readonly AlertPlace[]): Source {
  async function look(query: ReceivedQuery, at: number, signal: AbortSignal, isLastWord: boolean): Promise<Observation> {
    const matching = received.matching(query.match);
    const firing = matching.filter(({ status }) => status === 'firing');
    const watched = firing.slice(0, query.maxAlerts);
    const warnings = firing.length > watched.length ? [`${firing.length} alerts fire, of which the ${watched.length} that began first are watched (maxAlerts)`] : [];
    const resolved = matching.filter(({ status }) => status === 'resolved').toSorted((a, b) => b.lastReceivedAt - a.lastReceivedAt);
    const isFresh = ({ firstReceivedAt }: ReceivedAlert): boolean => !isLastWord && at - firstReceivedAt <= AT_ITS_WORD_MS;
    const toConfirm = query.confirm === 'none' ? [] : watched.filter((alert) => !isFresh(alert));
    const confirmations = await confirmAlerts(query, toConfirm, places, at, signal);
    const series = [
      ...watched.map((alert) => ({ labels: alert.labels, sample: firingSample(query, alert, confirmations.get(alert.key), at, isLastWord) })),
      ...resolved.slice(0, query.maxAlerts - watched.length).map(({ labels }): SeriesSample => ({ labels, sample: { kind: 'value', at, value: 0 } })),
    ];
    return series.length > 0 ? { kind: 'vector', at, series, warnings } : quiet(query, at);
  }

  /** No alert of these has been told of: none fires, as far as any Alertmanager has been heard lately. */
  function quiet({ validForMs }: ReceivedQuery, at: number): Observation {
    const { lastReceivedAt } = received;
    if (lastReceivedAt !== undefined && at - lastReceivedAt <= validForMs) return valueObservation(at, 0);
    return { kind: 'vector', at, series: [{ labels: {}, sample: { kind: 'no-data', at, reason: 'nothing-received' } }], warnings: [] };
  }

  const ask = async (query: Parameters<Source['observe']>[0], at: number, signal: AbortSignal, isLastWord: boolean): Promise<Observation> => {
    signal.throwIfAborted();
    if (query.kind !== 'received') return errorObservation(at, 'query-refused', 'what Alertmanagers have sent is asked for with "alertmanager: { match }"');
    return look(query, at, signal, isLastWord);
  };

  return {
    name: RECEIVER_SOURCE,
    intervalMs: RECEIVER_INTERVAL_MS,
    observe: (query, at, signal) => ask(query, at, signal, false),
    confirm: (query, at, signal) => ask(query, at, signal, true),
    close: () => Promise.resolve(),
  };
}

/** `confirmation` is absent where nobody was asked. */
function firingSample({ confirm, validForMs }: ReceivedQuery, { lastReceivedAt }: ReceivedAlert, confirmation: Confirmation | undefined, at: number, isLastWord: boolean): Sample {
  const isUnconfirmable = confirmation?.kind === 'no-data' && confirmation.reason === 'unconfirmable';
  if (confirmation !== undefined && (!isUnconfirmable || isLastWord)) return confirmation;
  if (confirm === 'source' && confirmation === undefined) return { kind: 'value', at, value: 1 };
  return at - lastReceivedAt <= validForMs ? { kind: 'value', at, value: 1 } : { kind: 'stale', at };
}
