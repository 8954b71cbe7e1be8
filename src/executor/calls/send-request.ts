import { BelayError } from '../../fault/belay-error.js';
import { exchange, withoutCredentials } from './exchange.js';
import type { HttpCall, HttpRead } from './http-call.js';
import { fillData, fillTemplate, fillUrl, type TemplateValues } from './template.js';

const ERROR_BODY_CHARACTERS = 300;

/**
 * Sends a request whose templates are filled, and resolves to the answer's text. Redirects are not followed.
 * Throws `provider-unreachable` when there is no answer, `provider-refused` when its status is not the expected one.
 */
export async function sendRequest(call: HttpCall | HttpRead, values: TemplateValues, signal: AbortSignal): Promise<string> {
  const url = fillUrl(call.url, values);
  const headers = Object.fromEntries(Object.entries(call.headers).map(([name, value]) => [name, headerValue(name, fillTemplate(value, values))]));
  const body = fillData(call.body, values);
  if (typeof body === 'object' && body !== null && !Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')) headers['content-type'] = 'application/json';
  const text = typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body);
  const answer = await exchange({ method: call.method, url, headers, body: text }, signal);
  if (!statusExpected(answer.status, call.expectStatus)) {
    const said = answer.text.trim().slice(0, ERROR_BODY_CHARACTERS);
    throw new BelayError('provider-refused', `${call.method} ${withoutCredentials(url)} answered ${answer.status}${said === '' ? '' : `: ${said}`}`, { context: { status: answer.status } });
  }
  return answer.text;
}

/** Asks for one value: what the JSON pointer finds in the answer, or the whole trimmed text. `undefined` when the pointer finds nothing. */
export async function requestValue(read: HttpRead, values: TemplateValues, signal: AbortSignal): Promise<unknown> {
  const text = await sendRequest(read, values, signal);
  if (read.jsonPointer === undefined) return text.trim();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new BelayError('provider-refused', `${read.method} ${withoutCredentials(read.url)} did not answer with JSON`, { cause: error });
  }
  return atPointer(json, fillTemplate(read.jsonPointer, pointerValues(values)));
}

/** RFC 6901. */
function atPointer(json: unknown, pointer: string): unknown {
  const keys = pointer.split('/').slice(1).map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return keys.reduce<unknown>((value, key) => (typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined), json);
}

/** A value is one step of the pointer, whatever slashes it holds. */
function pointerValues(values: TemplateValues): TemplateValues {
  if (values === undefined) return undefined;
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? value.replaceAll('~', '~0').replaceAll('/', '~1') : value]));
}

function headerValue(name: string, value: string): string {
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) throw new BelayError('parameter-invalid', `the header ${name} would hold a control character`);
  return value;
}

function statusExpected(status: number, expected: HttpCall['expectStatus']): boolean {
  if (expected === undefined) return status >= 200 && status < 300;
  return typeof expected === 'number' ? status === expected : expected.includes(status);
}
