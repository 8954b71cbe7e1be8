import { expect, it } from 'vitest';
import { alertStateText } from '../../src/cli/alert-state-text.js';

it.each([
  [{ health: 'ok', state: 'pending', value: '12%' }, 'pending'],
  [{ health: 'err', state: 'firing', value: '12%' }, 'blind, was firing'],
  [{ health: 'err', state: 'inactive', value: '1%' }, 'blind, was inactive'],
  [{ health: 'err', state: 'inactive' }, 'no data yet'],
] as const)('%j: %s', (alert, text) => expect(alertStateText(alert)).toBe(text));
