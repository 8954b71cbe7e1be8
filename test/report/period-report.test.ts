import { expect, it } from 'vitest';
import { foldIncident, type Incident } from '../../src/incident/incident.js';
import type { DrillEvent, DrillOutcome } from '../../src/incident/drill-event.js';
import { periodReport } from '../../src/report/period-report.js';
import { periodMarkdown } from '../../src/report/period-text.js';
import { instantText } from '../../src/time/instant-text.js';
import { errorRate, IncidentStory, recoveredByLevelThree } from '../support/incident-story.js';

const day = 86_400_000;
const began = errorRate.activeAt!;

function incidentOf(story: IncidentStory): Incident {
  return foldIncident(story.entries)!;
}

const rolledBack = incidentOf(recoveredByLevelThree());
const byItself = incidentOf(new IncidentStory({ incidentId: 'incident-8' }).opened().fired().cleared().recovered('by-itself', 'Every alert stayed clear.'));
const dryRun = incidentOf(new IncidentStory({ incidentId: 'incident-9', target: 'cart', mode: 'dry-run' }).opened().fired().decidedToExecute(1).started(1).stepDescribed(1).ended('would-have'));
const all = [rolledBack, byItself, dryRun];

it('tells how often and how fast, by target and by the level that helped', () => {
  const report = periodReport(all, [], began - day, began + day);
  expect(report.all).toMatchObject({ incidents: 3, rolledBack: 1, recovered: 2, neededPerson: 0, falseAlarms: 1, dryRuns: 1, decisionMs: 1_000 });
  expect(report.all.restoreMs).toBeGreaterThan(12 * 60_000);
  expect(Object.keys(report.byTarget)).toEqual(['cart', 'checkout']);
  expect(report.byTarget['cart']).toMatchObject({ incidents: 1, rolledBack: 0 });
  expect(report.byLevel).toMatchObject({ 'level 3 (code)': { incidents: 1, rolledBack: 1 } });
});

it('counts a deployment as failed when it is the last one before what was rolled back', () => {
  const deploy = (at: number, target = 'checkout'): { at: number; version: string; by: string; target: string } => ({ at, version: 'v', by: 'ci', target });
  const rate = (...deploys: ReturnType<typeof deploy>[]): number | undefined => periodReport(all, deploys, began - day, began + day).changeFailureRate;
  expect(rate()).toBeUndefined();
  expect(rate(deploy(began - 1_000))).toBe(1);
  expect(rate(deploy(began - 2_000), deploy(began - 1_000))).toBe(0.5);
  expect(rate(deploy(began - 1_000, 'cart')), 'a dry run rolls nothing back').toBe(0);
  expect(rate(deploy(began + 1_000)), 'it came after the trouble').toBe(0);
});

it('tells a manager in words what happened, how fast, and what the figures mean', () => {
  const deploys = [{ at: began - 1_000, version: 'v', by: 'ci', target: 'checkout' }];
  const text = periodMarkdown(periodReport(all, deploys, began - day, began + day));
  expect(text).toContain('3 incidents, of which:\n\n- 1 rolled back\n- 1 as a dry run, which changed nothing\n- 1 over by itself with nothing done: false alarm\n- 0 needed a person\n- 2 recovered\n');
  expect(text).toMatch(/- Time to restore: 15m\d+s, the median of what was rolled back\.\n- Change failure rate: 100%, 1 of 1 marked deployment led to a rollback\.\n/);
  expect(text).toMatch(/\| checkout \| 2 +\| 1 +\| 1 +\| 0 +\| 20m24s +\| 5m1s/);
  expect(text).toContain('Times are medians. Detection: from the first bad sample to the alarm.');
  expect(periodMarkdown(periodReport([], [], began - day, began + day))).toContain('No incidents.\n\nBy the measures of DORA:\n\n- Time to restore: nothing was rolled back and over.\n- Change failure rate: no deployment was marked.');
});

it('leaves out what lies outside of its time, and has no figures for nothing', () => {
  const report = periodReport(all, [], began + day, began + 2 * day);
  expect(report.all).toEqual({ incidents: 0, rolledBack: 0, recovered: 0, neededPerson: 0, falseAlarms: 0, dryRuns: 0, downtimeMs: undefined, detectionMs: undefined, decisionMs: undefined, rollbackMs: undefined, restoreMs: undefined });
  expect(report.byTarget).toEqual({});
});

it('says from when on it has data, when the older is no longer kept', () => {
  const text = (removedBefore?: number): string => periodMarkdown(periodReport(all, [], began - day, began + day, [], removedBefore));
  expect(text(began)).toContain(`Only what ended at ${instantText(began)} or later is kept`);
  expect(text(began - 2 * day)).toBe(text());
});

it('tells how drills went, with every gap that they found', () => {
  const drill = { kind: 'plan', name: 'checkout-flag-off' } as const;
  const ended = (outcome: DrillOutcome, gaps: readonly string[] = [], at = began): DrillEvent => ({ type: 'drill-ended', at, executionId: 'd', drill, tookMs: 1, outcome, steps: [], gaps, explanation: 'staging is down' });
  const events: readonly DrillEvent[] = [ended('passed', ['code: documented 3m, took 7m']), ended('failed'), ended('interrupted'), ended('passed', [], began - 2 * day), { type: 'drill-skipped', at: began, drill, dueAt: began, reason: 'paused', explanation: 'checkout is paused' }];
  const report = periodReport([], [], began - day, began + day, events);
  expect(report.drills).toEqual({ passed: 1, failed: 1, cutOff: 1, skipped: 1, gaps: ['plan checkout-flag-off: code: documented 3m, took 7m', 'plan checkout-flag-off: staging is down'] });
  expect(periodMarkdown(report)).toContain('## Drills\n\n1 went well, 1 failed, 1 was cut off, 1 was not held when due. What they found:\n\n- plan checkout-flag-off: code: documented 3m, took 7m\n');
});
