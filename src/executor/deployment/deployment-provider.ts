import type { Effort, Reading } from '../state-executor.js';
import type { StepParameters } from '../step-parameters.js';
import type { TemplateValues } from '../calls/template.js';

/** A version of one service as a step names it, with the values that a binding's templates may use. */
export interface DeploymentRequest {
  readonly parameters: StepParameters<'deployment'>;
  readonly values: TemplateValues;
}

/** Brings versions of one service into an environment. */
export interface DeploymentProvider {
  /** Whether the wanted version is what runs, and what runs instead. */
  read(request: DeploymentRequest, signal: AbortSignal): Promise<Reading>;
  deploy(request: DeploymentRequest, effort: Effort): Promise<void>;
  /** Reads what an undo needs, where that is more than the name of the version. */
  capture?(request: DeploymentRequest, signal: AbortSignal): Promise<unknown>;
  /** Of what `capture` has read: the version that there was, and what brings exactly that back. */
  before?(captured: unknown): { readonly version: string; readonly provider: DeploymentProvider };
}

/** For a provider that can say which version runs: `undefined` when none is named. */
export function readingCurrent(current: (request: DeploymentRequest, signal: AbortSignal) => Promise<string | undefined>): DeploymentProvider['read'] {
  return async (request, signal) => {
    const version = await current(request, signal);
    if (version === undefined) return { state: 'unknown', problem: 'no version is named' };
    return { state: version === request.parameters.version ? 'applied' : 'not-applied', actual: version };
  };
}
