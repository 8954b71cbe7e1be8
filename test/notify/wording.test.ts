import { describe, expect, it, onTestFinished } from 'vitest';
import type { WordedKind } from '../../src/notify/default-templates.js';
import { readTemplate } from '../../src/notify/message-template.js';
import type { Message } from '../../src/notify/message.js';
import { Notifier } from '../../src/notify/notifier.js';
import { sampleMessages } from '../../src/notify/preview.js';
import type { Wording } from '../../src/notify/wording.js';
import { Redactor } from '../../src/secret/redactor.js';
import { FakeClock } from '../support/fake-clock.js';
import { MemoryOutbox } from '../support/memory-outbox.js';
import { RecordingNotifier } from '../support/recording-notifier.js';

const wordingOf = (kind: WordedKind, source: string): Wording => ({ internal: new Map([[kind, readTemplate(source, 'internal').template]]), customer: new Map(), broken: new Map() });
const sample = (kind: WordedKind, source: string): Message | undefined => sampleMessages('checkout', 'production', wordingOf(kind, source)).find((message) => message.kind === kind);

describe('what is about no single value is worded by people as well', () => {
  it('a call, when nobody has answered', () => {
    expect(sample('escalation', 'WAKE UP: ${target}\nlead: ${lead}\nNext: ${next}')).toMatchObject({
      title: 'WAKE UP: checkout',
      facts: [['lead', 'nobody yet; to take it: belay ack incident-sample']],
      next: expect.stringContaining('belay approve approval-sample') as string,
      tell: [{ name: 'ana' }],
    });
  });

  it('a drill, which is marked whatever its template says', () => {
    expect(sample('drill', 'We have practised\n${text}')).toMatchObject({ title: 'DRILL: We have practised', text: 'Every step could be practised.', facts: [] });
    expect(sample('drill', '${title}')?.title).toMatch(/^DRILL: plan/);
  });

  it('a digest, which keeps the line of each incident whatever its template says', () => {
    const usual = sampleMessages('checkout', 'production').find(({ kind }) => kind === 'digest')?.facts ?? [];
    expect(usual.length).toBeGreaterThan(1);
    expect(sample('digest', 'STORM\n${facts}')).toMatchObject({ title: 'STORM', facts: usual });
    expect(sample('digest', 'STORM\nbridge: #war-room')).toMatchObject({ title: 'STORM', facts: [['bridge', '#war-room'], ...usual] });
  });
});

const HOUR = 3_600_000;

it('a channel that was down for an hour is told of 50 incidents in a few messages, in the words of the template, at its pace', async () => {
  const [clock, outbox] = [new FakeClock(Date.UTC(2026, 0, 1)), new MemoryOutbox()];
  const backAt = clock.now() + HOUR;
  const sentAt: number[] = [];
  const slack = Object.assign(new RecordingNotifier('slack'), { pace: { everyMs: 1_000, burst: 3 } });
  slack.answer = () => {
    if (clock.now() < backAt) return { kind: 'retry', error: 'down' };
    sentAt.push(clock.now());
    return { kind: 'sent' };
  };
  const faults: unknown[] = [];
  const journal = { entriesAfter: async () => [], entriesOfIncident: async () => [], entriesOfExecution: async () => [] };
  const notifier = new Notifier([slack], { journal, outbox, clock, redactor: new Redactor(), random: () => 0, report: (error) => faults.push(error), digest: { over: 5, withinMs: 60_000 }, wording: wordingOf('digest', 'STORM: ${title}\n${facts}') });
  onTestFinished(() => notifier.stop(0));
  for (let round = 0; round < 4; round += 1) {
    await outbox.enqueue(Array.from({ length: 50 }, (_, index) => ({ id: `${round}-${index}.slack`, channel: 'slack' as const, message: { kind: 'firing' as const, tone: 'bad' as const, dryRun: false, incidentId: `incident-${index}`, target: `shop-${index}`, title: `shop-${index}: state ${round}`, text: '', facts: [] }, recipients: [], createdAt: clock.now() })));
  }
  notifier.start();
  for (let minute = 0; minute < 75; minute += 1) await clock.advance(60_000);

  expect(faults).toEqual([]);
  expect(outbox.records.every(({ state }) => state === 'sent')).toBe(true);
  expect(slack.attempts.length - slack.sent.length).toBeLessThan(30);
  expect(slack.sent.length).toBeLessThanOrEqual(4);
  expect(slack.titles[0]).toMatch(/^STORM: Much at once: 30 incidents/);
  const told = JSON.stringify(slack.sent);
  for (let index = 0; index < 50; index += 1) expect(told).toContain(`incident-${index}`);
  expect(told).toContain('state 3');
  for (const [index, at] of sentAt.entries()) expect(sentAt.slice(0, index + 1).filter((other) => other > at - 1_000).length).toBeLessThanOrEqual(4);
});
