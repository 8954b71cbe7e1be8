import { BelayError } from '../../fault/belay-error.js';
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
  /** Clients see a change only after a while. */
  readonly settles?: boolean | undefined;
  /** Where `set` overwrites more than on or off. */
  readonly memory?: FlagMemory | undefined;
}

/** What `set` overwrites, and how it is put back. */
export interface FlagMemory {
  /** As plain data without secrets. */
  capture(request: FlagRequest, signal: AbortSignal): Promise<unknown>;
  /** Throws `undo-impossible` for data that is none of its own. */
  putBack(request: FlagRequest, captured: unknown, effort: Effort): Promise<void>;
  /** Whether clients are told what is kept. */
  isSeen?(request: FlagRequest, signal: AbortSignal): Promise<boolean>;
}

/**
 * The part of the users that a step is about; `undefined` for all of them. Throws `parameter-missing` or
 * `parameter-invalid` for a scope that is neither.
 */
export function segmentOf({ scope = 'global', segment }: FlagRequest['parameters']): string | undefined {
  const problem = scopeProblem(scope, segment);
  if (problem !== undefined) throw new BelayError(segment === undefined ? 'parameter-missing' : 'parameter-invalid', problem);
  return segment;
}

/** What is wrong about a scope; also asked when a plan is checked. */
export function scopeProblem(scope = 'global', segment?: string): string | undefined {
  if (scope === 'segment') return segment === undefined ? 'scope: segment needs a segment, the name of the one that is meant' : undefined;
  if (scope !== 'global') return `the scope is ${JSON.stringify(scope)}, and can be global or segment`;
  return segment === undefined ? undefined : `segment: ${segment} needs scope: segment`;
}

const STATE_OF_WORD: ReadonlyMap<string, boolean> = new Map([
  ['true', true], ['on', true], ['1', true], ['enabled', true],
  ['false', false], ['off', false], ['0', false], ['disabled', false],
]);

/** Reads `true|on|1|enabled` or `false|off|0|disabled`; `undefined` when it is neither. */
export function flagStateOf(value: unknown): boolean | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? STATE_OF_WORD.get(String(value).trim().toLowerCase()) : undefined;
}
