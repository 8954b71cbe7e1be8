import { z } from 'zod';
import { errorText } from '../../fault/belay-error.js';
import { checkHttp } from '../../source/http-check.js';
import { createHttpClient } from '../../source/http-client.js';
import { httpReadSchema, httpUrl } from '../calls/http-call.js';
import { requestValue } from '../calls/send-request.js';
import { fillData, fillUrl, type TemplateValues } from '../calls/template.js';
import { durationMs, httpExpectation } from '../steps/check-schema.js';

const readySchema = z.strictObject({
  url: httpUrl.describe('Asked with GET, over a new connection each time. References are encoded.'),
  headers: z.record(z.string(), z.string()).default({}).describe('Sent with the request.'),
  timeout: durationMs.prefault('5s').describe('No answer by then is not ready.'),
  expect: httpExpectation.prefault({}).describe('What a ready service answers. May refer to `${version}`: `{ contains: "${version}" }`.'),
}).meta({ title: 'readiness' });

/** How a deployment is seen by those whom it serves, beside what its administrator sees. */
export const clientView = {
  ready: readySchema.optional().describe('What a client sees of a service that serves.'),
  current: httpReadSchema.optional().describe('Where the service itself says which version it is.'),
};
export type ClientView = z.infer<z.ZodObject<typeof clientView>>;

/** The version that the service names; `undefined` where the binding does not ask it. Throws when it gives no answer. */
export async function servedVersion({ current }: Pick<ClientView, 'current'>, values: TemplateValues, signal: AbortSignal): Promise<string | undefined> {
  if (current === undefined) return undefined;
  // A kept connection would lead to the process that was there before.
  const version = await requestValue({ ...current, headers: { ...current.headers, connection: 'close' } }, values, signal);
  if (version === undefined) return 'no version';
  return typeof version === 'string' ? version : JSON.stringify(version);
}

/** Why a client would say that the service does not serve this version; `undefined` where it does, or is not asked. */
export async function clientProblem(view: ClientView, version: string, values: TemplateValues, signal: AbortSignal): Promise<string | undefined> {
  try {
    const served = (await servedVersion(view, values, signal)) ?? version;
    return served === version ? await readinessProblem(view, values, signal) : `it serves ${served}`;
  } catch (error) {
    signal.throwIfAborted();
    return errorText(error);
  }
}

async function readinessProblem({ ready }: ClientView, values: TemplateValues, signal: AbortSignal): Promise<string | undefined> {
  if (ready === undefined) return undefined;
  const client = createHttpClient({ keepAlive: false });
  try {
    const { headers, expect } = fillData({ headers: ready.headers, expect: ready.expect }, values) as Pick<typeof ready, 'headers' | 'expect'>;
    const { status, detail } = await checkHttp(client, { method: 'GET', url: fillUrl(ready.url, values), headers, timeoutMs: ready.timeout }, expect, signal);
    return status === 'ok' ? undefined : detail;
  } finally {
    client.close();
  }
}
