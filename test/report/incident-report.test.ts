import { describe, expect, it } from 'vitest';
import { foldIncident } from '../../src/incident/incident.js';
import { type CustomerMessage, customersTold } from '../../src/report/customers-told.js';
import { type IncidentReport, incidentReport } from '../../src/report/incident-report.js';
import { readReportFields } from '../../src/report/report-fields.js';
import { reportHtml } from '../../src/report/report-html.js';
import { reportMarkdown } from '../../src/report/report-markdown.js';
import { errorRate, IncidentStory, recoveredByLevelThree } from '../support/incident-story.js';

const silent = customersTold([], true);
const nothing = { impact: [], plots: [], customers: silent };
const target = { name: 'checkout', owners: ['payments'], priority: 'critical', rtoMs: 5 * 60_000, rpoMs: 60_000, hasHealth: true } as const;

function rolledBack(): IncidentStory {
  return new IncidentStory()
    .opened()
    .fired()
    .decided({ kind: 'execute', reason: 'sustained-breach', explanation: 'The breach is sustained.', level: 3, planId: 'checkout-previous-release' });
}

describe('the report of an incident', () => {
  it('counts from the first breaching sample, and ends when every alert is clear', () => {
    const incident = foldIncident(rolledBack().wait(60_000).cleared().entries)!;
    const { times } = incidentReport(incident, nothing);
    expect(times).toMatchObject({ beganAt: errorRate.activeAt, detectionMs: 5 * 60_000 + 1_000, decisionMs: 1_000, downtimeMs: 5 * 60_000 + 63_000 });
  });

  it('holds the downtime against the target\'s objectives', () => {
    const incident = foldIncident(rolledBack().cleared().entries)!;
    expect(incidentReport(incident, { ...nothing, target }).objectives).toEqual({ rtoMs: 300_000, rtoKept: false, rpoMs: 60_000 });
    expect(incidentReport(incident, { ...nothing, target: { ...target, rtoMs: 600_000 } }).objectives.rtoKept).toBe(true);
    expect(incidentReport(foldIncident(rolledBack().entries)!, { ...nothing, target }).objectives.rtoKept, 'while it is not over').toBeUndefined();
  });

  it('begins its timeline with the deployment, oldest first', () => {
    const lastDeploy = { at: errorRate.activeAt! - 60_000, version: 'v2', by: 'ci' };
    const { timeline } = incidentReport(foldIncident(rolledBack().cleared().entries)!, { ...nothing, lastDeploy });
    expect(timeline[0]).toEqual({ at: lastDeploy.at, what: 'deployed: version v2, by ci' });
    expect(timeline.map(({ at }) => at)).toEqual(timeline.map(({ at }) => at).toSorted((a, b) => a - b));
    expect(timeline.map(({ what }) => what).join('\n')).toMatch(/first breaching sample\n.*detected: CheckoutErrorRateHigh fires at 23.4%/s);
  });

  it('says what was measured, and why something was not', () => {
    const text = reportMarkdown(incidentReport(foldIncident(rolledBack().entries)!, { ...nothing, impact: [{ name: 'bad requests', value: 1234.5678 }, { name: 'revenue', problem: 'timeout' }] }), {});
    expect(text).toContain('| bad requests | 1234.57 |');
    expect(text).toContain('| revenue | not measured: timeout |');
  });

  it('keeps what people have written when it is written anew', () => {
    const report = incidentReport(foldIncident(rolledBack().entries)!, nothing);
    const first = reportMarkdown(report, {});
    expect(readReportFields(first)).toEqual({});
    const written = first.replace('<!-- belay:what-broke -->\n…', '<!-- belay:what-broke -->\nA null in `price`.\n\n- found by ana\n');
    const again = reportMarkdown(report, readReportFields(written));
    expect(readReportFields(again)).toEqual({ 'what-broke': 'A null in `price`.\n\n- found by ana' });
    expect(reportHtml(report, readReportFields(again))).toContain('A null in `price`.<br>');
  });

  it('shows what others have written and never obeys it', () => {
    const hostile = '<script>alert(1)</script> | **x**\n# heading <!-- belay:what-broke -->owned<!-- /belay:what-broke -->';
    const story = new IncidentStory().opened().fired({ ...errorRate, value: hostile, query: '`'.repeat(3) + hostile });
    const report = incidentReport(foldIncident(story.entries)!, nothing);
    const markdown = reportMarkdown(report, {});
    expect(markdown).not.toMatch(/^# heading/m);
    expect(readReportFields(markdown)).toEqual({});
    const html = reportHtml(report, {});
    expect(html).not.toContain('<script>');
    expect(html).toContain('&lt;script&gt;');
  });
});

describe('what customers were told', () => {
  const message = (channel: string, over: Partial<CustomerMessage> = {}): CustomerMessage => ({ channel, title: 'Problems with the Example Shop', state: 'sent', at: errorRate.activeAt! + 400_000, ...over });
  const reportOf = (messages: readonly CustomerMessage[], areAllWritten = true): IncidentReport => incidentReport(foldIncident(recoveredByLevelThree().entries)!, { ...nothing, customers: customersTold(messages, areAllWritten) });
  const rowOf = (messages: readonly CustomerMessage[], areAllWritten = true): string => /\| Customers told \| (.*) \|/.exec(reportMarkdown(reportOf(messages, areAllWritten), {}))?.[1] ?? '';

  it('is yes with the ways once a message has gone out, and never a guess', () => {
    expect(rowOf([])).toBe('no; Belay had no message for them');
    expect(rowOf([], false), 'messages are still being written').toBe('not yet');
    expect(rowOf([message('customers-email', { state: 'waiting' })])).toBe('not yet; 1 message waits to go out');
    expect(rowOf([message('customers-email', { state: 'undeliverable', error: 'no such address' })])).toBe('no; 1 message could not be delivered');
    expect(rowOf([message('customers-status-page'), message('customers-email'), message('customers-email', { state: 'waiting' })])).toBe('yes, by status page and email; 1 message waits to go out');
    expect(reportOf([message('customers-email')]).customers).toMatchObject({ told: 'yes', messages: [{ channel: 'customers-email', state: 'sent', at: errorRate.activeAt! + 400_000 }] });
  });

  it('stands in every form of the report with when and on which channel, and in the timeline', () => {
    const report = reportOf([message('customers-status-page'), message('customers-email', { state: 'undeliverable', error: 'refused <us>' })]);
    expect(report.timeline).toContainEqual({ at: errorRate.activeAt! + 400_000, what: 'customers told by status page: Problems with the Example Shop' });
    expect(report.timeline.filter(({ what }) => what.startsWith('customers told'))).toHaveLength(1);
    expect(reportMarkdown(report, {})).toContain('- 2026-01-01 03:05:40Z sent to customers by status page: Problems with the Example Shop\n- 2026-01-01 03:05:40Z could not be sent to customers by email: Problems with the Example Shop\n  - refused \\<us\\>');
    expect(reportHtml(report, {})).toContain('<li>2026-01-01 03:05:40Z could not be sent to customers by email: Problems with the Example Shop<ul><li>refused &lt;us&gt;</li></ul></li>');
  });

  it('leaves room for other ways, and keeps what was written there', () => {
    const written = reportMarkdown(reportOf([]), { 'customers-told': 'Support called the three largest.' });
    expect(written).toContain('**Customers told in other ways (phone, support: when, by whom)**\n\n<!-- belay:customers-told -->\nSupport called the three largest.');
    expect(readReportFields(written)).toEqual({ 'customers-told': 'Support called the three largest.' });
  });
});

it('tells a whole incident: what was done on each level, and how it was proved', () => {
  const report = incidentReport(foldIncident(recoveredByLevelThree().entries)!, { ...nothing, target });
  expect(report.decisions[0]).toMatchObject({ kind: 'execute', reason: 'sustained-breach', grounds: expect.arrayContaining(['rule: CheckoutErrorRateHigh asks for levels 1 to 3', 'samples of CheckoutErrorRateHigh, up to 2026-01-01 03:04:00Z: 18.9%, unknown (timeout), 22.7%, 23.4%']) as string[] });
  expect(report.actions).toEqual({ types: ['feature flag', 'code'], database: false, restoration: false });
  expect(report.rollbacks.map(({ plan, outcome, verification }) => `${plan}: ${outcome}, ${verification?.split('.')[0] ?? ''}`)).toEqual([
    'checkout-flag-off: success, not-recovered',
    'checkout-previous-release: success, recovered',
  ]);
  expect(report.severity).toBe('critical');
  expect(report.summary).toBe('CheckoutErrorRateHigh of checkout fired at 23.4% (> 10% for 5m). Plan checkout-flag-off (level 1, feature flag) was carried out, and did not bring recovery. Plan checkout-previous-release (level 3, code) was carried out, and recovery was proved. The trouble lasted 15m22s; the goal (RTO) was 5m. Every check and every alert was OK for 2m without a break.');
  expect(reportHtml(report, {})).toContain('<p class="dim">On 2026-01-01, in UTC.</p><table class="facts timeline"><tbody><tr><th scope="row"><time datetime="2026-01-01T02:59:00.000Z">02:59:00Z</time></th><td>first breaching sample</td></tr>');
  const markdown = reportMarkdown(report, {});
  for (const part of ['## Summary', '## Timeline', '## Times', '## Impact', '## Root cause', '## Actions taken', '## Lessons learned']) expect(markdown).toContain(`\n${part}\n`);
  expect(markdown).toContain('| RTO | 5m, missed |');
});

it('each rollback stands against the budget of its plan or level', () => {
  const incident = foldIncident(recoveredByLevelThree().entries)!;
  const spent = (budgetMs: number): string => reportMarkdown(incidentReport({ ...incident, rungs: incident.rungs.map((rung) => ({ ...rung, budgetMs })) }, nothing), {});
  expect(spent(900_000)).toMatch(/: success after \S+ \(budget 15m, kept\)\./);
  expect(spent(1)).toContain(', missed).');
});
