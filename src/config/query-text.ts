import { matcherText } from '../source/alert-match.js';
import type { Labels } from '../source/sample.js';
import type { Signal } from '../source/signal.js';
import type { Query } from '../source/source.js';
import { formatDuration } from '../time/duration.js';

/** A query as people read it in messages. */
export function queryText(query: Query): string {
  switch (query.kind) {
    case 'promql':
      return query.expr.trim().replace(/\s*\n\s*/g, ' ');
    case 'signal':
      return signalText(query.signal);
    case 'health':
      return `health of ${query.target}`;
    case 'triggers':
      return `how many of ${query.of.join(', ')} fire`;
    case 'alerts':
      return `alerts that fire with ${query.match.map(matcherText).join(', ')}`;
    case 'received':
      return `alert with ${query.match.map(matcherText).join(', ')}`;
    default:
      return String(query satisfies never);
  }
}

function signalText(signal: Signal): string {
  switch (signal.type) {
    case 'errorRate':
      return `share of ${selected(signal.metric, signal.select)} with ${matchers(signal.errors)} over ${formatDuration(signal.windowMs)}`;
    case 'syncSuccess':
      return `share of ${selected(signal.metric, signal.select)} with ${matchers(signal.successes)} over ${formatDuration(signal.windowMs)}`;
    case 'latency':
      return `p${Number((signal.quantile * 100).toPrecision(6))} of ${selected(signal.metric, signal.select)} over ${formatDuration(signal.windowMs)}`;
    case 'queueDepth':
      return selected(signal.metric, signal.select);
    case 'saturation':
      return `${selected(signal.used, signal.select)} / ${selected(signal.limit, signal.select)}`;
    case 'gauge':
      return `${signal.reduce} of ${selected(signal.metric, signal.select)}`;
    default:
      return String(signal satisfies never);
  }
}

function selected(metric: string, select: Labels): string {
  return Object.keys(select).length === 0 ? metric : `${metric}{${matchers(select)}}`;
}

function matchers(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ');
}
