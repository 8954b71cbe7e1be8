import { errorText } from '../fault/belay-error.js';
import { DeadlineError } from './deadline.js';
import type { SourceErrorReason } from './sample.js';

/** Why a request got no usable answer. `message` begins with what was asked and has neither headers nor a query string. */
export interface RequestFault {
  readonly kind: 'fault';
  readonly reason: SourceErrorReason;
  readonly message: string;
}

type Cause = readonly [SourceErrorReason, string];

/** The other side's doing comes first: with several addresses tried, one that was refused says more than one without a route. */
const CAUSES = new Map<string, Cause>([
  ['ECONNREFUSED', ['unreachable', 'refused the connection']],
  ['ECONNRESET', ['unreachable', 'closed the connection without an answer']],
  ['EPIPE', ['unreachable', 'closed the connection without an answer']],
  ['ETIMEDOUT', ['timeout', 'did not answer the attempt to connect']],
  ['ECONNABORTED', ['timeout', 'did not answer in time']],
  ['EPROTO', ['bad-answer', 'does not speak TLS as it should']],
  ['ENOTFOUND', ['our-side', 'was not asked: its name does not resolve here']],
  ['EAI_AGAIN', ['our-side', 'was not asked: name resolution does not work here']],
  ['EAI_FAIL', ['our-side', 'was not asked: name resolution does not work here']],
  ['EHOSTUNREACH', ['our-side', 'was not asked: there is no route to it from here']],
  ['ENETUNREACH', ['our-side', 'was not asked: there is no route to it from here']],
  ['ENETDOWN', ['our-side', 'was not asked: the network is down here']],
  ['EADDRNOTAVAIL', ['our-side', 'was not asked: this host has no free port or address']],
  ['EMFILE', ['our-side', 'was not asked: this process is out of file descriptors']],
  ['ENFILE', ['our-side', 'was not asked: this host is out of file descriptors']],
  ['ENOBUFS', ['our-side', 'was not asked: this host is out of network buffers']],
  ['ENOMEM', ['our-side', 'was not asked: this host is out of memory']],
  ['EACCES', ['our-side', 'was not asked: this host does not allow the connection']],
  ['EPERM', ['our-side', 'was not asked: this host does not allow the connection']],
]);

/** Certificates that are not trusted here say nothing about the service itself. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF)/;

/** Says what an error of a request means; whatever is not known to be the network's or ours is a bad answer. */
export function requestFault(url: string, error: unknown): RequestFault {
  const [reason, words] = causeOf(error);
  return { kind: 'fault', reason, message: `${placeOf(url)} ${words}` };
}

/** The part of a URL that can be shown: no credentials, no query string. */
export function placeOf(url: string): string {
  if (!URL.canParse(url)) return 'an invalid URL';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

function causeOf(error: unknown): Cause {
  if (error instanceof DeadlineError) return ['timeout', `did not answer within ${String(error.timeoutMs / 1000)}s`];
  const codes = codesOf(error);
  for (const [code, cause] of CAUSES) if (codes.includes(code)) return cause;
  if (codes.some((code) => CERTIFICATE.test(code))) return ['our-side', `has a certificate that is not trusted here (${errorText(error)})`];
  if (codes.includes('ERR_INVALID_URL')) return ['our-side', 'cannot be asked'];
  return ['bad-answer', `sent an answer that cannot be read (${errorText(error)})`];
}

/** The codes of an error and of what caused it: axios wraps, and an attempt on several addresses collects one error each. */
function codesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const own = 'code' in error && typeof error.code === 'string' ? [error.code] : [];
  const collected = error instanceof AggregateError ? error.errors.flatMap(codesOf) : [];
  return [...own, ...collected, ...codesOf(error.cause)];
}
