import { z } from 'zod';
import { parseDuration } from '../time/duration.js';
import { drillKinds } from '../incident/drill-event.js';
import type { DrillRequest } from './drill-api.js';
import type { ChangeMark, IncidentFilter, PauseRequest, RollbackRequest } from './guard-api.js';

const name = z.string().min(1).max(200);
const reason = z.string().trim().min(1).max(1_000).describe('Why; it is kept in the journal and told to people');
const durationMs = z
  .string()
  .describe('A duration as Prometheus writes it: 30m, 1h30m')
  .transform((text, context) => {
    const parsedMs = parseDuration(text);
    if (parsedMs !== undefined && parsedMs > 0) return parsedMs;
    context.addIssue('is not a duration: write 90s, 5m or 1h30m');
    return z.NEVER;
  });

export const idParams = z.object({ id: name });

export const triggerParams = z.object({ target: name, name });
export const seriesQuery = z.strictObject({ since: z.coerce.number().min(0).default(0).describe('Only points at or after this instant') });

export const incidentQuery = z
  .strictObject({
    target: name.optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
    before: name.optional().describe('Only incidents opened before this one'),
  })
  .transform(({ target, limit, before }): IncidentFilter => ({ target, limit, beforeId: before }));

export const rollbackBody = z
  .strictObject({
    plan: name.optional().describe('A plan by its id'),
    target: name.optional().describe('With level: the plan of that target on that level'),
    level: z.literal([1, 2, 3, 4, 5]).optional(),
    /** A plan that somebody names is a wish that explains itself; a level is not. */
    reason: reason.optional(),
    dryRun: z.boolean().default(false),
  })
  .transform(({ plan, target, level, reason: why, dryRun }, context): RollbackRequest => {
    if (plan !== undefined && target === undefined && level === undefined) return { what: { planId: plan }, reason: why ?? 'started by hand', dryRun };
    if (plan === undefined && target !== undefined && level !== undefined) {
      if (why !== undefined) return { what: { target, level }, reason: why, dryRun };
      context.addIssue({ code: 'custom', path: ['reason'], message: 'say why' });
      return z.NEVER;
    }
    const missing = plan !== undefined ? (target !== undefined ? 'target' : 'level') : target === undefined ? 'target' : 'level';
    context.addIssue({ code: 'custom', path: [missing], message: 'give either plan, or target and level' });
    return z.NEVER;
  });

export const undoBody = z
  .strictObject({ reason: reason.default('undone by hand'), dryRun: z.boolean().default(false).describe('Only tells what would be put back') })
  .optional()
  .transform((body) => body ?? { reason: 'undone by hand', dryRun: false });

const flagState = z.union([z.boolean(), z.enum(['on', 'off']).transform((word) => word === 'on')], 'must be true, false, on or off');

export const changeBody = z.strictObject({
  target: name,
  version: name,
  kind: z.enum(['deploy', 'good']).default('deploy'),
  configVersion: name.optional().describe('What else belongs to this state; plans reach it as ${rollbackPoint.configVersion}'),
  snapshotId: name.optional(),
  migration: name.optional(),
  flags: z.record(name, flagState).optional().describe('Feature flags by key: true, false, on or off'),
}) satisfies z.ZodType<ChangeMark>;

export const pauseBody = z
  .strictObject({ target: name.optional().describe('All targets when it is left out'), reason, for: durationMs.optional().describe('Until resumed when it is left out'), now: z.boolean().default(false).describe('Aborts the steps that are running, too') })
  .transform(({ target, reason: why, for: forMs, now }): PauseRequest => ({ target, reason: why, forMs, now }));

/** Why a pause ends, in the address: a DELETE has no body. */
export const resumeQuery = z.strictObject({ reason: reason.optional() });

export const resetBody = z.strictObject({ target: name.optional().describe('All targets when it is left out') });

const reportFormats = ['json', 'markdown', 'html'] as const;
export type ReportFormat = (typeof reportFormats)[number];
export const reportQuery = z.strictObject({ format: z.enum(reportFormats).default('json') });
export const periodQuery = z.strictObject({ period: durationMs.prefault('90d'), format: z.enum(['json', 'markdown']).default('json') });
export const answerBody = z.strictObject({ decision: z.enum(['approve', 'reject']), reason: reason.optional() });

export const drillBody = z
  .strictObject({
    plan: name.optional().describe('A plan by its id'),
    backup: name.optional().describe('An entry of databases'),
    communication: name.optional().describe('A drill of communication, by its name'),
    dryRun: z.boolean().default(false).describe('Only reads the state, whatever the files say'),
  })
  .transform((body, context): DrillRequest => {
    const [kind, ...others] = drillKinds.filter((key) => body[key] !== undefined);
    if (kind !== undefined && others.length === 0) return { subject: { kind, name: body[kind] ?? '' }, dryRun: body.dryRun };
    context.addIssue({ code: 'custom', path: [others[0] ?? 'plan'], message: 'give one of plan, backup and communication' });
    return z.NEVER;
  });

export const closeBody = z.strictObject({ reason });
