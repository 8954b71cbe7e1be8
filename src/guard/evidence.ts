import type { AlertEvidence } from '../decision/decision.js';
import { formatValue } from '../source/condition.js';
import { formatDuration } from '../time/duration.js';
import type { Alert } from '../trigger/alert.js';
import type { Trigger } from '../trigger/trigger.js';

/** What people and the journal are shown of a firing alert. */
export function evidenceOf(trigger: Trigger, alert: Alert): AlertEvidence {
  const { unit } = trigger.condition;
  const value = alert.lastValue === undefined ? undefined : formatValue(alert.lastValue.value, unit);
  return {
    trigger: trigger.name,
    fingerprint: alert.fingerprint,
    labels: alert.labels,
    severity: trigger.severity,
    query: trigger.queryText,
    condition: trigger.condition.text,
    value,
    samples: alert.recent?.map((sample) => ('unknown' in sample ? sample : { at: sample.at, value: formatValue(sample.value, unit) })),
    window: windowText(trigger),
    activeAt: alert.activeAt,
    firedAt: alert.firedAt,
    summary: trigger.annotations['summary']?.replaceAll(/\$\{(value|labels\.([A-Za-z_]\w*))\}/g, (written: string, name: string, label?: string) =>
      name === 'value' ? (value ?? 'unknown') : (alert.labels[label ?? ''] ?? written),
    ),
  };
}

/** `for 5m`, `for at least 80% of 5m`, `4 times in a row`; with a trend, `for 30m and rising`. */
export function windowText({ window, trend }: Trigger): string {
  const rising = trend === undefined ? '' : ` and ${trend}`;
  switch (window.kind) {
    case 'for':
      return `for ${formatDuration(window.forMs)}${rising}`;
    case 'share':
      return `for at least ${formatValue(window.atLeast, 'ratio')} of ${formatDuration(window.forMs)}${rising}`;
    case 'consecutive':
      return `${window.count} times in a row${rising}`;
    default:
      return String(window satisfies never);
  }
}
