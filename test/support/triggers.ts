import { parseCondition, type Condition } from '../../src/source/condition.js';
import type { Trigger } from '../../src/trigger/trigger.js';

export function condition(text: string): Condition {
  const parsed = parseCondition(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed;
}

/** A complete trigger: `> 0.1` for one minute, asked every 15 seconds, unless told otherwise. */
export function aTrigger(changes: Partial<Trigger> = {}): Trigger {
  return {
    name: 'CheckoutErrorRateHigh',
    target: 'checkout',
    source: 'scripted',
    query: { kind: 'promql', expr: 'error_ratio' },
    queryText: 'error_ratio',
    condition: condition('> 0.1'),
    window: { kind: 'for', forMs: 60_000 },
    onNoData: 'hold',
    onError: 'hold',
    severity: 'critical',
    response: 'immediate',
    levels: { from: 1, to: 3 },
    labels: {},
    annotations: {},
    intervalMs: 15_000,
    ...changes,
  };
}
