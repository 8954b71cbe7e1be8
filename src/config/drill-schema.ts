import { z } from 'zod';
import { drillKinds } from '../incident/drill-event.js';
import { cronField, timezoneField } from './cron-field.js';
import { durationField, labelsField, nameField, positiveDurationField } from './fields.js';

/** Which keys belong to one kind of drill only. */
const keysOfKind = { against: 'plan', settings: 'plan', labels: 'plan', target: 'backup', recipients: 'communication' } as const;

/** An entry of `drills`: one of a plan, of the backup of an entry of `databases`, or of the ways to people. */
export const drillSchema = z
  .strictObject({
    plan: nameField.optional().meta({ title: 'plan id', description: 'The plan is walked step by step.' }),
    backup: nameField.optional().meta({ title: 'entry of `databases`', description: 'Its newest backup is verified, and restored where nobody uses it.' }),
    communication: nameField.optional().describe('A test message goes to every channel. The name is yours.'),
    cron: cronField.describe('When: `"0 10 1 * *"` is the first of every month at ten, `"0 10 1 1,4,7,10 *"` that of every quarter. A day must fit its day of the month and its day of the week.'),
    timezone: timezoneField.describe('Whose times of day `cron` means.'),
    announce: durationField.prefault('15m').describe('How long before it the team is told. With `0s` it is told when the drill begins.'),
    within: positiveDurationField.optional().describe('How long all of it takes as it is documented. Without it: what the plan says (`estimatedDuration`, else its budget), or the `rto` of the target of a backup.'),
    // Both relative to the file that the drill stands in.
    against: z.string().min(1).optional().meta({ title: 'path of a belay.yaml', description: 'A plan only: it is really run on the systems of that file, which must be of another environment. Without it, a dry run: every real state is read and nothing is changed.' }),
    settings: z.string().min(1).optional().meta({ title: 'path of a file of `NAME=value`', description: 'With `against`: what `${env:…}` means in the files there, in their plans too; a name that it does not have is not set. Without it, the environment of the daemon counts there as well.' }),
    labels: labelsField.optional().describe('A plan only: what `${labels.…}` in it is filled with.'),
    target: nameField.optional().meta({ title: 'target', description: 'A backup only: whose `rpo` says how old it may be, and whose incidents end the drill.' }),
    recipients: z.array(nameField).optional().describe('Communication only: whom the message names. Without them, it goes to those whom the channels tell anyway.'),
  })
  .superRefine((drill, context) => {
    const kinds = drillKinds.filter((kind) => drill[kind] !== undefined);
    if (kinds.length !== 1) context.addIssue({ code: 'custom', message: `a drill is of one thing (this one has ${kinds.length === 0 ? 'none' : kinds.join(' and ')}): write plan: ID, backup: DATABASE or communication: NAME` });
    for (const [key, kind] of Object.entries(keysOfKind)) {
      if (kinds.length === 1 && drill[key as keyof typeof keysOfKind] !== undefined && kinds[0] !== kind) context.addIssue({ code: 'custom', path: [key], message: `belongs to a drill of a ${kind}` });
    }
    if (drill.settings !== undefined && drill.against === undefined) context.addIssue({ code: 'custom', path: ['settings'], message: 'belongs to a drill with "against"' });
  })
  .meta({ title: 'drill' });

export type WrittenDrill = z.output<typeof drillSchema>;
