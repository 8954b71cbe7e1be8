import type { RollbackContext, StepType } from '../../rollback/rollback-plan.js';
import type { RollbackStepExecutor } from '../../rollback/step-executor.js';
import type { StateChange } from '../state-executor.js';
import type { StepParameters } from '../step-parameters.js';

/** A map of keys: a zod schema (zod 4) of an object, or a JSON Schema with `type: object`. Unknown keys are errors unless it allows them. */
export type PluginSchema = { readonly _zod: object; readonly parse: (data: unknown) => unknown } | { readonly type: 'object'; readonly [keyword: string]: unknown };

/** What a step of a plugin's own type is about. */
export interface PluginStepRequest {
  // Checked by the plugin's own schema, which the compiler does not know.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly parameters: Record<string, any>;
  readonly context: RollbackContext;
  /** The folder of belay.yaml, absolute; where relative paths start. */
  readonly directory: string;
}

/** What a step of one of Belay's own types is about that a plugin's provider carries out. */
export interface PluginProviderRequest<T extends StepType> extends Omit<PluginStepRequest, 'parameters'> {
  readonly parameters: StepParameters<T>;
  /** What the entry of belay.yaml says beside `type`, secrets filled in. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly settings: Record<string, any>;
}

/** A step type: a state that is brought about, or an executor that does all of it by itself. */
export type PluginStepType =
  | { readonly parameters?: PluginSchema; change(request: PluginStepRequest): StateChange; readonly executor?: undefined }
  | { readonly parameters?: PluginSchema; readonly executor: RollbackStepExecutor; readonly change?: undefined };

/** A provider: a type of the entries of `deployments`, say. */
export interface PluginProvider<T extends StepType> {
  /** Of what an entry says beside `type`. */
  readonly settings?: PluginSchema;
  change(request: PluginProviderRequest<T>): StateChange;
}

type Providers<T extends StepType> = Readonly<Record<string, PluginProvider<T>>>;

/** The default export of a plugin. Names are lower-case words joined by `-`, and none that Belay has already. */
export interface BelayPlugin {
  readonly steps?: Readonly<Record<string, PluginStepType>>;
  readonly featureFlags?: Providers<'feature-flag'>;
  readonly deployments?: Providers<'deployment'>;
  readonly configurations?: Providers<'configuration'>;
  readonly databases?: Providers<'data'>;
  readonly traffic?: Providers<'traffic'>;
}
