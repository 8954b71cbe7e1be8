import type { Config } from '../config/config.js';
import type { Labels } from '../source/sample.js';
import type { AlertNotice } from '../source/received-alert.js';
import { alertKey } from '../source/received-alert.js';
import type { ScriptedMessage } from './scenario.js';
import type { WrittenMessage } from './scenario-schema.js';

export interface MessagePlace {
  readonly startAt: number;
  readonly config: Pick<Config, 'sources'>;
  readonly note: (index: number, key: string | undefined, message: string, hint?: string) => void;
}

/**
 * The messages of an Alertmanager as a scenario writes them, in the order in which they arrive. A repetition of an alert
 * that fires, and its resolve, are of the same episode: it began with the first message of it, unless `since` says so.
 */
export function buildMessages(written: readonly WrittenMessage[], { startAt, config, note }: MessagePlace): readonly ScriptedMessage[] {
  const begunAt = new Map<string, number>();
  const ordered = written.map((message, index) => ({ message, index })).sort((a, b) => a.message.at - b.message.at || a.index - b.index);
  return ordered
    .flatMap(({ message, index }): readonly ScriptedMessage[] => {
      const { at, firing, resolved, since, expr, source, times, every = 0 } = message;
      const labels = firing ?? resolved;
      if (labels === undefined || (firing !== undefined && resolved !== undefined)) {
        note(index, undefined, 'needs one of firing and resolved', 'such as { at: 1m, firing: { alertname: CheckoutDown } }');
        return [];
      }
      if (resolved !== undefined && expr !== undefined) note(index, 'expr', '"expr" goes with "firing"', 'take it out');
      const generatorUrl = expr === undefined ? undefined : graphOf(expr, source, config, (key, text, hint) => note(index, key, text, hint));
      const key = alertKey(labels);
      const sinceMs = since ?? begunAt.get(key) ?? at;
      if (firing === undefined) begunAt.delete(key);
      else begunAt.set(key, sinceMs);
      const notice: AlertNotice = {
        status: firing === undefined ? 'resolved' : 'firing',
        labels,
        annotations: {},
        startsAt: startAt + sinceMs,
        ...(firing === undefined ? { endsAt: startAt + at } : {}),
        ...(generatorUrl === undefined ? {} : { generatorUrl }),
      };
      return Array.from({ length: times }, (_, repeat) => ({ atMs: at + repeat * every, text: `${notice.status} ${labelsText(labels)}`, notice }));
    })
    .sort((a, b) => a.atMs - b.atMs);
}

/** The address under which a Prometheus of the configuration shows an expression; nobody asks it. */
function graphOf(expr: string, named: string | undefined, { sources }: MessagePlace['config'], note: (key: string, message: string, hint?: string) => void): string | undefined {
  const known = sources.filter(({ type }) => type === 'prometheus');
  const source = named === undefined ? known[0] : known.find(({ name }) => name === named);
  if (source !== undefined) return `${source.url.replace(/\/+$/, '')}/graph?g0.expr=${encodeURIComponent(expr)}`;
  note(named === undefined ? 'expr' : 'source', named === undefined ? 'no source of the configuration is a Prometheus' : `there is no Prometheus "${named}"`, known.length === 0 ? undefined : `known: ${known.map(({ name }) => name).join(', ')}`);
  return undefined;
}

function labelsText(labels: Labels): string {
  return `{${Object.entries(labels).map(([name, value]) => `${name}="${value}"`).join(', ')}}`;
}
