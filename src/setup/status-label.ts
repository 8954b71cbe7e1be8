import type { Labels } from '../source/sample.js';
import type { MetricFamily } from './metric-family.js';

/** The label that says how something went, and which of its values are failures. */
export interface StatusLabel {
  readonly kind: 'http' | 'grpc' | 'outcome';
  readonly errors: Labels;
}

const STATUS_NAME = /(?:^|_)(?:status|code|statuscode)(?:$|_)/i;
const HTTP_STATUS = /^[1-5](?:\d\d|xx)$/i;
const STATUS_CLASS = /^[1-5]$/;
const GRPC_FAULTS = ['Unknown', 'DeadlineExceeded', 'Internal', 'Unavailable', 'DataLoss'];
const GRPC_CODES = new Set(['OK', 'Canceled', 'Cancelled', 'InvalidArgument', 'NotFound', 'AlreadyExists', 'PermissionDenied', 'ResourceExhausted', 'FailedPrecondition', 'Aborted', 'OutOfRange', 'Unimplemented', 'Unauthenticated', ...GRPC_FAULTS]);
const FAILURE = /^(?:errors?|failed|failures?|fail|server_error|exception)$/i;
const SUCCESS = /^(?:ok|success|succeeded|successful|completed|done|processed)$/i;

/**
 * Finds the label by its shape, whatever it is called: values that are all HTTP status codes (`500`, `5xx`), classes of
 * them (`5`, where the name says so), codes of gRPC, or words of failure beside others.
 */
export function statusLabelOf({ series }: MetricFamily): StatusLabel | undefined {
  const values = new Map<string, Set<string>>();
  for (const { labels } of series) {
    for (const [label, value] of Object.entries(labels)) values.set(label, (values.get(label) ?? new Set()).add(value));
  }
  const found = [...values].flatMap(([label, seen]) => labelMeaning(label, [...seen]) ?? []);
  const rank = (label: StatusLabel): number => ['http', 'grpc', 'outcome'].indexOf(label.kind);
  return found.sort((a, b) => rank(a) - rank(b))[0];
}

function labelMeaning(label: string, values: readonly string[]): StatusLabel | undefined {
  // What never got an answer has a code of its own in some libraries.
  const codes = values.filter((value) => !/^(?:0|unknown|none|-)$/i.test(value));
  if (codes.length === 0) return undefined;
  const named = STATUS_NAME.test(label);
  if (codes.every((value) => HTTP_STATUS.test(value)) && (named || codes.length > 1)) return { kind: 'http', errors: { [label]: '5..' } };
  if (named && /class|xx/i.test(label) && codes.every((value) => STATUS_CLASS.test(value))) return { kind: 'http', errors: { [label]: '5' } };
  if (codes.every((value) => GRPC_CODES.has(value)) && (named || codes.length > 1)) return { kind: 'grpc', errors: { [label]: GRPC_FAULTS.join('|') } };
  const failures = codes.filter((value) => FAILURE.test(value));
  const hasOthers = codes.some((value) => SUCCESS.test(value));
  return failures.length > 0 && hasOthers ? { kind: 'outcome', errors: { [label]: failures.length === 1 ? (failures[0] ?? '') : failures.join('|') } } : undefined;
}
