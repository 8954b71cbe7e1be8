import type { FastifyRequest } from 'fastify';
import { nameOf } from './access.js';
import { errorAnswers, noContent, type Api } from './api.js';
import type { GuardApi } from './guard-api.js';
import { mayDo } from './principal.js';
import { answerBody, idParams } from './request-schemas.js';
import { approvalView } from './view-schemas.js';

/** What people answer, and that they have seen something. */
export function approvalRoutes(api: Api, guard: GuardApi): void {
  api.post(
    '/api/v1/approvals/:id',
    {
      config: { role: 'approver' },
      schema: {
        summary: 'Answers an open question: by its id, or by the id of the incident or rollback that waits for it alone',
        params: idParams,
        body: answerBody,
        response: { 200: approvalView, ...errorAnswers },
      },
    },
    (request) => {
      const isApprover = request.principal !== undefined && mayDo(request.principal.role, 'approver');
      return guard.answerApproval(request.params.id, { ...request.body, way: wayOf(request) }, { name: nameOf(request), isApprover });
    },
  );
  api.post(
    '/api/v1/incidents/:id/ack',
    { config: { role: 'operator' }, schema: { summary: 'Says that somebody has seen the incident', params: idParams, response: { 204: noContent, ...errorAnswers } } },
    async (request, reply) => {
      await guard.acknowledge(request.params.id, nameOf(request));
      return reply.code(204).send(null);
    },
  );
}

/** Belay's own command line says who it is. */
function wayOf({ headers }: FastifyRequest): 'cli' | 'api' {
  return headers['user-agent']?.startsWith('belay-cli') === true ? 'cli' : 'api';
}
