import { describe, expect, it } from 'vitest';
import type { Decision, PolicyFinding } from '../../src/decision/decision.js';
import { decisionGrounds, policyText, samplesText } from '../../src/decision/grounds.js';
import { errorRate, unhealthy } from '../support/incident-story.js';

const finding = (about: PolicyFinding['about'], objects = false): PolicyFinding => ({ about, objects, says: `What ${about} says.` });

describe('what the policy says, in one line', () => {
  it.each<readonly [string, readonly PolicyFinding[], string | undefined]>([
    ['nothing was asked', [finding('busy', true), finding('mode')], undefined],
    ['nothing is against it', [finding('ladder'), finding('pause'), finding('cooldown')], 'nothing holds it back (asked: pause, cooldown)'],
    ['one part is', [finding('pause'), finding('cooldown', true), finding('budget')], 'held back by cooldown; not by pause, budget'],
    ['two are, and one of them twice', [finding('fleet', true), finding('fleet'), finding('freeze', true)], 'held back by fleet, freeze'],
  ])('%s', (_title, policy, text) => {
    expect(policyText({ policy })).toBe(text);
  });
});

it('samples are told in the unit of the condition, with what was not known', () => {
  expect(samplesText(errorRate)).toBe('18.9%, unknown (timeout), 22.7%, 23.4%');
  expect(samplesText(unhealthy)).toBeUndefined();
});

it('the grounds of a decision are the samples and rules of its alerts, what the policy said, and the other levels', () => {
  const decision: Decision = {
    kind: 'execute', reason: 'sustained-breach', at: 0, mode: 'enforce', needsHuman: false, explanation: 'The breach is sustained.', evidence: [errorRate, unhealthy],
    rules: [{ trigger: errorRate.trigger, by: 'trigger', fixForward: false, text: 'CheckoutErrorRateHigh asks for level 1' }],
    policy: [finding('cooldown'), finding('fleet', true)],
    alternatives: [{ level: 2, why: 'the target has no plan there' }, { level: 3, planId: 'back', why: 'it comes next' }],
  };
  expect(decisionGrounds(decision)).toEqual([
    'samples of CheckoutErrorRateHigh, up to 2026-01-01 03:04:00Z: 18.9%, unknown (timeout), 22.7%, 23.4%',
    'rule: CheckoutErrorRateHigh asks for level 1',
    'cooldown: What cooldown says.',
    'level 2: the target has no plan there',
    'level 3, plan back: it comes next',
  ]);
});
