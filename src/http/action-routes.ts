import { nameOf } from './access.js';
import type { Api } from './api.js';
import { errorAnswers, noContent } from './api.js';
import type { GuardApi, RollbackStart } from './guard-api.js';
import { changeBody, closeBody, idParams, pauseBody, resetBody, resumeQuery, rollbackBody, undoBody } from './request-schemas.js';
import { pauseView, rollbackStartedView, undoPreviewView, verificationStartedView } from './view-schemas.js';

/** What an operator may do; each is booked under the name of the token. */
export function actionRoutes(api: Api, guard: GuardApi): void {
  const config = { role: 'operator' } as const;
  const done = { 204: noContent, ...errorAnswers };
  api.post(
    '/api/v1/rollbacks',
    { config, schema: { summary: 'Starts a rollback, or asks those who must agree to it: {plan} or {target, level}', body: rollbackBody, response: { 202: rollbackStartedView, ...errorAnswers } } },
    async (request, reply) => {
      const started = await guard.startRollback(request.body, nameOf(request));
      return reply.code(202).header('location', placeOf(started)).send(started);
    },
  );
  api.post(
    '/api/v1/rollbacks/:id/cancel',
    { config, schema: { summary: 'Stops a rollback after really ending its present step', params: idParams, response: done } },
    async (request, reply) => {
      await guard.cancelRollback(request.params.id, nameOf(request));
      return reply.code(204).send(null);
    },
  );
  api.post(
    '/api/v1/rollbacks/:id/undo',
    {
      config,
      schema: {
        summary: 'Puts back what a rollback has changed, or asks those who must agree to it; with dryRun it only tells',
        params: idParams,
        body: undoBody,
        response: { 200: undoPreviewView, 202: rollbackStartedView, ...errorAnswers },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { reason, dryRun } = request.body;
      if (dryRun) return reply.code(200).send({ undoes: id, steps: await guard.describeUndo(id, nameOf(request)) });
      const started = await guard.undoRollback(id, { reason }, nameOf(request));
      return reply.code(202).header('location', placeOf(started)).send(started);
    },
  );
  api.post(
    '/api/v1/rollbacks/:id/verify',
    { config, schema: { summary: 'Verifies an ended rollback once more and tells', params: idParams, response: { 202: verificationStartedView, ...errorAnswers } } },
    async (request, reply) => reply.code(202).send(await guard.verifyRollback(request.params.id, nameOf(request))),
  );
  api.post(
    '/api/v1/incidents/:id/close',
    { config, schema: { summary: 'Closes an incident by hand', params: idParams, body: closeBody, response: done } },
    async (request, reply) => {
      await guard.closeIncident(request.params.id, request.body.reason, nameOf(request));
      return reply.code(204).send(null);
    },
  );
  api.post(
    '/api/v1/changes',
    { config, schema: { summary: 'Marks a deployed version, or one known to be good', body: changeBody, response: done } },
    async (request, reply) => {
      await guard.markChange(request.body, nameOf(request));
      return reply.code(204).send(null);
    },
  );
  api.post(
    '/api/v1/pauses',
    { config, schema: { summary: 'Holds automatic rollbacks back, of one target or of all', body: pauseBody, response: { 201: pauseView, ...errorAnswers } } },
    async (request, reply) => {
      const pause = await guard.pause(request.body, nameOf(request));
      return reply.code(201).header('location', `/api/v1/pauses/${encodeURIComponent(pause.id)}`).send(pause);
    },
  );
  api.delete('/api/v1/pauses/:id', { config, schema: { summary: 'Ends a pause', params: idParams, querystring: resumeQuery, response: done } }, async (request, reply) => {
    await guard.resume(request.params.id, nameOf(request), request.query.reason);
    return reply.code(204).send(null);
  });
  api.post(
    '/api/v1/resets',
    { config, schema: { summary: 'Gives a tripped budget of automatic rollbacks back', body: resetBody, response: done } },
    async (request, reply) => {
      await guard.reset(request.body.target, nameOf(request));
      return reply.code(204).send(null);
    },
  );
}

/** Where one can see what comes of it: what waits has no rollback yet. */
function placeOf({ executionId, incidentId, approvalId }: RollbackStart): string {
  return approvalId === undefined ? `/api/v1/rollbacks/${encodeURIComponent(executionId)}` : `/api/v1/incidents/${encodeURIComponent(incidentId)}`;
}
