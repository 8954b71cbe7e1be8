import { z } from 'zod';

const LONGEST_PATH = 1_024;

/**
 * The path of an endpoint, and with it all that is below: `/api/v1` is `/api/v1/tasks` too, and not `/api/v10`. It is
 * written into the configuration of web servers, so it holds nothing that could mean something there.
 */
export const endpointPath = z
  .string()
  .min(1)
  .max(LONGEST_PATH)
  .regex(/^(?:\/[A-Za-z0-9._~-]+)*\/?$/, 'must be a path such as /api/v1: letters, digits and - . _ ~ between slashes')
  .refine((path) => path.split('/').every((part) => part !== '.' && part !== '..'), 'must not have the parts . and ..')
  .transform((path) => (path === '/' ? path : path.replace(/\/$/, '')));

export const endpointPaths = z.array(endpointPath).min(1).max(100).meta({ title: 'list of paths of URLs' });
