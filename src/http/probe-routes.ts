import { z } from 'zod';
import { nameOf } from './access.js';
import type { Api } from './api.js';
import { errorAnswers, noContent } from './api.js';
import type { GuardApi } from './guard-api.js';

const readyView = z.object({ ready: z.boolean(), notReady: z.array(z.string()).readonly() });

/** Whether the process lives, whether it watches and can act, and reading the files again. */
export function probeRoutes(api: Api, guard: GuardApi): void {
  api.get(
    '/-/healthy',
    { config: { role: 'open' }, schema: { summary: 'The process lives', security: [], response: { 200: z.object({ healthy: z.literal(true) }) } } },
    () => ({ healthy: true as const }),
  );
  api.get(
    '/-/ready',
    { config: { role: 'open' }, schema: { summary: 'Belay watches and can act; 503 says what is missing', security: [], response: { 200: readyView, 503: readyView } } },
    (_request, reply) => {
      const notReady = guard.notReady();
      const ready = notReady.length === 0;
      void reply.code(ready ? 200 : 503).send({ ready, notReady });
    },
  );
  api.post(
    '/-/reload',
    { config: { role: 'operator' }, schema: { summary: 'Reads the files again; bad ones are refused and change nothing', response: { 204: noContent, ...errorAnswers } } },
    async (request, reply) => {
      await guard.reload(nameOf(request));
      return reply.code(204).send(null);
    },
  );
}
