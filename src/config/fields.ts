import { z } from 'zod';
import { parseCondition } from '../source/condition.js';
import { parseDuration } from '../time/duration.js';
import { severities } from '../trigger/trigger.js';

const writeDuration = 'write it as Prometheus does (90s, 5m, 1h30m)';

const durationText = z.string({ error: ({ input }) => (typeof input === 'number' ? `${input} is not a duration: ${writeDuration}` : undefined) });

/** A Prometheus duration, read as milliseconds. */
export const durationField = durationText.meta({ title: 'duration' }).transform((text, context) => {
  const durationMs = parseDuration(text);
  if (durationMs !== undefined) return durationMs;
  context.addIssue({ code: 'custom', message: `"${text}" is not a duration: ${writeDuration}` });
  return z.NEVER;
});

/** One that is longer than nothing. */
export const positiveDurationField = durationField.refine((durationMs) => durationMs > 0, 'must be longer than 0s');

const durationWords = z.string().refine((text) => (parseDuration(text) ?? 0) > 0, { error: ({ input }) => `"${String(input)}" is not a duration: ${writeDuration}` });

/** A duration that is kept as it is written. */
export const writtenDurationField = durationText.meta({ title: 'duration' }).refine((text) => (parseDuration(text) ?? 0) > 0, { error: ({ input }) => `"${String(input)}" is not a duration: ${writeDuration}` });

/** The limit of a step's attempt: a bare number is seconds. Kept as it is written. */
export const writtenTimeout = z.union([z.number().gt(0), durationWords], 'must be a number of seconds or a duration such as 90s').meta({ title: 'seconds or duration' });

/** How long a plan takes: a bare number is minutes, 0 when nobody has estimated it. Kept as it is written. */
export const writtenEstimate = z.union([z.number().min(0), durationWords], 'must be a number of minutes or a duration such as 15m').meta({ title: 'minutes or duration' });

export const httpUrlField = z
  .string()
  .regex(/^https?:\/\//, { error: 'must begin with http:// or https://', abort: true })
  .refine((text) => URL.canParse(text), 'is not a URL')
  .meta({ title: 'http(s) URL' });

/** A name that people give; it appears in messages, labels and addresses of pages. */
export const nameField = z.string().min(1).max(200).regex(/^[^\s\p{Cc}](?:[^\p{Cc}]*[^\s\p{Cc}])?$/u, 'must be one line without spaces around it').meta({ title: 'name' });

export const labelsField = z.record(z.string(), z.string());
export const severityField = z.enum(severities);
export const modeField = z.enum(['enforce', 'dry-run', 'observe']);
export const levelField = z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4), z.literal(5)], 'must be a level from 1 to 5').meta({ title: '1 to 5' });

/** `80%` or 0.8, read as a part of one. */
export const shareField = z.union([z.string(), z.number()], 'must be a percentage such as 80%').meta({ title: 'percentage or 0–1' }).transform((written, context) => {
  const parsed = parseCondition(`>= ${written}`);
  if (!('problem' in parsed) && (parsed.unit === 'ratio' || parsed.unit === 'number') && parsed.threshold > 0 && parsed.threshold <= 1) return parsed.threshold;
  context.addIssue({ code: 'custom', message: `"${written}" is not a share: write a percentage above 0% and up to 100%` });
  return z.NEVER;
});
