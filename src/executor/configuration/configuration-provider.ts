import type { Effort, Reading } from '../state-executor.js';
import type { StepParameters } from '../step-parameters.js';
import type { TemplateValues } from '../calls/template.js';

/** What one service's configuration shall be, with the values that a binding's templates may use. */
export interface ConfigurationRequest {
  readonly parameters: StepParameters<'configuration'>;
  readonly values: TemplateValues;
}

/** Where a service's configuration is kept. */
export interface ConfigurationProvider {
  read(request: ConfigurationRequest, signal: AbortSignal): Promise<Reading>;
  apply(request: ConfigurationRequest, effort: Effort): Promise<void>;
  readonly reload?: ((request: ConfigurationRequest, effort: Effort) => Promise<void>) | undefined;
}
