import type { Labels } from '../source/sample.js';
import { isGauge, type MetricFamily, type MetricInventory } from './metric-family.js';

/** What is taken of something, and how much of it there is. */
export interface SaturationPair {
  readonly used: string;
  readonly limit: string;
  readonly select: Labels;
}

const USED = new Set(['used', 'active', 'in', 'use', 'inuse', 'open', 'busy', 'usage', 'acquired', 'current', 'allocated']);
const LIMIT = new Set(['max', 'maximum', 'limit', 'capacity', 'size', 'config', 'open', 'allowed', 'hard']);
const LIMIT_SAYS = /(?:^|_)(?:max|maximum|limit|capacity|size|hard)(?:_|$)/;
const USED_SAYS = /(?:^|_)(?:used|active|in_use|inuse|open|busy|usage|acquired|current|allocated)(?:_|$)/;

/**
 * Pairs of gauges that are called the same but for words such as `used` and `max`: pools of connections, threads, file
 * descriptors, heaps. A limit of none (0, -1) makes no pair.
 */
export function saturationPairs(inventory: MetricInventory): readonly SaturationPair[] {
  const gauges = [...inventory.values()].filter(isGauge);
  const limits = new Map<string, MetricFamily>();
  for (const family of gauges) {
    if (LIMIT_SAYS.test(family.name) && !USED_SAYS.test(family.name.replace('max_open', 'max')) && hasLimit(family)) limits.set(without(family.name, LIMIT), family);
  }
  return gauges.flatMap((family): SaturationPair[] => {
    if (!USED_SAYS.test(family.name) || LIMIT_SAYS.test(family.name)) return [];
    const limit = limits.get(without(family.name, USED));
    if (limit === undefined || limit === family) return [];
    // One gauge that counts the idle beside the used would be full always.
    if (family.series.some(({ labels }) => labels['state'] === 'idle')) return [];
    return [{ used: family.name, limit: limit.name, select: partOf(family, limit) }];
  });
}

function without(name: string, words: ReadonlySet<string>): string {
  return name.split('_').filter((word) => !words.has(word)).join('_');
}

function hasLimit({ series }: MetricFamily): boolean {
  return series.some(({ value }) => value === undefined || (value > 0 && Number.isFinite(value)));
}

/** The heap is meant, not all areas of memory. */
function partOf(...families: readonly MetricFamily[]): Labels {
  return families.every(({ series }) => series.some(({ labels }) => labels['area'] === 'heap')) ? { area: 'heap' } : {};
}
