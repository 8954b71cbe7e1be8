import { z } from 'zod';
import { drillKinds } from '../incident/drill-event.js';
import { cronField, timezoneField } from './cron-field.js';
import { durationField, labelsField, nameField, positiveDurationField } from './fields.js';

/** Which keys belong to one kind of drill only. */
const keysOfKind = { against: 'plan', settings: 'plan', labels: 'plan', target: 'backup', recipients: 'communication' } as const;

/** An entry of `drills`: one of a plan, of the backup of an entry of `databases`, or of the ways to people. */
export const drillSchema = z
  .strictObject({
    plan: nameField.optional(),
    backup: nameField.optional(),
    communication: nameField.optional(),
    cron: cronField,
    timezone: timezoneField,
    announce: durationField.prefault('15m'),
    within: positiveDurationField.optional(),
    /** Another belay.yaml, whose systems are really changed; relative to this one. */
    against: z.string().min(1).optional(),
    /** What `${env:…}` means in the files of `against`; relative to this one. */
    settings: z.string().min(1).optional(),
    labels: labelsField.optional(),
    target: nameField.optional(),
    recipients: z.array(nameField).optional(),
  })
  .superRefine((drill, context) => {
    const kinds = drillKinds.filter((kind) => drill[kind] !== undefined);
    if (kinds.length !== 1) context.addIssue({ code: 'custom', message: `a drill is of one thing (this one has ${kinds.length === 0 ? 'none' : kinds.join(' and ')}): write plan: ID, backup: DATABASE or communication: NAME` });
    for (const [key, kind] of Object.entries(keysOfKind)) {
      if (kinds.length === 1 && drill[key as keyof typeof keysOfKind] !== undefined && kinds[0] !== kind) context.addIssue({ code: 'custom', path: [key], message: `belongs to a drill of a ${kind}` });
    }
    if (drill.settings !== undefined && drill.against === undefined) context.addIssue({ code: 'custom', path: ['settings'], message: 'belongs to a drill with "against"' });
  });

export type WrittenDrill = z.output<typeof drillSchema>;
