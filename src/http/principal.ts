import { createHash, timingSafeEqual } from 'node:crypto';
import type { HttpSettings, Role } from '../config/config.js';
import { BelayError } from '../fault/belay-error.js';

/** Who asks: the name and role of a token. */
export interface Principal {
  readonly name: string;
  readonly role: Role;
}

/** What a route asks for; `open` routes are answered to everybody. */
export type RequiredRole = 'open' | Role;

const RANKS: Readonly<Record<Exclude<Role, 'webhook'>, number>> = { viewer: 1, operator: 2, approver: 3, admin: 4 };

/** Each role may do all that the ones before it may; `webhook` may only deliver, and so may whoever may act. */
export function mayDo(role: Role, required: Exclude<RequiredRole, 'open'>): boolean {
  if (required === 'webhook') return role !== 'viewer';
  return role !== 'webhook' && RANKS[role] >= RANKS[required];
}

export interface Credentials {
  /** The Authorization header. */
  readonly authorization: string | undefined;
  /** The name in a client certificate that `http.tls.clientCa` has signed. */
  readonly certificate?: string | undefined;
  /** Whether the connection comes from this machine, and not through a proxy on it. */
  readonly isLocal: boolean;
}

interface KnownToken {
  readonly hash: Buffer;
  readonly principal: Principal;
}

/** Knows the tokens of belay.yaml and the daemon's own, as hashes. */
export class Authenticator {
  readonly #declared: () => HttpSettings['tokens'];
  readonly #own: KnownToken;
  #known: { readonly of: HttpSettings['tokens']; readonly tokens: readonly KnownToken[] } | undefined;

  /** `declared`: as the configuration has them now. */
  constructor(declared: () => HttpSettings['tokens'], operatorToken: string) {
    this.#declared = declared;
    this.#own = knownToken({ name: 'local operator', role: 'operator', token: operatorToken });
  }

  /** `undefined` for a request without a token that gives no right by itself. Throws `unauthorized` for a token that is not known. */
  identify({ authorization, certificate, isLocal }: Credentials): Principal | undefined {
    if (authorization === undefined && certificate !== undefined) return { name: certificate, role: 'webhook' };
    if (authorization === undefined) return isLocal && this.#declared().length === 0 ? { name: 'anonymous', role: 'viewer' } : undefined;
    const presented = hashOf(tokenIn(authorization));
    // Hashes have one length, and all are compared, so that the time tells nothing about any token.
    const known = this.#tokens().filter(({ hash }) => timingSafeEqual(hash, presented))[0];
    if (known === undefined) throw new BelayError('unauthorized', 'The token is not known here. Send "Authorization: Bearer TOKEN" with one of http.auth.tokens.');
    return known.principal;
  }

  #tokens(): readonly KnownToken[] {
    const of = this.#declared();
    if (this.#known?.of !== of) this.#known = { of, tokens: [...of.map(knownToken), this.#own] };
    return this.#known.tokens;
  }
}

function knownToken({ name, role, token }: HttpSettings['tokens'][number]): KnownToken {
  return { hash: hashOf(token), principal: { name, role } };
}

/** A bearer token, or the password of basic authentication, whatever its user is called. */
function tokenIn(authorization: string): string {
  const [, scheme = '', value = ''] = /^(Bearer|Basic) +(\S+) *$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() !== 'basic') return value;
  return /^[^:]*:(.*)$/s.exec(Buffer.from(value, 'base64').toString('utf8'))?.[1] ?? '';
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
