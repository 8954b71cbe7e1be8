import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { BelayError } from '../fault/belay-error.js';
import { nameOf } from './access.js';
import { alertMessageBody } from './alert-message-body.js';
import type { Api } from './api.js';
import { errorAnswers, noContent } from './api.js';
import type { GuardApi } from './guard-api.js';
import { parseStrictJson } from './strict-json.js';

/** A message of a group of some thousand alerts; larger ones are cut by `max_alerts` of the receiver. */
const BODY_LIMIT_BYTES = 4 * 1024 * 1024;
/** Bodies that may be on their way in at the same time. A sender that is told 503 tries again, and 429 would end its try. */
const MOST_BYTES_AT_ONCE = 128 * 1024 * 1024;

/** Where Alertmanagers deliver. The answer waits until the message is on the disk. */
export function alertRoutes(api: Api, guard: GuardApi): void {
  let bytesAtOnce = 0;
  api.register((own, _options, done) => {
    // Of this route alone, and stricter than the rest: it is what strangers reach first.
    own.removeContentTypeParser('application/json');
    own.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer', bodyLimit: BODY_LIMIT_BYTES }, (_request, body, parsed) => {
      try {
        parsed(null, parseStrictJson(body));
      } catch (error) {
        parsed(error as Error);
      }
    });
    own.addHook('onRequest', async (request, reply) => {
      const declared = Number(request.headers['content-length'] ?? BODY_LIMIT_BYTES);
      const bytes = Math.min(declared, BODY_LIMIT_BYTES);
      if (bytesAtOnce + bytes > MOST_BYTES_AT_ONCE) throw new BelayError('store-unavailable', 'More messages are on their way in than memory is set aside for; send it again.');
      bytesAtOnce += bytes;
      reply.raw.once('close', () => (bytesAtOnce -= bytes));
      return Promise.resolve();
    });
    own.withTypeProvider<ZodTypeProvider>().post(
      '/api/v1/alertmanager',
      {
        config: { role: 'webhook' },
        bodyLimit: BODY_LIMIT_BYTES,
        schema: { summary: "Takes a message of Alertmanager's webhook, version 4; 204 once it is stored", body: alertMessageBody, response: { 204: noContent, ...errorAnswers } },
      },
      async (request, reply) => {
        await guard.receiveAlerts(request.body, nameOf(request));
        return reply.code(204).send(null);
      },
    );
    done();
  });
}
