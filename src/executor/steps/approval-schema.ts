import { z } from 'zod';
import { DEFAULT_APPROVAL_TIMEOUT_MS, type ApprovalPolicy } from '../../decision/approval-need.js';
import { formatDuration } from '../../time/duration.js';
import { durationMs } from './check-schema.js';

const groups = z.array(z.string().min(1).meta({ title: 'group' })).min(1).refine((names) => new Set(names).size === names.length, 'must not name a group twice');

/** Who must agree, who is told, and until when, as it is written in `policy.approvals` and in a step. */
export const approvalShape = {
  allOf: groups.optional().describe('One person of each, and nobody for two of them.'),
  anyOf: groups.optional().describe('`count` people of any of them. Without `allOf` and `anyOf`: `count` approvers, whoever they are.'),
  count: z.int().min(1).default(1).describe('How many people must agree. Not with `allOf`.'),
  notify: groups.optional().describe('Told besides those who are asked.'),
  timeout: durationMs.refine((lasting) => lasting > 0, 'must be longer than 0s').prefault(formatDuration(DEFAULT_APPROVAL_TIMEOUT_MS)).describe('How long there is to answer.'),
  onTimeout: z.enum(['hold', 'proceed']).default('hold').describe('`hold` needs a person then (a step fails); `proceed` goes ahead.'),
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
