import { expect, it } from 'vitest';
import { openApprovalText } from '../../src/cli/approval-text.js';

const open = { id: 'a1', planId: 'flag-off', target: 'shop', missing: ['oncall', 'dba'], expiresAt: 600_000 };

it.each([
  ['what is scheduled counts down', { ...open, purpose: 'schedule' as const }, 30_400, 'shop: plan flag-off starts in 9m30s unless it recovers; belay approve a1 starts it now, belay reject a1 keeps it from starting'],
  ['so does the time to answer', { ...open, purpose: 'plan' as const }, 540_000, 'shop: plan flag-off waits for oncall and dba, 1m left: belay approve a1'],
  ['and ends at nothing', { ...open, purpose: 'plan' as const }, 700_000, 'shop: plan flag-off waits for oncall and dba, 0s left: belay approve a1'],
])('%s', (_title, approval, now, text) => {
  expect(openApprovalText(approval, now)).toBe(text);
});
