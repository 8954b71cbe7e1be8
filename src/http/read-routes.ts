import { nameOf, principalOf } from './access.js';
import type { Api } from './api.js';
import { errorAnswers } from './api.js';
import type { GuardApi } from './guard-api.js';
import { idParams, incidentQuery, seriesQuery, triggerParams } from './request-schemas.js';
import { incidentsView, incidentView, plansView, planView, rollbackView, sessionView, statusView, triggerSeriesView, triggersView } from './view-schemas.js';

/** What a viewer may see. */
export function readRoutes(api: Api, guard: GuardApi): void {
  const config = { role: 'viewer' } as const;
  api.get('/api/v1/status', { config, schema: { summary: 'Targets, sources and pauses at a glance', response: { 200: statusView, ...errorAnswers } } }, () => guard.status());
  api.get('/api/v1/session', { config, schema: { summary: 'Who asks, and with which role', response: { 200: sessionView, ...errorAnswers } } }, (request) => principalOf(request));
  api.get('/api/v1/triggers', { config, schema: { summary: 'Triggers and their alerts', response: { 200: triggersView, ...errorAnswers } } }, async () => ({
    triggers: await guard.triggers(),
  }));
  api.get(
    '/api/v1/triggers/:target/:name/series',
    { config, schema: { summary: 'The newest points of each alert of a trigger', params: triggerParams, querystring: seriesQuery, response: { 200: triggerSeriesView, ...errorAnswers } } },
    (request) => guard.triggerSeries(request.params.target, request.params.name, request.query.since),
  );
  api.get(
    '/api/v1/incidents',
    { config, schema: { summary: 'Incidents, newest first', querystring: incidentQuery, response: { 200: incidentsView, ...errorAnswers } } },
    async (request) => ({ incidents: await guard.incidents(request.query) }),
  );
  api.get(
    '/api/v1/incidents/:id',
    { config, schema: { summary: 'All that is known of an incident', params: idParams, response: { 200: incidentView, ...errorAnswers } } },
    (request) => guard.incident(request.params.id),
  );
  api.get(
    '/api/v1/rollbacks/:id',
    { config, schema: { summary: 'One run of one plan', params: idParams, response: { 200: rollbackView, ...errorAnswers } } },
    (request) => guard.rollback(request.params.id),
  );
  api.get('/api/v1/plans', { config, schema: { summary: 'The plans that are declared', response: { 200: plansView, ...errorAnswers } } }, async () => ({ plans: await guard.plans() }));
  api.get(
    '/api/v1/plans/:id',
    // It asks real systems and runs what the files declare for that, so that viewing is not enough.
    { config: { role: 'operator' }, schema: { summary: 'What a plan would change now, from the real state', params: idParams, response: { 200: planView, ...errorAnswers } } },
    (request) => guard.describePlan(request.params.id, nameOf(request)),
  );
}
