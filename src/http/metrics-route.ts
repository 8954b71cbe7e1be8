import type { Registry } from 'prom-client';
import { z } from 'zod';
import type { Api } from './api.js';
import { errorAnswers } from './api.js';

/** Belay's own metrics, for a Prometheus that has at least a viewer's token where tokens are configured. */
export function metricsRoute(api: Api, registry: Registry): void {
  api.get(
    '/metrics',
    { config: { role: 'viewer' }, schema: { summary: "Belay's own metrics", produces: ['text/plain'], response: { 200: z.string(), ...errorAnswers } } },
    async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()),
  );
}
