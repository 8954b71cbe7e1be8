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
  readonly memory: ConfigurationMemory;
}

/** What `apply` overwrites, and how it is put back. */
export interface ConfigurationMemory {
  /** As plain data. */
  capture(request: ConfigurationRequest, signal: AbortSignal): Promise<unknown>;
  /** Throws `undo-impossible` where it cannot be done, or where the data is none of its own. */
  putBack(request: ConfigurationRequest, captured: unknown, effort: Effort): Promise<void>;
  /** Whether it is as it was; without it, capturing once more must find the same. */
  read?(request: ConfigurationRequest, captured: unknown, signal: AbortSignal): Promise<Reading>;
}

/** Tells a service that its configuration has changed. */
export type Reload = (request: ConfigurationRequest, effort: Effort) => Promise<void>;
