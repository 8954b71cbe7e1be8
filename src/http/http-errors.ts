import type { FastifyError, FastifyInstance } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { BelayError } from '../fault/belay-error.js';
import type { ErrorCode } from '../fault/error-codes.js';

/** Every answer of 400 and above. */
export const errorView = z.object({
  error: z.object({
    code: z.string().describe('Stable; see docs/errors.md'),
    message: z.string(),
    context: z.record(z.string(), z.unknown()),
  }),
});
type ErrorView = z.infer<typeof errorView>;

/** What each error means to an HTTP client. */
const STATUSES: Readonly<Record<ErrorCode, number>> = {
  'config-invalid': 422,
  'wrong-use': 400,
  'plan-not-found': 404,
  'plan-dependency-missing': 422,
  'plan-dependency-cycle': 422,
  'executor-missing': 422,
  'template-unresolved': 422,
  'parameter-missing': 400,
  'parameter-invalid': 400,
  'step-timeout': 504,
  'step-failed': 502,
  'state-not-as-wanted': 502,
  'state-drifted': 409,
  'undo-impossible': 409,
  'provider-refused': 502,
  'provider-unreachable': 502,
  'command-failed': 502,
  'backup-unfit': 502,
  'data-unsound': 502,
  'target-busy': 409,
  'not-found': 404,
  conflict: 409,
  unauthorized: 401,
  forbidden: 403,
  'store-unavailable': 503,
  'store-locked': 503,
  'daemon-unreachable': 503,
  'too-many-streams': 503,
  internal: 500,
};

/** Answers every error, unknown routes included, as JSON without a stack trace. What Belay did not raise on purpose is logged. */
export function answerErrors(app: FastifyInstance): void {
  app.setNotFoundHandler((request) => {
    throw new BelayError('not-found', `There is no ${request.method} ${request.url.split('?')[0] ?? ''}.`);
  });
  app.setErrorHandler(async (error: FastifyError | BelayError, request, reply) => {
    const { status, view } = answerFor(error);
    if (status >= 500) request.log.error({ err: error }, 'a request failed');
    if (status === 401) void reply.header('www-authenticate', 'Bearer');
    return reply.code(status).send(view);
  });
}

function answerFor(error: FastifyError | BelayError): { readonly status: number; readonly view: ErrorView } {
  if (error instanceof BelayError) return answer(STATUSES[error.code], error.code, error.message, error.context);
  if (hasZodFastifySchemaValidationErrors(error)) {
    const problems = error.validation.map(({ instancePath, message }) => ({ in: error.validationContext ?? 'body', path: instancePath === '' ? '/' : instancePath, message: message ?? 'is not valid' }));
    const text = problems.map((problem) => `${problem.in} ${problem.path}: ${problem.message}`).join('; ');
    return answer(400, 'parameter-invalid', text, { problems });
  }
  // Fastify's own refusals: a body that is too large, not JSON, of another media type.
  const { statusCode } = error;
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return answer(statusCode, 'wrong-use', error.message, {});
  return answer(500, 'internal', 'Belay could not answer this; its log says why.', {});
}

function answer(status: number, code: ErrorCode, message: string, context: Readonly<Record<string, unknown>>): { readonly status: number; readonly view: ErrorView } {
  return { status, view: { error: { code, message, context: { ...context } } } };
}
