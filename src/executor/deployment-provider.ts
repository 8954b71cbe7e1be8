import type { DeploymentBinding } from './bindings.js';
import { runProviderCommandWell } from './provider-command.js';
import { requestValue, sendRequest } from './send-request.js';
import type { Effort } from './state-executor.js';
import type { TemplateValues } from './template.js';

/** Brings versions of one service into an environment. */
export interface DeploymentProvider {
  /** The version that runs at present; `undefined` when none is named. */
  current(values: TemplateValues, signal: AbortSignal): Promise<string | undefined>;
  deploy(values: TemplateValues, effort: Effort): Promise<void>;
}

export function deploymentProvider(binding: DeploymentBinding, directory: string): DeploymentProvider {
  switch (binding.type) {
    case 'command': {
      const place = { ...binding, directory };
      return {
        current: async (values, signal) => (await runProviderCommandWell(binding.current, place, values, { signal })) || undefined,
        async deploy(values, effort) {
          await runProviderCommandWell(binding.deploy, place, values, effort);
        },
      };
    }
    case 'http':
      return {
        async current(values, signal) {
          const version = await requestValue(binding.current, values, signal);
          if (version === undefined || version === null || version === '') return undefined;
          return typeof version === 'string' ? version.trim() : JSON.stringify(version);
        },
        async deploy(values, { signal }) {
          await sendRequest(binding.deploy, values, signal);
        },
      };
    default:
      return binding satisfies never;
  }
}
