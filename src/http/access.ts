import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { HttpSettings } from '../config/config.js';
import { BelayError } from '../fault/belay-error.js';
import { isForeignHost, isForeignOrigin, isLoopback } from './foreign-request.js';
import type { Principal, RequiredRole } from './principal.js';
import { Authenticator, mayDo } from './principal.js';
import { certificateName } from './tls-settings.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Absent on open routes. */
    principal: Principal | undefined;
  }
  interface FastifyContextConfig {
    /** Who may use the route; nobody but an admin when it is left out. */
    role?: RequiredRole;
  }
}

/**
 * Decides before a body is read who asks and whether they may:
 * - `open` routes (the probes) are answered to everybody, because load balancers send any Host and no token;
 * - an unknown token is refused everywhere else;
 * - a foreign Origin is refused, and a foreign Host unless a known token came with it (no web page has one);
 * - without a token, and when belay.yaml has none either, this machine may view;
 * - the role decides the rest.
 *
 * Returns whether who has made a request may still do so: tokens change with a reload, and some answers last.
 */
export function guardAccess(app: FastifyInstance, settings: HttpSettings, operatorToken: string): (request: FastifyRequest) => boolean {
  const authenticator = new Authenticator(() => settings.tokens, operatorToken);
  const whoAsks = (request: FastifyRequest): Principal | undefined =>
    authenticator.identify({ authorization: request.headers.authorization, certificate: certificateName(request.socket), isLocal: isLoopback(request.socket.remoteAddress) && !isForwarded(request) });
  app.decorateRequest('principal', undefined);
  app.addHook('onRequest', async (request) => {
    const required = request.routeOptions.config.role ?? 'admin';
    if (required === 'open') return;
    const { authorization, host, origin } = request.headers;
    const certificate = certificateName(request.socket);
    const principal = whoAsks(request);
    if (isForeignOrigin(origin, host)) throw new BelayError('forbidden', 'Requests from other web origins are refused.', { context: { origin } });
    if (isForeignHost(host, settings.host) && ((authorization ?? certificate) === undefined || principal === undefined)) {
      throw new BelayError('forbidden', 'The Host header names another host: use the address, localhost or the name under http.listen, or send a token.', { context: { host } });
    }
    if (request.is404) return;
    if (principal === undefined) throw new BelayError('unauthorized', `This needs a token with the role ${required} or above.`, { context: { required } });
    if (!mayDo(principal.role, required)) throw refusal(principal, required, authorization !== undefined ? 'token' : certificate !== undefined ? 'certificate' : undefined);
    request.principal = principal;
    return Promise.resolve();
  });
  return (request) => {
    const required = request.routeOptions.config.role ?? 'admin';
    try {
      const principal = whoAsks(request);
      return required === 'open' || (principal !== undefined && mayDo(principal.role, required));
    } catch (error) {
      if (error instanceof BelayError && error.code === 'unauthorized') return false;
      throw error;
    }
  };
}

export function principalOf({ principal }: FastifyRequest): Principal {
  if (principal === undefined) throw new BelayError('unauthorized', 'This needs a token.');
  return principal;
}

/** The name that an action is booked under. */
export function nameOf(request: FastifyRequest): string {
  return principalOf(request).name;
}

/** A proxy on this machine speaks for others. */
function isForwarded({ headers }: FastifyRequest): boolean {
  return headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined || headers['x-real-ip'] !== undefined;
}

function refusal(principal: Principal, required: RequiredRole, by: 'token' | 'certificate' | undefined): BelayError {
  const context = { required, role: principal.role };
  if (by === undefined) return new BelayError('unauthorized', `Without a token this machine may only view; this needs the role ${required} or above.`, { context });
  return new BelayError('forbidden', `The ${by} "${principal.name}" has the role ${principal.role}; this needs ${required} or above.`, { context });
}
