import { z } from 'zod';
import { DEFAULT_APPROVAL_TIMEOUT_MS, type ApprovalPolicy } from '../../decision/approval-need.js';
import { formatDuration } from '../../time/duration.js';
import { durationMs } from './check-schema.js';

const groups = z.array(z.string().min(1)).min(1).refine((names) => new Set(names).size === names.length, 'must not name a group twice');

/** Who must agree, who is told, and until when, as it is written in `policy.approvals` and in a step. */
export const approvalShape = {
  allOf: groups.optional(),
  anyOf: groups.optional(),
  count: z.int().min(1).default(1),
  notify: groups.optional(),
  timeout: durationMs.refine((lasting) => lasting > 0, 'must be longer than 0s').prefault(formatDuration(DEFAULT_APPROVAL_TIMEOUT_MS)),
  onTimeout: z.enum(['hold', 'proceed']).default('hold'),
} as const;

type WrittenApproval = z.output<z.ZodObject<typeof approvalShape>>;

/** `allOf` says itself how many it takes. */
export const oneSortOfRule = [
  ({ allOf, anyOf, count }: WrittenApproval): boolean => allOf === undefined || (anyOf === undefined && count === 1),
  'needs either allOf (one of each group), or anyOf with a count',
] as const;

export function approvalPolicyOf({ allOf = [], anyOf = [], count, notify = [], timeout: timeoutMs, onTimeout }: WrittenApproval): ApprovalPolicy {
  return { allOf, anyOf, count, notify, timeoutMs, onTimeout };
}
