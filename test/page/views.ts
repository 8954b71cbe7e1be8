import type { AlertView, TriggerView } from '../../src/http/guard-api.js';
import type { Incident } from '../../src/incident/incident.js';

export const alert: AlertView = { fingerprint: 'f1', labels: {}, state: 'inactive', health: 'ok', value: '1%', windowProgress: { kind: 'for', filledMs: 0, neededMs: 300_000, ratio: 0 } };

export const trigger: TriggerView = {
  name: 'CheckoutErrorRateHigh',
  target: 'checkout',
  source: 'app',
  query: 'errors',
  condition: '> 10%',
  threshold: { comparison: '>', value: 0.1, unit: 'ratio' },
  window: 'for 5m',
  severity: 'critical',
  mode: 'enforce',
  health: 'ok',
  alerts: [alert],
};

export const incident: Incident = { id: 'i1', target: 'checkout', environment: 'production', mode: 'enforce', status: 'open', openedAt: 1_000, alerts: [], decisions: [], rungs: [], approvals: [], acknowledged: [], escalations: [], };
