import { z } from 'zod';

/** How far an incident on a status page is, in the words that Statuspage has and others share. */
export const incidentStatus = z.enum(['investigating', 'identified', 'monitoring', 'resolved']);
