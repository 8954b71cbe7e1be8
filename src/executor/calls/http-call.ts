import { z } from 'zod';

export const httpUrl = z.string().regex(/^https?:\/\//, 'must begin with http:// or https://').meta({ title: 'http(s) URL' });
const requestUrl = httpUrl.describe('References are encoded, each as one part of the path or query.');
const headers = z.record(z.string(), z.string()).default({}).describe('Sent with the request.');
const body = z.json().optional().describe('A structure goes out as JSON. A text that is one whole reference takes the value\'s type.');
/** One status or several; without it every 2xx is well. */
const expectStatus = z.union([z.int().min(100).max(599), z.array(z.int().min(100).max(599)).min(1)]).optional().meta({ title: 'status or list', description: 'Without it every 2xx is well.' });

/** An HTTP request that changes something. A structured `body` goes out as JSON. */
export const httpCallSchema = z.strictObject({
  method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE', 'GET']).default('POST').describe('How it is sent.'),
  url: requestUrl,
  headers,
  body,
  expectStatus,
}).meta({ title: 'request' });

/** An HTTP request that reads: `jsonPointer` (RFC 6901) finds the value in a JSON answer; without it the whole text is the value. */
export const httpReadSchema = z.strictObject({
  method: z.enum(['GET', 'POST']).default('GET').describe('How it is sent.'),
  url: requestUrl,
  headers,
  body,
  expectStatus,
  jsonPointer: z.string().regex(/^(?:\/|$)/, 'a JSON pointer begins with /').optional().meta({ title: 'JSON pointer', description: 'RFC 6901: where the value is in the JSON answer. Without it the whole text is the value.' }),
}).meta({ title: 'reading request' });

export type HttpCall = z.infer<typeof httpCallSchema>;
export type HttpRead = z.infer<typeof httpReadSchema>;
