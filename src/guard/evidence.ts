import type { AlertEvidence } from '../decision/decision.js';
import { formatValue } from '../source/condition.js';
import { formatDuration } from '../time/duration.js';
import type { Alert } from '../trigger/alert.js';
import type { Trigger } from '../trigger/trigger.js';

/** What people and the journal are shown of a firing alert. */
export function evidenceOf(trigger: Trigger, alert: Alert): AlertEvidence {
  const value = alert.lastValue === undefined ? undefined : formatValue(alert.lastValue.value, trigger.condition.unit);
  return {
    trigger: trigger.name,
    fingerprint: alert.fingerprint,
    labels: alert.labels,
    severity: trigger.severity,
    query: trigger.queryText,
    condition: trigger.condition.text,
    value,
    window: windowText(trigger),
    activeAt: alert.activeAt,
    firedAt: alert.firedAt,
    summary: trigger.annotations['summary']?.replaceAll(/\$\{(value|labels\.([A-Za-z_]\w*))\}/g, (written: string, name: string, label?: string) =>
      name === 'value' ? (value ?? 'unknown') : (alert.labels[label ?? ''] ?? written),
    ),
  };
}

/** `for 5m`, `4 times in a row`. */
export function windowText({ window }: Trigger): string {
  return window.kind === 'for' ? `for ${formatDuration(window.forMs)}` : `${window.count} times in a row`;
}
