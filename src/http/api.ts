import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { errorView } from './http-errors.js';

/** The server as route files see it: schemas type the handlers. */
export type Api = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;

export const errorAnswers = { '4xx': errorView, '5xx': errorView } as const;
export const noContent = z.null().describe('Done');
