import type { StepParameters } from '../step-parameters.js';
import type { Effort } from '../state-executor.js';
import type { TemplateValues } from '../calls/template.js';

/** One flag as a step names it, with the values that a binding's templates may use. */
export interface FlagRequest {
  readonly parameters: StepParameters<'feature-flag'>;
  readonly values: TemplateValues;
}

/** Where flags are kept. */
export interface FlagProvider {
  /** For people, after `flag new-checkout in`: `flags.json`. */
  readonly place: string;
  /** What a client is told at present. Throws when that cannot be said. */
  get(request: FlagRequest, signal: AbortSignal): Promise<boolean>;
  /** Makes it `parameters.targetState`. */
  set(request: FlagRequest, effort: Effort): Promise<void>;
}

const STATE_OF_WORD: ReadonlyMap<string, boolean> = new Map([
  ['true', true], ['on', true], ['1', true], ['enabled', true],
  ['false', false], ['off', false], ['0', false], ['disabled', false],
]);

/** Reads `true|on|1|enabled` or `false|off|0|disabled`; `undefined` when it is neither. */
export function flagStateOf(value: unknown): boolean | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? STATE_OF_WORD.get(String(value).trim().toLowerCase()) : undefined;
}
