import { expect, it } from 'vitest';
import type { DrillEvent } from '../../src/incident/drill-event.js';
import { composeMessages } from '../../src/notify/compose-messages.js';

const drill = { kind: 'plan', name: 'quick' } as const;
const at = Date.UTC(2026, 11, 1, 10);

function told(event: DrillEvent): unknown {
  const [message, ...others] = composeMessages({ seq: 1, event }, [{ seq: 1, event }]);
  expect(others).toEqual([]);
  expect(message).toMatchObject({ kind: 'drill', dryRun: false });
  // It belongs to no incident, so that nobody is called for it, and names nobody.
  expect(message).not.toHaveProperty('incidentId');
  expect(message).not.toHaveProperty('tell');
  return { tone: message?.tone, title: message?.title, text: message?.text, facts: Object.fromEntries(message?.facts ?? []), next: message?.next };
}

it('the team is told before a drill, when it begins, and how it ended with every gap', () => {
  expect(told({ type: 'drill-announced', at, drill, dueAt: at + 900_000, targets: ['shop'] })).toEqual({
    tone: 'neutral', title: 'DRILL: plan quick begins 2026-12-01 10:15:00 UTC', text: 'Every real state is read and nothing is changed.',
    facts: { target: 'shop', begins: '2026-12-01 10:15:00 UTC' }, next: 'Nothing is to be done. A pause of the target, or a real incident, calls it off.',
  });
  expect(told({ type: 'drill-started', at, executionId: 'drill-1', drill, trigger: 'manual', by: 'ana', targets: ['shop'], against: '/etc/staging/belay.yaml', documentedMs: 600_000 })).toMatchObject({
    title: 'DRILL: plan quick has begun, by ana', text: 'It really runs on the systems of /etc/staging/belay.yaml.', facts: { documented: '10m' },
  });
  expect(
    told({
      type: 'drill-ended', at, executionId: 'drill-1', drill, tookMs: 420_000, outcome: 'passed', gaps: ['code: documented 3m, took 7m'], explanation: '1 of 1 steps were well, in 7m; 1 gap.',
      steps: [{ name: 'code', status: 'ok', tookMs: 420_000, documentedMs: 180_000, detail: 'v2 → v1' }],
    }),
  ).toEqual({
    tone: 'neutral', title: 'DRILL: plan quick went well, with 1 gap', text: '1 of 1 steps were well, in 7m; 1 gap.',
    facts: { gaps: 'code: documented 3m, took 7m', steps: 'ok: code (took 7m, documented 3m) — v2 → v1', took: '7m', run: 'drill-1' },
    next: 'Mend what is listed, or correct what is documented; then belay drill quick',
  });
  expect(told({ type: 'drill-skipped', at, drill: { kind: 'backup', name: 'orders' }, dueAt: at, reason: 'paused', explanation: 'shop is paused by ana: a release' })).toMatchObject({
    title: 'DRILL: backup of orders was not held', text: 'Shop is paused by ana: a release.', next: 'It comes again by its schedule. To hold it now: belay drill --backup orders',
  });
});

it('what the plan does in a drill is not told as a rollback', () => {
  const event = { type: 'rollback-started', at, executionId: 'drill-1', planId: 'quick', planName: 'Quick', dryRun: false, context: { environment: 'staging', trigger: 'automatic', metadata: {} }, steps: [], isDrill: true } as const;
  expect(composeMessages({ seq: 2, event }, [{ seq: 2, event }])).toEqual([]);
});
