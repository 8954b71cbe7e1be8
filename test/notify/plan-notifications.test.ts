import { expect, it } from 'vitest';
import type { PlanNotification } from '../../src/executor/steps/plan-notifier.js';
import type { ChannelName } from '../../src/notify/message.js';
import { type NamedPerson, PlanNotifications } from '../../src/notify/plan-notifications.js';
import { Redactor } from '../../src/secret/redactor.js';
import { FakeClock } from '../support/fake-clock.js';
import { MemoryOutbox } from '../support/memory-outbox.js';

const notification: PlanNotification = {
  recipients: ['ops-team@example.com'],
  channel: 'email',
  message: 'ALERT: rollback initiated',
  details: { environment: 'production', counts: { orders: 3 }, password: 'hunter22' },
  context: { environment: 'production', trigger: 'automatic', metadata: { incidentId: 'i1', target: 'checkout' } },
};

async function enqueue(channels: readonly ChannelName[], over: Partial<PlanNotification> = {}, people: readonly NamedPerson[] = []) {
  const [outbox, redactor] = [new MemoryOutbox(), new Redactor()];
  redactor.add('hunter22');
  let pokes = 0;
  const plans = new PlanNotifications({ outbox, channels, redactor, people, clock: new FakeClock(), enqueued: () => (pokes += 1) });
  await plans.enqueue({ ...notification, ...over });
  expect(pokes).toBe(1);
  return outbox.records;
}

it('is durable when it resolves, on the channel that the plan names', async () => {
  const [record, ...others] = await enqueue(['slack', 'email']);
  expect(others).toEqual([]);
  expect(record).toMatchObject({
    channel: 'email',
    recipients: ['ops-team@example.com'],
    message: {
      kind: 'plan-notification',
      incidentId: 'i1',
      target: 'checkout',
      title: 'ALERT: rollback initiated',
      facts: [['environment', 'production'], ['counts', '{"orders":3}'], ['password', '[redacted]'], ['incident', 'i1']],
    },
  });
});

it('knows the people whom it names, by themselves or by their groups, each once', async () => {
  const people = [
    { name: 'ana', email: 'ana@example.com', slack: 'U1', groups: ['oncall', 'dba'], isApprover: true },
    { name: 'bo', groups: ['oncall'], isApprover: false },
    { name: 'cy', email: 'cy@example.com', groups: ['lead'], isApprover: true },
  ];
  const [record] = await enqueue(['email'], { recipients: ['oncall', 'ana', 'the night shift'] }, people);
  expect(record).toMatchObject({ recipients: ['oncall', 'ana', 'the night shift'], message: { tell: [{ name: 'ana', email: 'ana@example.com', slack: 'U1' }, { name: 'bo' }] } });
  const [other] = await enqueue(['email'], {}, people);
  expect(other!.message.tell).toBeUndefined();
});

it('goes to every webhook', async () => {
  expect((await enqueue(['slack', 'webhook', 'webhook-2'], { channel: 'webhook' })).map(({ channel }) => channel)).toEqual(['webhook', 'webhook-2']);
});

it('falls back to a channel that is there, and says so', async () => {
  const [record, ...others] = await enqueue(['slack', 'webhook']);
  expect(others).toEqual([]);
  expect(record!.channel).toBe('slack');
  expect(record!.message.facts).toContainEqual(['meant for', 'email, which is not configured']);
});

it('waits in the outbox where there is no channel at all', async () => {
  expect((await enqueue([])).map(({ channel, state }) => [channel, state])).toEqual([['email', 'waiting']]);
});

it('is one message, however often a step says it again after a crash; another step says another', async () => {
  const outbox = new MemoryOutbox();
  const plans = new PlanNotifications({ outbox, channels: ['email', 'webhook', 'webhook-2'], redactor: new Redactor(), clock: new FakeClock(), enqueued: () => undefined });
  for (const stepOfExecution of ['run-1/plan/tell', 'run-1/plan/tell', 'run-1/plan/tell-again', 'run-2/plan/tell']) await plans.enqueue({ ...notification, stepOfExecution });
  expect(outbox.records).toHaveLength(3);
  for (let said = 0; said < 2; said += 1) await plans.enqueue({ ...notification, channel: 'webhook', stepOfExecution: 'run-3/plan/tell' });
  expect(outbox.records).toHaveLength(5);
});
