import type { FastifyRequest } from 'fastify';
import type { Redactor } from '../secret/redactor.js';
import { errorAnswers, type Api } from './api.js';
import { EventStreams } from './event-streams.js';
import type { LiveApi } from './live-api.js';
import { liveView } from './view-schemas.js';

/** How things are and every change, for whoever may view, as server-sent events. */
export function eventRoutes(api: Api, live: LiveApi, { redactor, stillMay }: { readonly redactor: Redactor; readonly stillMay: (request: FastifyRequest) => boolean }): void {
  const streams = new EventStreams(live, redactor);
  api.addHook('preClose', (done) => {
    streams.close();
    done();
  });
  api.get(
    '/api/v1/events',
    {
      config: { role: 'viewer' },
      exposeHeadRoute: false,
      schema: { summary: 'Server-sent events: how things are, and then every change; the schema has the data of each event under its name', produces: ['text/event-stream'], response: { 200: liveView, ...errorAnswers } },
    },
    (request, reply) => {
      streams.mustHaveRoom();
      reply.hijack();
      streams.open(reply.raw, reply.getHeaders(), () => stillMay(request));
    },
  );
}
