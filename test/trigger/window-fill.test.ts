import { expect, test } from 'vitest';
import type { Alert } from '../../src/trigger/alert.js';
import { evaluateTrigger } from '../../src/trigger/evaluate-trigger.js';
import type { Trigger } from '../../src/trigger/trigger.js';
import { windowFill } from '../../src/trigger/window-fill.js';
import { aTrigger } from '../support/triggers.js';

/** The alert after these values, a quarter of a minute apart. */
function after(trigger: Trigger, ...values: readonly number[]): Alert {
  let alerts: readonly Alert[] = [];
  for (const [index, value] of values.entries()) {
    const at = index * 15_000;
    alerts = evaluateTrigger(trigger, alerts, { kind: 'vector', at, series: [{ labels: {}, sample: { kind: 'value', at, value } }], warnings: [] }, { kind: 'slot', at }).alerts;
  }
  const [alert] = alerts;
  if (alert === undefined) throw new Error('there is no alert');
  return alert;
}

test('a for window fills with the time of the breach, and says when it will be full', () => {
  const trigger = aTrigger();
  expect(windowFill(trigger, after(trigger, 0.05))).toMatchObject({ kind: 'for', filledMs: 0, neededMs: 60_000, ratio: 0 });
  expect(windowFill(trigger, after(trigger, 0.2, 0.2, 0.2))).toMatchObject({ filledMs: 30_000, neededMs: 60_000, ratio: 0.5, dueAt: 60_000 });
  const fires = after(trigger, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2);
  expect(fires.state).toBe('firing');
  expect(windowFill(trigger, fires)).toMatchObject({ filledMs: 60_000, neededMs: 60_000, ratio: 1, dueAt: undefined });
  expect(windowFill(trigger, after(trigger, 0.2, 0.2, 0.05))).toMatchObject({ filledMs: 0, ratio: 0 });
});

test('a share window fills with the breach within it', () => {
  const trigger = aTrigger({ window: { kind: 'share', forMs: 100_000, atLeast: 0.6 } });
  expect(windowFill(trigger, after(trigger, 0.2, 0.2, 0.05, 0.2))).toMatchObject({ kind: 'share', filledMs: 30_000, neededMs: 60_000, ofMs: 100_000, ratio: 0.5 });
});

test('a consecutive window fills with samples in a row', () => {
  const trigger = aTrigger({ window: { kind: 'consecutive', count: 4 } });
  expect(windowFill(trigger, after(trigger, 0.2, 0.05, 0.2))).toMatchObject({ kind: 'consecutive', filled: 1, needed: 4, ratio: 0.25, dueAt: undefined });
});

test('what else a trigger asks for is shown, and holds the whole back', () => {
  const trigger = aTrigger({ window: { kind: 'for', forMs: 0 }, minSamples: 4, trend: 'rising' });
  expect(windowFill(trigger, after(trigger, 0.2, 0.3))).toMatchObject({ filledMs: 0, neededMs: 0, samples: { filled: 2, needed: 4 }, rising: false, ratio: 0.5 });
});
