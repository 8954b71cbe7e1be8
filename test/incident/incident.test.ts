import { expect, it } from 'vitest';
import type { JournalEntry, JournalEvent } from '../../src/incident/incident-event.js';
import { foldIncident } from '../../src/incident/incident.js';

it('tells that a dry run was not verified, instead of leaving it open', () => {
  const base = { incidentId: 'i1', target: 'shop' };
  const context = { environment: 'test', trigger: 'automatic', metadata: {} } as const;
  const events: JournalEvent[] = [
    { type: 'incident-opened', ...base, at: 1_000, environment: 'test', mode: 'dry-run' },
    { type: 'rung-started', ...base, at: 2_000, level: 1, planId: 'flag-off', executionId: 'r1', mode: 'dry-run', trigger: 'automatic', by: 'Errors', reason: 'sustained' },
    { type: 'rollback-started', ...base, executionId: 'r1', at: 2_000, planId: 'flag-off', planName: 'Flag off', dryRun: true, context, steps: [] },
    { type: 'rollback-ended', ...base, executionId: 'r1', at: 3_000, outcome: 'would-have' },
  ];
  const incident = foldIncident(events.map((event, index): JournalEntry => ({ seq: index + 1, event })));
  expect(incident?.rungs[0]).toMatchObject({ outcome: 'would-have', verification: { result: { outcome: 'skipped', startedAt: 3_000, endedAt: 3_000, results: [] } } });
});
