import type { Effort } from '../state-executor.js';
import type { StepParameters } from '../step-parameters.js';
import type { TemplateValues } from '../calls/template.js';

/** A version of one service as a step names it, with the values that a binding's templates may use. */
export interface DeploymentRequest {
  readonly parameters: StepParameters<'deployment'>;
  readonly values: TemplateValues;
}

/** Brings versions of one service into an environment. */
export interface DeploymentProvider {
  /** The version that runs at present; `undefined` when none is named. */
  current(request: DeploymentRequest, signal: AbortSignal): Promise<string | undefined>;
  deploy(request: DeploymentRequest, effort: Effort): Promise<void>;
}
