import type { Clock } from '../../time/clock.js';
import type { TemplateValues } from '../calls/template.js';
import type { StepParameters } from '../step-parameters.js';

/** What shall be brought back of one database, with the values that a binding's templates may use. */
export interface DataRequest {
  readonly parameters: StepParameters<'data'>;
  readonly values: TemplateValues;
  /** Which rollback it is for. */
  readonly run: string;
  /** The `rpo` of the target, where it has one: so old may a backup be unless the binding says otherwise. */
  readonly rpoMs: number | undefined;
}

/** What every provider of data works with. Relative paths of bindings start at `directory`. */
export interface DataSurroundings {
  readonly directory: string;
  readonly clock: Clock;
}
