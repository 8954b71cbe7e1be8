import { AxiosError } from 'axios';
import { expect, it } from 'vitest';
import { DeadlineError } from '../../src/source/deadline.js';
import { placeOf, requestFault } from '../../src/source/request-fault.js';

const url = 'https://user:hunter22@example.com:8443/health?token=sesame';
function coded(code: string): Error {
  return Object.assign(new Error(`${code} happened`), { code });
}
/** As axios hands it on. */
function wrapped(error: Error & { code?: string }): Error {
  const axiosError = new AxiosError(error.message, error.code);
  axiosError.cause = error;
  return axiosError;
}
const reasonOf = (error: unknown): string => requestFault(url, error).reason;

it.each([
  ['unreachable', ['ECONNREFUSED', 'ECONNRESET', 'EPIPE']],
  ['timeout', ['ETIMEDOUT', 'ECONNABORTED']],
  ['our-side', ['ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ERR_TLS_CERT_ALTNAME_INVALID']],
  ['bad-answer', ['HPE_INVALID_CONSTANT', 'ERR_BAD_RESPONSE', 'Z_DATA_ERROR', 'EPROTO', 'ESOMETHINGNEW']],
])('is %s for %j', (reason, codes) => {
  for (const code of codes) {
    expect(reasonOf(coded(code))).toBe(reason);
    expect(reasonOf(wrapped(coded(code)))).toBe(reason);
  }
  expect(reasonOf(new DeadlineError(100))).toBe('timeout');
  expect(reasonOf('thrown text')).toBe('bad-answer');
});

it('goes by the address that said most, when several were tried', () => {
  const several = (...codes: string[]): Error => wrapped(Object.assign(new AggregateError(codes.map(coded)), { code: codes[0]! }));
  expect(reasonOf(several('ENETUNREACH', 'ECONNREFUSED'))).toBe('unreachable');
  expect(reasonOf(several('ETIMEDOUT', 'ENETUNREACH'))).toBe('timeout');
  expect(reasonOf(several('ENETUNREACH', 'EHOSTUNREACH'))).toBe('our-side');
});

it('shows neither credentials nor the query string', () => {
  expect(requestFault(url, coded('ECONNREFUSED')).message).toBe('https://example.com:8443/health refused the connection');
  expect(placeOf('http://example.com/')).toBe('http://example.com');
  expect(placeOf('no url ?token=sesame')).toBe('an invalid URL');
});
