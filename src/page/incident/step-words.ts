import type { RungStep } from '../../incident/incident.js';
import type { StateWord } from '../view/tone.js';

export const stepWords: Readonly<Record<RungStep['status'], StateWord>> = {
  waiting: { tone: 'idle', word: 'waiting' },
  running: { tone: 'act', word: 'running' },
  retrying: { tone: 'warn', word: 'tried again' },
  success: { tone: 'ok', word: 'done' },
  failed: { tone: 'bad', word: 'failed' },
  parked: { tone: 'bad', word: 'parked' },
  'would-have': { tone: 'paused', word: 'would have' },
  skipped: { tone: 'idle', word: 'left out' },
};
