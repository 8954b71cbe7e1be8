import type { Clock } from '../../time/clock.js';
import type { TemplateValues } from '../calls/template.js';
import type { Effort } from '../state-executor.js';
import { clientProblem, servedVersion, type ClientView } from './client-view.js';
import type { DeploymentProvider } from './deployment-provider.js';
import { unfinishedText, type ReleaseLink } from './release-link.js';
import { waitUntilSteady, type Sight } from './wait-until-steady.js';

/** What runs the release that a link names. */
interface LinkedService {
  readonly link: ReleaseLink;
  readonly binding: ClientView & { readonly startWithin: number; readonly stableFor: number };
  readonly clock: Clock;
  /** Throws where the service could not be started, before anything is touched. */
  readonly prepare?: (effort: Effort) => Promise<void>;
  /** Makes it run what the link names now. */
  readonly start: (values: TemplateValues, effort: Effort) => Promise<void>;
  /** How the service is, seen by its administrator, if it is to be of this version. */
  readonly observe: (version: string, signal: AbortSignal) => Promise<Sight>;
}

/** Deployments by a release link: moved, started, seen to be steady by administrator and client, and moved back otherwise. */
export function linkDeployment({ link, binding, clock, prepare, start, observe }: LinkedService): DeploymentProvider {
  return {
    async read({ parameters: { version }, values }, signal) {
      await link.pathOf(version);
      const { version: named, unfinished } = await link.read();
      if (unfinished !== undefined) return { state: 'not-applied', problem: unfinishedText(unfinished) };
      if (named === undefined) return { state: 'not-applied', problem: 'no release' };
      const sight = await observe(named, signal);
      if (sight.state !== 'steady') return { state: 'not-applied', problem: `${named}, but ${sight.problem}` };
      const served = await servedVersion(binding, values, signal);
      if (served !== undefined && served !== named) return { state: 'not-applied', problem: `${named}, but ${served} serves` };
      return { state: named === version ? 'applied' : 'not-applied', actual: named };
    },
    async deploy(request, effort) {
      await prepare?.(effort);
      await link.switchTo(request.parameters.version, effort, async (version, within, isHurried) => {
        const values = { ...request.values, version };
        await start(values, within);
        if (isHurried) return;
        await waitUntilSteady(`release ${version}`, { withinMs: binding.startWithin, stableMs: binding.stableFor }, clock, within.signal, async () => {
          const sight = await observe(version, within.signal);
          const problem = sight.state === 'steady' ? await clientProblem(binding, version, values, within.signal) : undefined;
          return problem === undefined ? sight : { state: 'not-yet', problem };
        });
      });
    },
    capture: () => link.before(),
  };
}
