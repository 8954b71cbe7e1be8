import { z } from 'zod';
import type { Pause } from '../guard/pauses.js';
import type { Incident } from '../incident/incident.js';
import type { PlanDescription, PlanSummary, StepPreview } from '../rollback/plan-description.js';
import { severities } from '../trigger/trigger.js';
import { drillView } from './drill-routes.js';
import type { ApprovalView, IncidentSummary, PointView, RollbackView, StatusView, TriggerSeriesView, TriggerView } from './guard-api.js';
import type { LiveData, StepOutputView } from './live-api.js';
import type { Principal } from './principal.js';

// The answers as OpenAPI shows them. They describe and are not enforced: an answer in an emergency must not be refused
// because its description has fallen behind. The types hold the two together.

const instant = z.number().describe('Milliseconds since the epoch, UTC');
const mode = z.enum(['enforce', 'dry-run', 'observe']);
const level = z.literal([1, 2, 3, 4, 5]);
const incidentStatus = z.enum(['open', 'awaiting-approval', 'rolling-back', 'verifying', 'needs-human', 'recovered', 'closed']);
const labels = z.record(z.string(), z.string());

export const pauseView: z.ZodType<Pause> = z.object({
  id: z.string(),
  target: z.string().optional().describe('All targets when it is left out'),
  by: z.string(),
  reason: z.string(),
  since: instant,
  until: instant.optional(),
});

const answerView = z.object({ answer: z.enum(['approve', 'reject']), by: z.string(), groups: z.array(z.string()), way: z.enum(['cli', 'api', 'slack']), at: instant, reason: z.string().optional() });
const approvalFields = {
  id: z.string(),
  purpose: z.enum(['plan', 'schedule', 'by-hand', 'step']).describe('schedule: without an answer it starts at expiresAt'),
  planId: z.string(),
  level: level.optional(),
  question: z.string(),
  undoes: z.string().optional().describe('The rollback whose changes are to be put back'),
  requestedBy: z.string().optional(),
  requestedAt: instant,
  expiresAt: instant,
  status: z.enum(['requested', 'approved', 'rejected', 'expired', 'void']),
  missing: z.array(z.string()).describe('Who must agree still, in words'),
  answers: z.array(answerView),
};
export const approvalView: z.ZodType<ApprovalView> = z.object({ ...approvalFields, incidentId: z.string(), target: z.string() });

export const statusView: z.ZodType<StatusView> = z.object({
  version: z.string(),
  environment: z.string(),
  mode,
  now: instant,
  startedAt: instant,
  targets: z.array(
    z.object({
      name: z.string(),
      owners: z.array(z.string()),
      mode,
      alerts: z.object({ inactive: z.number(), pending: z.number(), firing: z.number() }),
      openIncident: z.object({ id: z.string(), status: incidentStatus }).optional(),
      paused: z.boolean(),
      running: z.string().optional().describe('The version that was deployed, rolled back to or found to run last'),
      lastGood: z.string().optional().describe('The version that plans go back to'),
      versionUnknown: z.string().optional().describe('Why the metric of its version tells none now'),
    }),
  ),
  sources: z.array(z.object({ name: z.string(), state: z.enum(['unknown', 'seeing', 'blind']), since: instant.optional(), message: z.string().optional() })),
  channels: z.array(z.object({ name: z.string(), state: z.enum(['working', 'failing', 'dead']), since: instant.optional(), error: z.string().optional() })).describe('dead: it takes no messages, and another channel stands in for it'),
  pauses: z.array(pauseView),
  approvals: z.array(approvalView),
  drills: z.array(drillView),
  notReady: z.array(z.string()).describe('What keeps Belay from seeing or acting; empty while nothing does'),
  store: z.union([z.object({ state: z.literal('ok') }), z.object({ state: z.literal('lost'), since: instant, message: z.string() })]).describe('lost: nothing can be decided or begun'),
  configurationRefused: z.object({ at: instant, problems: z.array(z.string()) }).optional().describe('The files on disk are refused, and older ones are in use'),
});

const comparison = z.enum(['>', '>=', '<', '<=', '==', '!=']);
const filledSamples = z.object({ filled: z.number(), needed: z.number() });
const fillFields = {
  ratio: z.number().describe('0 to 1; 1 while the alert fires'),
  samples: filledSamples.optional().describe('Breaching samples that are needed besides'),
  rising: z.boolean().optional().describe('Where the trigger asks for it: whether the values certainly rise'),
  dueAt: instant.optional().describe('When it will have lasted, if the breach goes on'),
};
const windowProgress = z.union([
  z.object({ kind: z.literal('for'), filledMs: z.number(), neededMs: z.number(), ...fillFields }),
  z.object({ kind: z.literal('share'), filledMs: z.number(), neededMs: z.number(), ofMs: z.number().describe('The length of the window'), ...fillFields }),
  z.object({ kind: z.literal('consecutive'), filled: z.number(), needed: z.number(), ...fillFields }),
]);
const point: z.ZodType<PointView> = z.union([z.object({ at: instant, value: z.number() }), z.object({ at: instant, unknown: z.string().describe('Why there is no number') })]);

const triggerView: z.ZodType<TriggerView> = z.object({
  name: z.string(),
  target: z.string(),
  source: z.string(),
  query: z.string(),
  condition: z.string(),
  threshold: z.object({
    comparison,
    value: z.number().describe('In base units: 10% is 0.1, 5s is 5, 1KiB is 1024'),
    unit: z.enum(['number', 'ratio', 'seconds', 'bytes']),
    clear: z.object({ comparison, value: z.number() }).optional().describe('With hysteresis: a firing alert clears only once this holds'),
  }),
  window: z.string(),
  severity: z.enum(severities),
  mode,
  health: z.enum(['unknown', 'ok', 'err']).describe('err while no answer holds a known value'),
  message: z.string().optional().describe('What the source said instead of an answer'),
  alerts: z.array(
    z.object({
      fingerprint: z.string(),
      labels,
      state: z.enum(['inactive', 'pending', 'firing']),
      health: z.enum(['unknown', 'ok', 'err']),
      value: z.string().optional().describe('In the unit of the condition: 12.4%'),
      valueAt: instant.optional(),
      point: point.optional().describe('The newest sample'),
      windowProgress,
      activeAt: instant.optional(),
      firedAt: instant.optional(),
    }),
  ),
});
export const triggersView = z.object({ triggers: z.array(triggerView).readonly() });
export const triggerSeriesView: z.ZodType<TriggerSeriesView> = z.object({
  target: z.string(),
  trigger: z.string(),
  now: instant,
  series: z.array(z.object({ fingerprint: z.string(), labels, points: z.array(point) })),
});
export const sessionView: z.ZodType<Principal> = z.object({ name: z.string(), role: z.enum(['viewer', 'operator', 'approver', 'admin', 'webhook']) });

const summaryFields = {
  id: z.string(),
  target: z.string(),
  environment: z.string(),
  mode,
  status: incidentStatus,
  openedAt: instant,
  endedAt: instant.optional(),
  needsHuman: z.object({ at: instant, reason: z.string(), explanation: z.string() }).optional(),
  resolution: z.object({ how: z.enum(['rolled-back', 'by-itself', 'closed']), by: z.string().optional(), explanation: z.string() }).optional(),
};

const verificationResult = z.looseObject({ outcome: z.enum(['recovered', 'not-recovered', 'inconclusive', 'error', 'skipped']), explanation: z.string() });

const rungFields = {
  executionId: z.string(),
  planId: z.string(),
  level: level.optional(),
  mode,
  trigger: z.enum(['manual', 'automatic']),
  by: z.string(),
  reason: z.string(),
  startedAt: instant,
  endedAt: instant.optional(),
  outcome: z.enum(['success', 'failed', 'parked', 'cancelled', 'would-have']).optional(),
  error: z.string().optional(),
  budgetMs: z.number().optional().describe('How long the steps may take before people are told'),
  estimatedMs: z.number().optional(),
  overBudgetAt: instant.optional(),
  undoes: z.string().optional().describe('The rollback that this one puts back'),
  steps: z.array(
    z.looseObject({
      key: z.string().describe('planId/stepId'),
      name: z.string(),
      type: z.string(),
      status: z.enum(['waiting', 'running', 'retrying', 'success', 'failed', 'parked', 'would-have', 'skipped']),
      attempts: z.number(),
      timeoutMs: z.number().describe('How long one attempt may take'),
      estimatedMs: z.number().optional().describe('How long it takes as its plan says'),
      output: z.string().optional().describe('The end of what its newest attempt has printed; with a single rollback only'),
      startedAt: instant.optional(),
      endedAt: instant.optional(),
      error: z.string().optional(),
      skipped: z.string().optional().describe('Why it was left out'),
    }),
  ),
  verification: z
    .looseObject({
      startedAt: instant,
      holdMs: z.number(),
      timeoutMs: z.number(),
      result: verificationResult.optional(),
    })
    .optional(),
  repeatedVerifications: z.array(z.looseObject({ id: z.string(), by: z.string(), result: verificationResult })).optional(),
};

const evidenceSample = z.object({ at: instant, value: z.string().optional(), unknown: z.string().optional().describe('Why there is no value') });
const evidence = z.looseObject({ trigger: z.string(), labels, severity: z.string(), query: z.string(), condition: z.string(), value: z.string().optional(), samples: z.array(evidenceSample).optional().describe('The last ones, oldest first'), window: z.string() });

// An incident says all that is known of it; the description names what scripts need of that, hence the loose objects.
export const incidentsView = z.object({ incidents: z.array(z.object(summaryFields) as unknown as z.ZodType<IncidentSummary>).readonly() });
export const rollbackView = z.looseObject({ ...rungFields, incidentId: z.string(), target: z.string() }) as unknown as z.ZodType<RollbackView>;
export const incidentView = z.looseObject({
  ...summaryFields,
  alerts: z.array(
    z.looseObject({
      evidence,
      firedAt: instant,
      clearedAt: instant.optional(),
      duringRollback: z.boolean(),
    }),
  ),
  decisions: z.array(
    z.looseObject({
      kind: z.string(),
      reason: z.string(),
      at: instant,
      mode,
      explanation: z.string(),
      needsHuman: z.boolean(),
      evidence: z.array(evidence).describe('What was seen of each alert'),
      rules: z.array(z.looseObject({ trigger: z.string(), by: z.enum(['trigger', 'matrix']), text: z.string() })),
      policy: z.array(z.object({ about: z.string(), objects: z.boolean(), says: z.string() })),
      alternatives: z.array(z.looseObject({ level: z.number(), planId: z.string().optional(), why: z.string() })).describe('The other levels, and why not those'),
    }),
  ),
  rungs: z.array(z.looseObject(rungFields)),
  approvals: z.array(z.looseObject(approvalFields)),
  acknowledged: z.array(z.object({ by: z.string(), at: instant })),
  attention: z.object({ since: instant, seenAt: instant.optional() }).optional().describe('It waits for a person: since when, and since when somebody looks after it'),
  escalations: z.array(z.looseObject({ at: instant, step: z.number(), to: z.array(z.string()) })).describe('Whom it has called because nobody looked after it'),
}) as unknown as z.ZodType<Incident>;
const stepOutputView: z.ZodType<StepOutputView> = z.object({ executionId: z.string(), stepKey: z.string(), output: z.string().describe('The end of what its newest attempt has printed') });
export const liveView: z.ZodType<LiveData> = z.object({
  snapshot: z.object({ now: instant, status: statusView, triggers: z.array(triggerView), incidents: z.array(incidentView), lastSeq: z.number() }).describe('Comes first, and again instead of single changes'),
  status: statusView,
  triggers: z.array(triggerView).describe('Those that changed'),
  incident: incidentView,
  output: stepOutputView,
  ping: z.object({ now: instant }),
});
export const rollbackStartedView = z.object({
  executionId: z.string(),
  incidentId: z.string(),
  approvalId: z.string().optional().describe('It waits for this approval'),
  missing: z.array(z.string()).readonly().optional().describe('Who must agree'),
  expiresAt: instant.optional(),
});
export const verificationStartedView = z.object({ verificationId: z.string(), timeoutMs: z.number() });

const stepPreview: z.ZodType<StepPreview> = z.object({
  key: z.string().describe('planId/stepId'),
  name: z.string(),
  type: z.string(),
  group: z.string().optional(),
  checklist: z.string().optional(),
  summary: z.string().optional().describe('One line: what is there → what would be there'),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  skipped: z.string().optional().describe('Why it would be left out'),
  error: z.string().optional().describe('Why it cannot be told, or in an undo what stands in its way'),
  when: z.unknown().optional(),
});
const planFields = {
  id: z.string(),
  name: z.string(),
  description: z.string(),
  phase: z.string(),
  target: z.string().optional(),
  level: z.number().optional(),
  dependencies: z.array(z.string()).readonly(),
  estimatedMs: z.number().optional(),
  budgetMs: z.number().optional(),
  stepCount: z.number(),
};
export const plansView = z.object({ plans: z.array(z.object(planFields) satisfies z.ZodType<PlanSummary>).readonly() });
export const planView: z.ZodType<PlanDescription> = z.object({ ...planFields, steps: z.array(stepPreview).readonly() });
export const undoPreviewView = z.object({ undoes: z.string(), steps: z.array(stepPreview).readonly() });
