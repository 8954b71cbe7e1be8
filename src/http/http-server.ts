import swagger from '@fastify/swagger';
import Fastify, { LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { jsonSchemaTransform, validatorCompiler } from 'fastify-type-provider-zod';
import type { Registry } from 'prom-client';
import type { HttpSettings } from '../config/config.js';
import type { Redactor } from '../secret/redactor.js';
import { guardAccess } from './access.js';
import { actionRoutes } from './action-routes.js';
import { approvalRoutes } from './approval-routes.js';
import { clientErrorHandler } from './client-errors.js';
import { endConnections } from './end-connections.js';
import { eventRoutes } from './event-routes.js';
import type { GuardApi } from './guard-api.js';
import { alertRoutes } from './alert-routes.js';
import { answerErrors } from './http-errors.js';
import type { DrillApi } from './drill-api.js';
import { drillRoutes } from './drill-routes.js';
import type { LiveApi } from './live-api.js';
import { metricsRoute } from './metrics-route.js';
import { pageRoutes } from './page-routes.js';
import { probeRoutes } from './probe-routes.js';
import { readRoutes } from './read-routes.js';
import { type ReportApi, reportRoutes } from './report-routes.js';
import { noSlack, slackRoutes, type SlackPorts } from './slack-routes.js';
import type { TlsFiles } from './tls-settings.js';

export interface HttpServerOptions {
  readonly guard: GuardApi;
  readonly live: LiveApi;
  readonly reports: ReportApi;
  /** Without it, nothing is practised over HTTP. */
  readonly drills?: DrillApi | undefined;
  readonly settings: HttpSettings;
  /** The daemon's own token, of the role operator. */
  readonly operatorToken: string;
  readonly logger: FastifyBaseLogger;
  /** With it, the interface speaks TLS only. */
  readonly tls?: TlsFiles | undefined;
  readonly registry: Registry;
  readonly redactor: Redactor;
  /** Without it, nothing is taken from Slack. */
  readonly slack?: SlackPorts | undefined;
  /** For a whole request to arrive: a client that dribbles does not hold a connection for ever. */
  readonly requestTimeoutMs?: number | undefined;
  /** How long `close` waits for requests that are under way. */
  readonly closeGraceMs?: number | undefined;
}

const BODY_LIMIT_BYTES = 1024 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;
const CLOSE_GRACE_MS = 10_000;

/** The HTTP interface, ready to `listen` or `inject`; `close` lets running requests end, for a while. */
export function createHttpServer({ guard, live, reports, drills, settings, operatorToken, logger, tls, registry, redactor, slack = noSlack, requestTimeoutMs = REQUEST_TIMEOUT_MS, closeGraceMs = CLOSE_GRACE_MS }: HttpServerOptions): FastifyInstance {
  // Node looks at bodies that are late only where headers have no longer than the whole request.
  const connections = { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs, connectionsCheckingInterval: requestTimeoutMs };
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    // As long as a URL may be: a name that is too long is one that is not known, and is answered as such.
    routerOptions: { maxParamLength: 16_384 },
    requestTimeout: requestTimeoutMs,
    clientErrorHandler: clientErrorHandler(requestTimeoutMs),
    // A client without a certificate is known by its token; one with a bad one is no better off.
    ...(tls === undefined ? { http: connections } : { https: { ...tls, ...connections, requestCert: tls.ca !== undefined, rejectUnauthorized: false } }),
  }) as FastifyInstance;
  app.setValidatorCompiler(validatorCompiler);
  // Schemas of answers describe them for OpenAPI only; what goes out is cleaned of secrets here, errors included.
  app.setSerializerCompiler(() => JSON.stringify);
  app.setReplySerializer((payload) => JSON.stringify(redactor.data(payload)));
  app.addHook('onRequest', async (_request, reply) => {
    void reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    return Promise.resolve();
  });
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    // Many clients name the type of a body that they do not send.
    if (body.trim() === '') done(null, undefined);
    else void parseJson(request, body, done);
  });
  endConnections(app, closeGraceMs);
  const stillMay = guardAccess(app, settings, operatorToken);
  answerErrors(app);
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Belay', version: '1', description: 'An unattended production guard. Instants are milliseconds since the epoch.' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
  });
  // In a plugin of their own, the routes are registered once the documentation listens for them.
  app.register((scope, _options, done) => {
    const api = scope.withTypeProvider<ZodTypeProvider>();
    pageRoutes(api);
    probeRoutes(api, guard);
    metricsRoute(api, registry);
    readRoutes(api, guard);
    eventRoutes(api, live, { redactor, stillMay });
    actionRoutes(api, guard);
    reportRoutes(api, reports);
    if (drills !== undefined) drillRoutes(api, drills);
    alertRoutes(api, guard);
    approvalRoutes(api, guard);
    scope.register((own, _none, registered) => {
      slackRoutes(own.withTypeProvider<ZodTypeProvider>(), guard, slack);
      registered();
    });
    api.get('/api/v1/openapi.json', { config: { role: 'viewer' }, schema: { hide: true } }, () => app.swagger());
    done();
  });
  return app;
}
