import { expect, test } from 'vitest';
import { StepOutputs } from '../../src/daemon/step-outputs.js';

const first = { executionId: 'e1', stepKey: 'p/s', number: 1 };

test('what an attempt prints is put together, and a new attempt begins anew', () => {
  const outputs = new StepOutputs();
  expect(outputs.of('e1', 'p/s')).toBeUndefined();
  outputs.note(first, 'one ');
  outputs.note(first, 'two\n');
  outputs.note({ ...first, stepKey: 'p/other' }, 'else\n');
  expect(outputs.of('e1', 'p/s')).toBe('one two\n');
  outputs.note({ ...first, number: 2 }, 'again\n');
  expect(outputs.of('e1', 'p/s')).toBe('again\n');
});

test('only the end of much is kept, from the beginning of a line on', () => {
  const outputs = new StepOutputs();
  for (let line = 0; line < 10_000; line += 1) outputs.note(first, `line ${line}\n`);
  const text = outputs.of('e1', 'p/s') ?? '';
  expect(text.length).toBeLessThan(8_100);
  expect(text).toMatch(/^\[…\]\nline \d+\nline /);
  expect(text).toMatch(/line 9999\n$/);
  // Of a line that is longer than all that is kept, a part could hold a part of a secret.
  outputs.note({ ...first, number: 2 }, 'x'.repeat(9_000));
  expect(outputs.of('e1', 'p/s')).toBe('[…]\n');
});

test('the steps that have printed nothing for the longest are forgotten', () => {
  const outputs = new StepOutputs();
  for (let run = 0; run < 200; run += 1) outputs.note({ ...first, executionId: `e${run}` }, 'text');
  outputs.note({ ...first, executionId: 'e0' }, ' more');
  outputs.note({ ...first, executionId: 'e200' }, 'text');
  expect([outputs.of('e0', 'p/s'), outputs.of('e1', 'p/s'), outputs.of('e200', 'p/s')]).toEqual(['text more', undefined, 'text']);
});
