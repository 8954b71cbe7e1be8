import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { DrillEvent } from '../../src/incident/drill-event.js';
import type { JournalEntry } from '../../src/incident/incident-event.js';
import { composeMessages } from '../../src/notify/compose-messages.js';
import { digestMessage, lateMessage } from '../../src/notify/gathered-message.js';
import { mailOf } from '../../src/notify/mail.js';
import type { Message, OutboxItem } from '../../src/notify/message.js';
import { placeholderValues } from '../../src/notify/placeholder-values.js';
import { slackCard } from '../../src/notify/slack-card.js';
import { webhookBody } from '../../src/notify/webhook-channel.js';
import { defaultWording, wordedDigest } from '../../src/notify/wording.js';
import { errorRate, IncidentStory, recoveredByLevelThree, unhealthy } from '../support/incident-story.js';
import { slackText } from '../support/slack-text.js';

const NOW = Date.UTC(2026, 0, 1, 3, 4, 0);

function told(entries: readonly JournalEntry[]): readonly Message[] {
  return entries.flatMap((entry) => composeMessages(entry, entries.filter(({ seq }) => seq <= entry.seq)));
}

type Story = { readonly entries: readonly JournalEntry[] };

const itemOf = (message: Message): OutboxItem => ({ id: '1', channel: 'email', message, recipients: [], createdAt: 0, attempts: 0, nextAttemptAt: 0 });

/** How a message reads on each channel: what a person sees at three in the morning. */
const readings: Readonly<Record<string, (message: Message) => string>> = {
  txt: (message) => mailOf(itemOf(message), undefined, 'x').text,
  'slack.txt': (message) => slackText(slackCard(message, [], { withButtons: true })),
  'webhook.yaml': (message) => stringify(webhookBody(itemOf(message)), { lineWidth: 0 }),
};

/** The messages of each story, one below the other, against what is written down for each channel. */
async function expectGolden(name: string, stories: readonly Story[], chosen = (messages: readonly Message[]): readonly Message[] => messages): Promise<void> {
  await expectGoldenMessages(name, stories.flatMap(({ entries }) => chosen(told(entries))));
}

async function expectGoldenMessages(name: string, messages: readonly Message[]): Promise<void> {
  for (const [ending, reading] of Object.entries(readings)) {
    const text = messages.map((message) => `${`[${message.kind}, ${message.tone}] `.padEnd(80, '─')}\n${reading(message)}`);
    await expect(text.join('\n')).toMatchFileSnapshot(`golden/${name}.${ending}`);
  }
}

const begun = (): IncidentStory => new IncidentStory().opened().fired();

describe('what people are told (golden texts)', () => {
  it('of an incident that level 3 ends', async () => {
    await expectGolden('recovered-by-level-3', [recoveredByLevelThree()]);
  });

  it('of a dry run', async () => {
    const story = new IncidentStory({ mode: 'dry-run' }).opened().fired().decidedToExecute(1).started(1).stepDescribed(1).ended('would-have');
    story.decided({ kind: 'suppress', reason: 'already-tried', explanation: 'The dry run ended after its first rung.' }).cleared();
    story.wait(300_000).recovered('by-itself', 'Every alert has been clear for 120 s.');
    await expectGolden('dry-run', [story]);
  });

  it('once, however often a restart begins the verification anew', () => {
    const story = begun().decidedToExecute(1).started(1).stepDone(1, 0).ended('success').verifying();
    const once = told(story.entries).length;
    expect(told(story.verifying().verifying().entries)).toHaveLength(once);
  });

  it('when a step fails', async () => {
    const story = begun().decidedToExecute(3).started(3).stepDone(3, 0).stepFailed(3, 1, 'BelayError: exit 1: worker 3 did not stop').ended('failed', 'BelayError: exit 1: worker 3 did not stop').verifying();
    await expectGolden('step-failed', [story]);
  });

  it('when nothing is rolled back for now', async () => {
    const stories = [
      begun().suppressed('cooldown', 'The last automatic rollback of this target is less than 30m old.', NOW + 1_200_000),
      begun().suppressed('paused', 'Paused by ana: database migration.'),
      begun().suppressed('fleet-busy', '1 rollback(s) of other targets are under way; this one waits for its turn.'),
      begun().suppressed('recovered-before-action', 'Asked again just before step 1, the condition no longer held.'),
      begun().suppressed('blind', 'Asked again just before step 1, the source gave no usable answer; nothing is rolled back blindly.'),
      new IncidentStory({ mode: 'observe' }).opened().fired().decided({ kind: 'notify-only', reason: 'observe-mode', explanation: 'Observe mode: people are told what fires, nothing is planned.' }),
      begun().decided({ kind: 'notify-only', reason: 'monitor-only', explanation: 'The trigger only monitors: people are told, nothing is rolled back.' }),
    ];
    await expectGolden('not-rolled-back', stories);
  });

  it('of drills, before, while and after', async () => {
    const [plan, backup, call] = [{ kind: 'plan', name: 'checkout-full' }, { kind: 'backup', name: 'checkout-db' }, { kind: 'communication', name: 'monthly call' }] as const;
    const begun = { type: 'drill-started', at: NOW, executionId: 'drill-1', targets: ['checkout'] } as const;
    const ended = { type: 'drill-ended', at: NOW + 420_000, executionId: 'drill-1', tookMs: 420_000 } as const;
    const events: readonly DrillEvent[] = [
      { type: 'drill-announced', at: NOW, drill: plan, dueAt: NOW + 900_000, targets: ['checkout'] },
      { ...begun, drill: plan, trigger: 'schedule', by: 'belay', against: '/etc/staging/belay.yaml', documentedMs: 600_000 },
      { ...ended, drill: plan, outcome: 'passed', gaps: ['code: documented 3m, took 7m'], explanation: '1 of 1 steps were well, in 7m; 1 gap.', steps: [{ name: 'code', status: 'ok', tookMs: 420_000, documentedMs: 180_000, detail: 'v2 → v1' }] },
      { ...begun, drill: backup, trigger: 'manual', by: 'ana' },
      { ...ended, drill: backup, outcome: 'failed', gaps: [], explanation: 'The newest backup is older than the RPO.', steps: [{ name: 'judge', status: 'failed', tookMs: 1_000, detail: 'two-days.dump is 2d old; rpo is 1h' }] },
      { ...ended, drill: call, outcome: 'cancelled', gaps: [], explanation: 'An incident of checkout began.', steps: [] },
      { type: 'drill-skipped', at: NOW, drill: call, dueAt: NOW, reason: 'paused', explanation: 'checkout is paused by ana: a release' },
    ];
    await expectGoldenMessages('drills', told(events.map((event, index) => ({ seq: index + 1, event }))));
  });

  it('when much comes at once, or late', async () => {
    const asking = begun().decided({ kind: 'await-approval', reason: 'above-max-auto-level', explanation: 'It waits.', level: 4, planId: 'checkout-restore' }).asks();
    const trial = new IncidentStory({ mode: 'dry-run' }).opened().fired().decidedToExecute(1).started(1);
    const items = (entries: readonly JournalEntry[], inOne: string): readonly OutboxItem[] => told(entries).map((message, index) => ({ ...itemOf(message), id: `${inOne}-${index}`, createdAt: NOW + index * 60_000 }));
    const drill = told([{ seq: 1, event: { type: 'drill-announced', at: NOW, drill: { kind: 'plan', name: 'quick' }, dueAt: NOW + 900_000, targets: ['checkout'] } }]);
    const late = lateMessage(items(asking.entries, 'a'), NOW + 3_600_000, new Set());
    const digest = (...units: (readonly OutboxItem[])[]): Message => {
      const message = digestMessage(units);
      return wordedDigest(message, placeholderValues(message, NOW), defaultWording);
    };
    await expectGoldenMessages('gathered', [digest(items(asking.entries, 'a'), items(trial.entries, 'b'), drill.map(itemOf)), digest(items(trial.entries, 'b'), items(trial.entries, 'c')), late!]);
  });

  it('when nobody answers', async () => {
    const [ana, lee] = [{ name: 'ana', email: 'ana@example.com', slack: 'U1' }, { name: 'lee', slack: 'U9' }];
    const story = begun().decided({ kind: 'await-approval', reason: 'above-max-auto-level', explanation: 'It waits.', level: 4, planId: 'checkout-restore' }).asks();
    const since = story.at - 1_000;
    story.wait(299_000).escalated(1, ['oncall'], [ana], since).wait(599_000).expired().needsHuman('approval-expired', 'Nobody has answered within 20m.').wait(60_000).escalated(2, ['lead', 'ana'], [lee, ana], since);
    await expectGolden('escalation', [story]);
    expect(told(story.entries).filter(({ kind }) => kind === 'escalation').map(({ tell }) => tell)).toEqual([[ana], [lee, ana]]);
  });

  it('when people are asked', async () => {
    const awaiting = (): IncidentStory => begun().decided({ kind: 'await-approval', reason: 'above-max-auto-level', explanation: 'It waits.', level: 4, planId: 'checkout-restore' });
    const one = { rules: [{ name: 'default', allOf: [], anyOf: [], count: 1 }], notify: [], timeoutMs: 600_000, onTimeout: 'hold' as const };
    const scheduled = { purpose: 'schedule' as const, planId: 'checkout-flag-off', level: 1 as const, question: 'The breach is sustained; its trigger schedules the rollback.', need: { ...one, onTimeout: 'proceed' as const } };
    const stories = [
      awaiting().asks().answered('approve', 'ana', ['oncall']).acknowledged('bo').answered('approve', 'bo', ['dba'], 'the backup is fresh'),
      awaiting().asks({ need: { ...one, onTimeout: 'proceed' } }).expired(),
      awaiting().asks().voided('recovered'),
      begun().decided({ kind: 'schedule', reason: 'scheduled', explanation: 'Scheduled.', level: 1, planId: 'checkout-flag-off' }).asks(scheduled).answered('approve', 'ana'),
      new IncidentStory().opened().asks({ purpose: 'by-hand', requestedBy: 'ana', reason: 'corrupt', question: 'ana wants plan checkout-restore to be run: corrupt' }).answered('reject', 'bo', ['dba'], 'use the replica'),
      begun().decidedToExecute(3).started(3).asks({ purpose: 'step', level: 3, planId: 'checkout-previous-release', question: 'Orders are lost. Go on?' }).expired(),
    ];
    await expectGolden('approvals', stories);
  });

  it('what a trigger that only monitors would have started', () => {
    const story = begun().decided({ kind: 'notify-only', reason: 'monitor-only', explanation: 'It only monitors.', level: 1, planId: 'checkout-flag-off', wouldDo: [{ step: 'Turn it off', summary: 'flag new-checkout: on → off' }] });
    expect(told(story.entries).at(-1)?.facts).toContainEqual(['would do', 'Turn it off — flag new-checkout: on → off']);
  });

  it('with what can be answered, as long as it can be, whatever else is told of the incident', () => {
    const story = begun().decided({ kind: 'await-approval', reason: 'above-max-auto-level', explanation: 'It waits.', level: 4, planId: 'checkout-restore' }).asks().acknowledged('bo').answered('approve', 'ana', ['oncall']).answered('approve', 'bo', ['dba']).acknowledged('ana');
    expect(told(story.entries).map(({ questions }) => questions?.map(({ approvalId, approve, reject }) => `${approvalId}: ${approve}, ${reject}`).join())).toEqual([
      'approval-1: Approve, Reject', 'approval-1: Approve, Reject', 'approval-1: Approve, Reject', undefined, undefined,
    ]);
  });

  it('when a person is needed', async () => {
    const needed = (story: IncidentStory, kind: 'notify-only' | 'suppress', reason: 'no-plan' | 'ladder-exhausted' | 'budget-exhausted' | 'fleet-limit', explanation: string, planId?: string): IncidentStory =>
      story.decided({ kind, reason, explanation, needsHuman: true, planId, level: planId === undefined ? undefined : 4 }).needsHuman(reason, explanation);
    const afterLevel1 = (): IncidentStory => begun().decidedToExecute(1).started(1).stepDone(1).ended('success').verifying();
    const notRecovered = (): IncidentStory => afterLevel1().verified('not-recovered', 'Not recovered within 10m: alert CheckoutErrorRateHigh: still firing.');
    const asked = (story: IncidentStory): IncidentStory => story.decided({ kind: 'await-approval', reason: 'above-max-auto-level', explanation: 'Level 4 (database) is above the highest level that runs by itself (3); plan checkout-restore waits for the approval of one of dba.', level: 4, planId: 'checkout-restore' });
    const stories = [
      needed(begun(), 'notify-only', 'no-plan', 'No plan of this target stands on levels 1 to 3.'),
      needed(begun(), 'suppress', 'budget-exhausted', 'The budget of 2 automatically rolled back incidents per 1h is spent.', 'checkout-restore'),
      needed(begun(), 'suppress', 'fleet-limit', '2 other targets were rolled back within 10m (cart, search): something larger is wrong.', 'checkout-restore'),
      asked(notRecovered()).needsHuman('approval-rejected', 'Plan checkout-restore was rejected by ana: not at night.'),
      asked(notRecovered()).needsHuman('approval-expired', 'Not everybody had answered by 2026-01-01T03:24:00.000Z; missing: dba.'),
      needed(notRecovered(), 'notify-only', 'ladder-exhausted', 'Every rung of the ladder was tried and the target has not recovered.'),
      afterLevel1().verified('inconclusive', 'Nothing certain within 10m: alert CheckoutErrorRateHigh: no known sample.').needsHuman('inconclusive', 'Nothing certain within 10m: alert CheckoutErrorRateHigh: no known sample.'),
      begun().decidedToExecute(3).started(3).stepParked(3, 0, 'BelayError: Belay stopped in the middle of it, and nobody knows how it ended').ended('parked', 'parked').needsHuman('step-parked', 'Belay stopped in the middle of "Deploy the previous release".'),
      begun().decidedToExecute(1).started(1, 'ana').ended('cancelled', 'cancelled').needsHuman('cancelled', 'The rollback was cancelled by a person.'),
    ];
    await expectGolden('needs-human', stories, (messages) => messages.slice(-1));
  });

  it('of the guard itself', async () => {
    const story = new IncidentStory();
    story.event({ type: 'source-blind', at: NOW, source: 'prometheus', targets: ['checkout', 'cart'], since: NOW - 300_000, message: 'connect ECONNREFUSED 127.0.0.1:9090' });
    story.event({ type: 'source-seeing', at: NOW + 600_000, source: 'prometheus', targets: ['checkout', 'cart'], blindForMs: 900_000 });
    story.event({ type: 'daemon-started', at: NOW, version: '0.1.0', mode: 'enforce', downForMs: 720_000, left: { targets: ['cart', 'checkout'], triggers: 5, openIncidents: ['checkout'], messages: 2 } });
    story.event({ type: 'paused', at: NOW, pauseId: 'p1', target: 'checkout', by: 'ana', reason: 'database migration' });
    story.event({ type: 'resumed', at: NOW, pauseId: 'p1', target: 'checkout', by: 'ana' });
    story.event({ type: 'configuration-refused', at: NOW, problems: ['rules/checkout.yaml:7:5: unknown key "sevrity"; did you mean "severity"?'] });
    story.event({ type: 'incident-opened', at: NOW, incidentId: 'incident-7', target: 'checkout', environment: 'production', mode: 'enforce' });
    story.event({ type: 'incident-closed', at: NOW, incidentId: 'incident-7', target: 'checkout', by: 'ana', reason: 'mended by hand' });
    await expectGolden('guard', [story]);
  });

  it('of a plan without a target that is run by hand', async () => {
    const story = new IncidentStory();
    const run = { executionId: 'rollback-9', at: NOW };
    const context = { environment: 'staging', trigger: 'manual' as const, triggeredBy: 'ana', metadata: { reason: 'try it out' } };
    const step = { id: 'a', name: 'Clear the cache', description: '', type: 'command', parameters: {}, timeout: 5 };
    story.event({ type: 'rollback-started', ...run, planId: 'clear', planName: 'Clear caches', dryRun: false, context, steps: [{ key: 'clear/a', planId: 'clear', step }] });
    story.event({ type: 'step-attempt-started', ...run, stepKey: 'clear/a', attempt: 1, attemptId: 'x' });
    story.event({ type: 'step-succeeded', ...run, stepKey: 'clear/a', how: 'executed' });
    story.event({ type: 'rollback-ended', ...run, outcome: 'success' });
    await expectGolden('run-by-hand', [story]);
  });
});

describe('composeMessages', () => {
  it('tells each thing once, in few messages', () => {
    expect(told(recoveredByLevelThree().entries).map(({ kind }) => kind)).toEqual(['firing', 'rollback-started', 'rollback-ended', 'not-recovered', 'rollback-started', 'rollback-ended', 'recovered']);
  });

  it('does not repeat a verdict, but tells of an alert that joins', () => {
    const observed = (...evidence: (typeof errorRate)[]) => ({ kind: 'notify-only', reason: 'observe-mode', explanation: 'Observe mode.', evidence }) as const;
    const story = begun().decided(observed(errorRate)).decided(observed(errorRate)).fired(unhealthy).decided(observed(errorRate, unhealthy));
    expect(told(story.entries).map(({ kind, title }) => [kind, title])).toEqual([
      ['firing', 'checkout: error rate 23.4% > 10% for 5m, observe mode, nothing is rolled back'],
      ['decision', 'checkout: error rate 23.4% > 10% for 5m and 1 more, observe mode, nothing is rolled back'],
    ]);
  });

  it('marks every message of a dry run, and none of a real one', () => {
    const dry = told(new IncidentStory({ mode: 'dry-run' }).opened().fired().decidedToExecute(1).started(1).stepDescribed(1).ended('would-have').entries);
    expect(dry.map(({ kind }) => kind)).toEqual(['firing', 'would-have']);
    expect(dry.every(({ dryRun, title }) => dryRun && title.startsWith('DRY RUN: '))).toBe(true);
    expect(told(recoveredByLevelThree().entries).some(({ dryRun, title }) => dryRun || title.includes('DRY RUN'))).toBe(false);
  });

  it('keeps titles on one line, whatever a name holds', () => {
    const evil = { ...errorRate, value: '1\r\nBcc: everyone@example.com' };
    const [message] = told(begun().decided({ kind: 'execute', reason: 'sustained-breach', level: 1, planId: 'p', explanation: '', evidence: [evil] }).entries);
    expect(message?.title).not.toMatch(/[\r\n]/);
  });

  it('does not mention a restart that nobody noticed', () => {
    const story = new IncidentStory().event({ type: 'daemon-started', at: NOW, version: '1', mode: 'enforce', downForMs: 8_000 }).event({ type: 'daemon-started', at: NOW, version: '1', mode: 'enforce' });
    expect(told(story.entries)).toEqual([]);
  });
});
