import type { IncidentStatus } from '../../incident/incident.js';
import type { StateWord } from '../view/tone.js';

export const incidentWords: Readonly<Record<IncidentStatus, StateWord>> = {
  open: { tone: 'bad', word: 'firing' },
  'awaiting-approval': { tone: 'ask', word: 'waits for approval' },
  'rolling-back': { tone: 'act', word: 'rolling back' },
  verifying: { tone: 'act', word: 'verifying' },
  'needs-human': { tone: 'bad', word: 'needs a person' },
  recovered: { tone: 'ok', word: 'recovered' },
  closed: { tone: 'idle', word: 'closed' },
};
