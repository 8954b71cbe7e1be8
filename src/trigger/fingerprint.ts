import { createHash } from 'node:crypto';
import type { Labels } from '../source/sample.js';

/** Every answer names its series anew, and they are nearly always the same: what was hashed before is looked up. */
const hashed = new Map<string, string>();
const MOST_HASHED = 10_000;

/**
 * The identity of an alert: the trigger's name and the labels of its series, in any order. The trigger's own labels
 * are left out, so that two series never fall together because a label of the trigger hides what sets them apart.
 */
export function fingerprintOf(triggerName: string, seriesLabels: Labels): string {
  const sorted = Object.entries(seriesLabels).sort(([a], [b]) => (a < b ? -1 : 1));
  const identity = JSON.stringify([triggerName, sorted]);
  const known = hashed.get(identity);
  if (known !== undefined) return known;
  const fingerprint = createHash('sha256').update(identity).digest('hex').slice(0, 16);
  // Series that come and go must not pile up.
  if (hashed.size >= MOST_HASHED) hashed.clear();
  hashed.set(identity, fingerprint);
  return fingerprint;
}

/** The labels of an alert. Where trigger and series use the same name, the trigger's wins and the other is `exported_…`. */
export function alertLabels(seriesLabels: Labels, triggerLabels: Labels): Labels {
  const own = Object.entries(seriesLabels).map(([name, value]) => [name in triggerLabels && triggerLabels[name] !== value ? `exported_${name}` : name, value]);
  return { ...Object.fromEntries(own) as Labels, ...triggerLabels };
}
