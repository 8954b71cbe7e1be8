/** The closed list of error codes; docs/errors.md says what each means and what to do, and a test keeps the two equal. */
export const errorCodes = [
  'config-invalid',
  'wrong-use',
  'plan-not-found',
  'plan-dependency-missing',
  'plan-dependency-cycle',
  'executor-missing',
  'template-unresolved',
  'parameter-missing',
  'parameter-invalid',
  'step-timeout',
  'step-failed',
  'state-not-as-wanted',
  'provider-refused',
  'provider-unreachable',
  'command-failed',
  'target-busy',
  'not-found',
  'conflict',
  'unauthorized',
  'forbidden',
  'store-unavailable',
  'store-locked',
  'daemon-unreachable',
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];
