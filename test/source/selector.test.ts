import { expect, it } from 'vitest';
import { compileSelector } from '../../src/source/selector.js';
import { signalToPromql } from '../../src/source/signal-promql.js';
import type { Selector } from '../../src/source/signal.js';

const matches = (selector: Selector, labels: Record<string, string>): boolean => {
  const compiled = compileSelector(selector);
  if (typeof compiled !== 'function') throw new Error(compiled.problem);
  return compiled(labels);
};

it('takes a plain value as it is, and one with pattern characters as an anchored pattern', () => {
  expect(matches({ status: '500' }, { status: '500' })).toBe(true);
  expect(matches({ status: '500' }, { status: '5000' })).toBe(false);
  expect(matches({ status: '5..' }, { status: '503' })).toBe(true);
  expect(matches({ status: '5..' }, { status: '1503' })).toBe(false);
  expect(matches({ status: '5..|4..' }, { status: '404' })).toBe(true);
  expect(matches({ status: '4|5' }, { status: '45' })).toBe(false);
  expect(matches({ path: '/a\\.b' }, { path: '/a.b' })).toBe(true);
  expect(matches({ text: 'a.b' }, { text: 'a\nb' })).toBe(true);
});

it('takes a missing label for an empty one', () => {
  expect(matches({}, { status: '500' })).toBe(true);
  expect(matches({ status: '' }, {})).toBe(true);
  expect(matches({ status: '.+' }, {})).toBe(false);
  expect(matches({ status: '.*' }, {})).toBe(true);
  expect(matches({ constructor: '' }, {})).toBe(true);
});

it('names a pattern that is none', () => {
  expect(compileSelector({ status: '(' })).toEqual({ problem: '"(", wanted of the label status, is not a regular expression' });
});

it('is the same in PromQL', () => {
  const promql = signalToPromql({ type: 'errorRate', metric: 'requests_total', select: { job: 'shop' }, errors: { status: '5..' }, windowMs: 90_000 });
  expect(promql).toBe('(sum(rate(requests_total{job="shop",status=~"5.."}[1m30s])) or vector(0)) / sum(rate(requests_total{job="shop"}[1m30s]))');
});
