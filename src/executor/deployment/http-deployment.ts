import { z } from 'zod';
import { httpCallSchema, httpReadSchema } from '../calls/http-call.js';
import { requestValue, sendRequest } from '../calls/send-request.js';
import { readingCurrent, type DeploymentProvider } from './deployment-provider.js';

export const httpDeploymentBinding = z.strictObject({
  type: z.literal('http'),
  deploy: httpCallSchema.describe('Deploys the version.'),
  current: httpReadSchema.describe('Reads the version that runs.'),
});

/** Deployments behind an HTTP API: one request brings a version, another reads the one that runs. */
export function httpDeployment(binding: z.infer<typeof httpDeploymentBinding>): DeploymentProvider {
  return {
    read: readingCurrent(async ({ values }, signal) => {
      const version = await requestValue(binding.current, values, signal);
      if (version === undefined || version === null || version === '') return undefined;
      return typeof version === 'string' ? version.trim() : JSON.stringify(version);
    }),
    async deploy({ values }, { signal }) {
      await sendRequest(binding.deploy, values, signal);
    },
  };
}
