import type { TriggerView } from '../../http/guard-api.js';
import { formatValue } from '../../source/condition.js';
import { roughText } from '../view/duration-text.js';
import { blindSpans, type Columns } from './series-points.js';

/** A chart in words, for who cannot see it. */
export function chartText({ name, condition, threshold: { unit } }: Pick<TriggerView, 'name' | 'condition' | 'threshold'>, columns: Columns): string {
  const [instants, ...values] = columns;
  const known = values.flatMap((column) => column.filter((value) => typeof value === 'number'));
  const [first, last] = [instants[0], instants.at(-1)];
  if (first === undefined || last === undefined) return `${name}: no points yet. Threshold ${condition}.`;
  const span = roughText((last - first) * 1_000);
  const range = known.length === 0 ? 'nothing known' : `from ${formatValue(Math.min(...known), unit)} to ${formatValue(Math.max(...known), unit)}`;
  const blindMs = blindSpans(columns).reduce((sum, [from, to]) => sum + (to - from) * 1_000, 0);
  return `${name} over the last ${span}: ${range}. Threshold ${condition}.${blindMs > 0 ? ` Unknown for ${roughText(blindMs)}.` : ''}`;
}
