import { z } from 'zod';
import { drillKinds, drillOutcomes, type DrillStep } from '../incident/drill-event.js';
import { nameOf } from './access.js';
import { errorAnswers, noContent, type Api } from './api.js';
import type { DrillApi, DrillRunView, DrillView } from './drill-api.js';
import { drillBody, idParams } from './request-schemas.js';

const instant = z.number().describe('Milliseconds since the epoch');
const status = z.enum([...drillOutcomes, 'running']);
const subjectFields = { kind: z.enum(drillKinds), name: z.string().describe('The id of the plan, the entry of databases, or the name of the drill of communication') };
const gaps = z.array(z.string()).readonly().describe('What was not as it is documented');
const step = z.object({ name: z.string(), status: z.enum(['waiting', 'running', 'ok', 'failed', 'skipped']), tookMs: z.number().optional(), documentedMs: z.number().optional(), detail: z.string().optional() }) satisfies z.ZodType<DrillStep>;

export const drillView: z.ZodType<DrillView> = z.object({
  ...subjectFields,
  targets: z.array(z.string()).readonly(),
  schedule: z.object({ cron: z.string(), timezone: z.string() }).optional(),
  against: z.string().optional().describe('The belay.yaml whose systems are really changed; a dry run without it'),
  documentedMs: z.number().optional(),
  nextAt: instant.optional(),
  last: z.object({ executionId: z.string(), status, startedAt: instant, endedAt: instant.optional(), tookMs: z.number().optional(), gaps, explanation: z.string().optional() }).optional(),
  lastPassedAt: instant.optional(),
  warning: z.string().optional().describe('It was never drilled, or its last drill failed'),
});
const drillRunView: z.ZodType<DrillRunView> = z.object({
  ...subjectFields,
  executionId: z.string(),
  status,
  trigger: z.enum(['schedule', 'manual']),
  by: z.string(),
  startedAt: instant,
  endedAt: instant.optional(),
  against: z.string().optional(),
  documentedMs: z.number().optional(),
  tookMs: z.number().optional(),
  steps: z.array(step).readonly(),
  gaps,
  explanation: z.string().optional(),
});

/** What is practised: a viewer may look, an operator may begin and end. */
export function drillRoutes(api: Api, drills: DrillApi): void {
  const [view, act] = [{ role: 'viewer' }, { role: 'operator' }] as const;
  api.get('/api/v1/drills', { config: view, schema: { summary: 'What is practised, when it was last, and when it comes next', response: { 200: z.object({ drills: z.array(drillView).readonly() }), ...errorAnswers } } }, () => Promise.resolve({ drills: drills.drills() }));
  api.get('/api/v1/drills/:id', { config: view, schema: { summary: 'One run of one drill', params: idParams, response: { 200: drillRunView, ...errorAnswers } } }, (request) => drills.drillRun(request.params.id));
  api.post(
    '/api/v1/drills',
    { config: act, schema: { summary: 'Holds a drill now: of a plan, of a backup, or of the ways to people', body: drillBody, response: { 202: z.object({ executionId: z.string() }), ...errorAnswers } } },
    async (request, reply) => {
      const started = await drills.startDrill(request.body, nameOf(request));
      return reply.code(202).header('location', `/api/v1/drills/${encodeURIComponent(started.executionId)}`).send(started);
    },
  );
  api.post('/api/v1/drills/:id/cancel', { config: act, schema: { summary: 'Ends a drill', params: idParams, response: { 204: noContent, ...errorAnswers } } }, async (request, reply) => {
    await drills.cancelDrill(request.params.id, nameOf(request));
    return reply.code(204).send(null);
  });
}
