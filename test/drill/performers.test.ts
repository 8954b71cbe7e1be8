import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { communicationDrill } from '../../src/drill/communication-drill.js';
import { judgeDrill } from '../../src/drill/drill-result.js';
import { type DrillGround, planDrill } from '../../src/drill/plan-drill.js';
import type { RollbackEvent } from '../../src/rollback/rollback-event.js';
import { MemoryJournal } from '../../src/rollback/memory-journal.js';
import { RollbackManager } from '../../src/rollback/rollback-manager.js';
import type { Channel, SendResult } from '../../src/notify/channel.js';
import type { OutboxItem } from '../../src/notify/message.js';
import { Notifier } from '../../src/notify/notifier.js';
import { Redactor } from '../../src/secret/redactor.js';
import { aDrill } from '../support/drill-rig.js';
import { driveClock } from '../support/drive-clock.js';
import { FakeClock } from '../support/fake-clock.js';
import { plan } from '../support/guard-rig.js';
import { MemoryOutbox } from '../support/memory-outbox.js';

const minute = 60_000;
const task = { executionId: 'drill-1', by: 'ana', signal: new AbortController().signal, show: () => undefined };

describe('a plan that is really run on the systems of staging', () => {
  it('is timed step by step and verified; what is slower than it is documented is a gap', async () => {
    const clock = new FakeClock();
    const journal = new MemoryJournal();
    const rollbacks = new RollbackManager({ journal, clock });
    rollbacks.registerExecutor('record', { execute: ({ id }, _context, signal) => clock.sleepUntil(clock.now() + (id === 'code' ? 7 : 1) * minute, signal) });
    const step = (id: string, estimatedDuration?: number) => ({ id, name: id, description: '', type: 'record', parameters: {}, timeout: 900, ...(estimatedDuration === undefined ? {} : { estimatedDuration }) });
    const declared = plan('quick', 3, { steps: [step('worker', 1), step('code', 3), step('health')], estimatedDuration: 10 });
    rollbacks.registerPlan(declared);
    const ground: DrillGround = {
      rollbacks, plan: declared, environment: 'staging', rollbackPoint: {}, dryRun: false, gaps: [],
      verification: { checks: [{ type: 'health', name: 'health', target: 'shop', timeoutMs: 1_000 }], holdMs: 30_000, timeoutMs: 5 * minute, intervalMs: 1_000 },
      checks: { run: ({ name }) => Promise.resolve({ name, status: 'ok', at: clock.now(), detail: 'healthy' }) },
      close: () => Promise.resolve(),
    };
    const entriesOfExecution = async (id: string) => (await journal.eventsOf(id)).map((event: RollbackEvent, seq: number) => ({ seq, event }));
    const perform = planDrill({ clock, entriesOfExecution, groundOf: () => Promise.resolve(ground) });
    const finding = await driveClock(clock, perform(aDrill({ name: 'quick' }), task), 10_000);
    expect(finding.steps.map(({ name, status, tookMs }) => [name, status, tookMs])).toEqual([['worker', 'ok', minute], ['code', 'ok', 7 * minute], ['health', 'ok', minute], ['verification', 'ok', 30_000]]);
    expect(judgeDrill(finding, { tookMs: 9.5 * minute, documentedMs: 9 * minute })).toEqual({
      outcome: 'passed',
      gaps: ['code: documented 3m, took 7m', 'all of it: documented 9m, took 9m30s'],
      explanation: '4 of 4 steps were well, in 9m30s; 2 gaps.',
    });
  });
});

describe('the ways to people', () => {
  const people = [{ name: 'ana', email: 'ana@example.com', groups: ['oncall'] }, { name: 'bo', groups: ['oncall'] }];
  let clock: FakeClock;
  let outbox: MemoryOutbox;
  let sent: OutboxItem[];
  let notifier: Notifier;

  class OneChannel implements Channel {
    constructor(
      readonly name: 'slack' | 'email',
      readonly answer: SendResult,
    ) {}
    send({ item }: { readonly item: OutboxItem }): Promise<SendResult> {
      if (this.answer.kind === 'sent') sent.push(item);
      return Promise.resolve(this.answer);
    }
    close(): void {
      // Nothing is held.
    }
  }

  function channels(...all: readonly Channel[]): void {
    const journal = { entriesAfter: () => Promise.resolve([]), entriesOfIncident: () => Promise.resolve([]), entriesOfExecution: () => Promise.resolve([]) };
    notifier = new Notifier(all, { journal, outbox, clock, redactor: new Redactor(), people, report: (error) => expect(error).toBeUndefined() });
    notifier.start();
  }

  beforeEach(() => {
    [clock, outbox, sent] = [new FakeClock(), new MemoryOutbox(), []];
  });
  afterEach(async () => {
    await driveClock(clock, notifier.stop());
  });

  it('are tried with a marked message to each channel, for those whom the drill names and nobody else', async () => {
    channels(new OneChannel('slack', { kind: 'sent' }), new OneChannel('email', { kind: 'sent' }));
    const finding = await driveClock(clock, communicationDrill({ clock, messenger: () => notifier.drills })(aDrill({ kind: 'communication', name: 'monthly call', recipients: ['oncall'] }), task));
    expect(sent.map(({ channel, recipients, message: { kind, title, incidentId, tell } }) => ({ channel, recipients, kind, title, incidentId, tell }))).toEqual(
      ['slack', 'email'].map((channel) => ({ channel, recipients: ['oncall'], kind: 'plan-notification', title: 'DRILL: this is a test of the ways to people (monthly call)', incidentId: undefined, tell: [{ name: 'ana', email: 'ana@example.com' }, { name: 'bo' }] })),
    );
    expect(finding).toMatchObject({ steps: [{ name: 'slack', status: 'ok' }, { name: 'email', status: 'ok' }], gaps: ['bo has no address on any channel'] });
  });

  it('a channel that takes nothing fails the drill after five minutes, with what it said', async () => {
    channels(new OneChannel('slack', { kind: 'retry', error: 'Slack answered invalid_auth' }), new OneChannel('email', { kind: 'sent' }));
    const finding = await driveClock(clock, communicationDrill({ clock, messenger: () => notifier.drills })(aDrill({ kind: 'communication', name: 'call', recipients: [] }), task), 20_000);
    expect(finding.steps).toMatchObject([{ status: 'failed', detail: 'it was not taken within 5 minutes; the last attempt: Slack answered invalid_auth' }, { status: 'ok' }]);
  });

  it('one that refuses it for good fails it at once; without any channel it cannot be held', async () => {
    channels(new OneChannel('email', { kind: 'undeliverable', error: 'no such user' }));
    const perform = communicationDrill({ clock, messenger: () => notifier.drills });
    expect(await driveClock(clock, perform(aDrill({ kind: 'communication', name: 'call' }), task))).toMatchObject({ steps: [{ status: 'failed', detail: 'no such user' }] });
    await driveClock(clock, notifier.stop());
    channels();
    expect(await perform(aDrill({ kind: 'communication', name: 'call' }), task)).toMatchObject({ failure: expect.stringContaining('no channel is configured') as string });
  });
});
