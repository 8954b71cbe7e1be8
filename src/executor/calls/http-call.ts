import { z } from 'zod';

export const httpUrl = z.string().regex(/^https?:\/\//, 'must begin with http:// or https://');
/** One status or several; without it every 2xx is well. */
const expectStatus = z.union([z.int().min(100).max(599), z.array(z.int().min(100).max(599)).min(1)]).optional();

/** An HTTP request that changes something. A structured `body` goes out as JSON. */
export const httpCallSchema = z.strictObject({
  method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE', 'GET']).default('POST'),
  url: httpUrl,
  headers: z.record(z.string(), z.string()).default({}),
  body: z.json().optional(),
  expectStatus,
});

/** An HTTP request that reads: `jsonPointer` (RFC 6901) finds the value in a JSON answer; without it the whole text is the value. */
export const httpReadSchema = z.strictObject({
  method: z.enum(['GET', 'POST']).default('GET'),
  url: httpUrl,
  headers: z.record(z.string(), z.string()).default({}),
  body: z.json().optional(),
  expectStatus,
  jsonPointer: z.string().regex(/^(?:\/|$)/, 'a JSON pointer begins with /').optional(),
});

export type HttpCall = z.infer<typeof httpCallSchema>;
export type HttpRead = z.infer<typeof httpReadSchema>;
