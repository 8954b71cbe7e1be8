import { BelayError } from '../../src/fault/belay-error.js';
import type { DrillApi } from '../../src/http/drill-api.js';
import type { ReportApi } from '../../src/http/report-routes.js';
import type { LiveApi, LiveEvent } from '../../src/http/live-api.js';
import type { ApprovalView, GuardApi, StatusView, TriggerView } from '../../src/http/guard-api.js';
import type { PlanDescription, PlanSummary, StepPreview } from '../../src/rollback/plan-description.js';
import type { Incident, Rung } from '../../src/incident/incident.js';

export const status: StatusView = {
  version: '0.1.0',
  environment: 'production',
  mode: 'enforce',
  now: 2_000,
  startedAt: 1_000,
  targets: [{ name: 'checkout', owners: ['payments'], mode: 'enforce', alerts: { inactive: 1, pending: 0, firing: 1 }, openIncident: { id: 'i1', status: 'verifying' }, paused: false }],
  channels: [{ name: 'slack', state: 'dead', since: 1_000, error: 'Slack answered channel_not_found' }],
  sources: [{ name: 'prometheus', state: 'blind', since: 1_500, message: 'connection refused' }],
  pauses: [],
  approvals: [],
  notReady: [],
  store: { state: 'ok' },
  drills: [],
};

const trigger: TriggerView = {
  name: 'CheckoutErrorRateHigh',
  target: 'checkout',
  source: 'prometheus',
  query: 'rate(errors[1m])',
  condition: '> 10%',
  threshold: { comparison: '>', value: 0.1, unit: 'ratio' },
  window: 'for 5m',
  severity: 'critical',
  mode: 'enforce',
  health: 'ok',
  alerts: [{ fingerprint: 'f1', labels: { job: 'checkout' }, state: 'firing', health: 'ok', value: '12.4%', valueAt: 1_900, point: { at: 1_900, value: 0.124 }, windowProgress: { kind: 'for', filledMs: 300_000, neededMs: 300_000, ratio: 1 }, firedAt: 1_800 }],
};

const rung: Rung = {
  executionId: 'e1',
  planId: 'checkout-flag-off',
  level: 1,
  mode: 'enforce',
  trigger: 'automatic',
  by: 'belay',
  reason: 'sustained-breach',
  startedAt: 1_900,
  begun: true,
  // What a plan wrote may hold what JSON cannot; the answer must come all the same.
  steps: [{ key: 'p/s', name: 'flag', type: 'feature-flag', status: 'success', attempts: 1, timeoutMs: 30_000, description: { summary: 'on → off', before: Infinity } }],
};

const incident: Incident = {
  id: 'i1',
  target: 'checkout',
  environment: 'production',
  mode: 'enforce',
  status: 'verifying',
  openedAt: 1_800,
  alerts: [],
  decisions: [],
  rungs: [rung],
  approvals: [],
  acknowledged: [],
  escalations: [],
};

const planSummary: PlanSummary = { id: 'checkout-flag-off', name: 'Flag off', description: '', phase: '', target: 'checkout', level: 1, dependencies: [], budgetMs: 60_000, stepCount: 1 };

const approval: ApprovalView = {
  id: 'a1',
  incidentId: 'i1',
  target: 'checkout',
  purpose: 'plan',
  planId: 'checkout-restore',
  level: 4,
  question: 'Level 4 takes an approval.',
  requestedAt: 1_900,
  expiresAt: 9_000,
  status: 'requested',
  missing: ['one approver'],
  answers: [],
};

/** A guard that knows the incident `i1`, the rollback `e1`, the plan `checkout-flag-off`, the pause `p1` and the approval `a1` (and of Slack's users `U1`), and writes down what it was asked to do. */
export class RecordingGuardApi implements GuardApi {
  readonly calls: (readonly [action: string, ...details: unknown[]])[] = [];
  missing: string[] = [];
  /** Thrown by `status`. */
  fault: Error | undefined;

  notReady(): readonly string[] {
    return this.missing;
  }
  async status(): Promise<StatusView> {
    if (this.fault !== undefined) throw this.fault;
    return status;
  }
  async triggers(): Promise<readonly TriggerView[]> {
    return [trigger];
  }
  async triggerSeries(target: string, name: string, sinceAt: number): ReturnType<GuardApi['triggerSeries']> {
    this.#known(`${target}/${name}`, 'checkout/CheckoutErrorRateHigh', undefined);
    return this.#did('triggerSeries', [target, name, sinceAt], { target, trigger: name, now: 2_000, series: [] });
  }
  async incidents(filter: unknown): ReturnType<GuardApi['incidents']> {
    this.calls.push(['incidents', filter]);
    return [incident];
  }
  async incident(id: string): Promise<Incident> {
    return this.#known(id, 'i1', incident);
  }
  async rollback(id: string): ReturnType<GuardApi['rollback']> {
    return this.#known(id, 'e1', { ...rung, incidentId: 'i1', target: 'checkout' });
  }
  async startRollback(...request: Parameters<GuardApi['startRollback']>): ReturnType<GuardApi['startRollback']> {
    const { what } = request[0];
    if ('planId' in what && what.planId !== rung.planId) throw new BelayError('plan-not-found', `There is no plan ${what.planId}.`);
    if ('target' in what && what.target === 'busy') throw new BelayError('target-busy', 'busy is being rolled back.', { context: { executionId: 'e1' } });
    return this.#did('startRollback', request, { executionId: 'e/2', incidentId: 'i2' });
  }
  async answerApproval(...request: Parameters<GuardApi['answerApproval']>): ReturnType<GuardApi['answerApproval']> {
    const [, { decision }, who] = request;
    if ('slackUser' in who && who.slackUser !== 'U1') throw new BelayError('forbidden', `nobody is the user ${who.slackUser} of Slack`);
    this.#known(request[0], 'a1', undefined);
    return this.#did('answerApproval', request, { ...approval, status: decision === 'approve' ? 'approved' : 'rejected' });
  }
  async acknowledge(...request: Parameters<GuardApi['acknowledge']>): Promise<void> {
    this.#known(request[0], 'i1', undefined);
    this.#did('acknowledge', request, undefined);
  }
  async undoRollback(...details: Parameters<GuardApi['undoRollback']>): ReturnType<GuardApi['undoRollback']> {
    if (details[0] !== 'e1') throw new BelayError('not-found', `there is no rollback ${details[0]}`);
    this.calls.push(['undoRollback', ...details]);
    return { executionId: 'u1', incidentId: 'i1' };
  }
  async describeUndo(executionId: string): Promise<readonly StepPreview[]> {
    if (executionId !== 'e1') throw new BelayError('not-found', `there is no rollback ${executionId}`);
    return [{ key: 'p/s', name: 'flag', type: 'feature-flag', summary: 'off → on', before: 'off', after: 'on' }];
  }
  async verifyRollback(...details: Parameters<GuardApi['verifyRollback']>): Promise<{ verificationId: string; timeoutMs: number }> {
    this.calls.push(['verifyRollback', ...details]);
    return { verificationId: 'v1', timeoutMs: 600_000 };
  }
  async plans(): Promise<readonly PlanSummary[]> {
    return [planSummary];
  }
  async describePlan(planId: string): Promise<PlanDescription> {
    if (planId !== planSummary.id) throw new BelayError('plan-not-found', `Rollback plan ${planId} not found`);
    return { ...planSummary, steps: [{ key: 'checkout-flag-off/flag', name: 'flag', type: 'feature-flag', summary: 'on → off', before: 'on', after: 'off' }] };
  }
  async cancelRollback(...request: Parameters<GuardApi['cancelRollback']>): Promise<void> {
    this.#known(request[0], 'e1', undefined);
    this.#did('cancelRollback', request, undefined);
  }
  async closeIncident(...request: Parameters<GuardApi['closeIncident']>): Promise<void> {
    this.#known(request[0], 'i1', undefined);
    this.#did('closeIncident', request, undefined);
  }
  async markChange(...request: Parameters<GuardApi['markChange']>): Promise<void> {
    this.#did('markChange', request, undefined);
  }
  async pause(...request: Parameters<GuardApi['pause']>): ReturnType<GuardApi['pause']> {
    return this.#did('pause', request, { id: 'p1', by: request[1], reason: request[0].reason, since: 1 });
  }
  async resume(...request: Parameters<GuardApi['resume']>): Promise<void> {
    this.#known(request[0], 'p1', undefined);
    this.#did('resume', request, undefined);
  }
  async receiveAlerts(...request: Parameters<GuardApi['receiveAlerts']>): Promise<void> {
    this.#did('receiveAlerts', request, undefined);
  }
  async reset(...request: Parameters<GuardApi['reset']>): Promise<void> {
    this.#did('reset', request, undefined);
  }
  async reload(by: string): Promise<void> {
    this.#did('reload', [by], undefined);
  }

  #did<T>(action: string, details: readonly unknown[], result: T): T {
    this.calls.push([action, ...details]);
    return result;
  }
  #known<T>(id: string, known: string, value: T): T {
    if (id !== known) throw new BelayError('not-found', `There is no ${id}.`, { context: { id } });
    return value;
  }
}

/** Reports of the one incident that there is, with nothing in them. */
export const emptyReports: ReportApi = { incidentReport: (id) => (id === 'i1' ? Promise.resolve('{}') : Promise.reject(new BelayError('not-found', `there is no incident ${id}`))), periodReport: () => Promise.resolve('{}') };

/** Tells what a test lets it tell. */
export class RecordingLiveApi implements LiveApi {
  readonly hearers = new Set<(events: readonly LiveEvent[]) => void>();
  snapshots = 0;

  snapshot(): ReturnType<LiveApi['snapshot']> {
    this.snapshots += 1;
    return { name: 'snapshot', seq: 7, data: { now: 2_000, status, triggers: [trigger], incidents: [incident], lastSeq: 7 } };
  }

  listen(hear: (events: readonly LiveEvent[]) => void): () => void {
    this.hearers.add(hear);
    return () => this.hearers.delete(hear);
  }

  tell(...events: readonly LiveEvent[]): void {
    for (const hear of this.hearers) hear(events);
  }
}

/** Knows one drill, `drill-1`. */
export const emptyDrills: DrillApi = {
  drills: () => [],
  drillRun: (executionId) =>
    executionId === 'drill-1'
      ? Promise.resolve({ kind: 'plan', name: 'checkout-flag-off', executionId, status: 'passed', trigger: 'schedule', by: 'schedule', startedAt: 1_900, steps: [], gaps: [] })
      : Promise.reject(new BelayError('not-found', `there is no drill ${executionId}`)),
  startDrill: () => Promise.resolve({ executionId: 'drill-1' }),
  cancelDrill: () => Promise.resolve(),
};
