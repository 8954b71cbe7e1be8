import { validateDetailed } from 'node-cron';
import { z } from 'zod';
import { isTimeZone } from '../time/time-zone.js';

/** Five fields: minute, hour, day of the month, month and day of the week. */
export const cronField = z.string().meta({ title: 'cron expression' }).transform((text, context) => {
  const { valid, errors } = validateDetailed(text);
  const fields = text.trim().split(/\s+/).length;
  if (valid && fields === 5) return text;
  const why = valid ? `it has ${fields} fields` : errors.map(({ message }) => message).join('; ');
  context.addIssue({ code: 'custom', message: `"${text}" is not a cron expression of five fields (${why}): write minute, hour, day of the month, month and day of the week, such as "0 18 * * 5"` });
  return z.NEVER;
});

export const timezoneField = z
  .string()
  .refine((name) => isTimeZone(name), 'is not a time zone: write a name such as Europe/Berlin or UTC')
  .default('UTC')
  .meta({ title: 'time zone' });
