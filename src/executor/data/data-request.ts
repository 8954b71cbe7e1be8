import type { TemplateValues } from '../calls/template.js';
import type { StepParameters } from '../step-parameters.js';

/** What shall be brought back of one database, with the values that a binding's templates may use. */
export interface DataRequest {
  readonly parameters: StepParameters<'data'>;
  readonly values: TemplateValues;
}
