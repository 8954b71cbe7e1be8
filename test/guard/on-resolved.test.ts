import { afterEach, expect, test } from 'vitest';
import type { RollbackPlan } from '../../src/rollback/rollback-plan.js';
import { GuardRig, plan, verification } from '../support/guard-rig.js';

const second = 1_000;
let rig: GuardRig;
afterEach(async () => {
  await rig.end();
  expect(rig.faults).toEqual([]);
});

/** A plan of so many steps of 4 seconds; the breach is over in the middle of the first. */
async function resolvedDuringFirstStep(steps: number, changes: Partial<RollbackPlan>): Promise<void> {
  const own = plan('flag-off', 1, { ...changes, steps: Array.from({ length: steps }, (_, index) => ({ id: `s${index}`, name: 's', description: '', type: 'record', parameters: {}, timeout: 30 })) });
  rig = await GuardRig.start({ plans: [own], verifications: new Map([['flag-off', verification]]) });
  for (const { id } of own.steps) rig.executor.acts.set(id, () => rig.clock.sleepUntil(rig.clock.now() + 4 * second));
  await rig.clock.advance(2 * second);
  rig.source.answer = 0.5;
  await rig.clock.advance(12 * second);
  expect(rig.executor.done).toEqual(['s0']);
  rig.source.answer = 0;
  await rig.clock.advance(30 * second);
}

test('a plan that says so begins no further step once every alert has resolved, and a person is asked', async () => {
  await resolvedDuringFirstStep(3, { onResolved: 'stop-before-next-step' });
  expect(rig.executor.done).toEqual(['s0']);
  const { rungs, decisions } = await rig.incident();
  expect(rungs).toMatchObject([{ outcome: 'cancelled', steps: [{ status: 'success' }, { status: 'waiting' }, { status: 'waiting' }] }]);
  expect(decisions[0]).toMatchObject({ kind: 'execute' });
  const asked = (await rig.events()).find(({ type }) => type === 'needs-human');
  expect(asked).toMatchObject({ reason: 'cancelled', explanation: 'The rollback was cancelled: every alert has resolved meanwhile, and plan flag-off says onResolved: stop-before-next-step.' });
});

test.each([undefined, 'continue'] as const)('any other goes on to its end (%s)', async (onResolved) => {
  await resolvedDuringFirstStep(3, onResolved === undefined ? {} : { onResolved });
  expect(rig.executor.done).toEqual(['s0', 's1', 's2']);
  expect(await rig.incident()).toMatchObject({ status: 'recovered' });
});

test('a last step is not stopped for it: the verification tells', async () => {
  await resolvedDuringFirstStep(1, { onResolved: 'stop-before-next-step' });
  expect(await rig.incident()).toMatchObject({ status: 'recovered', rungs: [{ outcome: 'success' }] });
});
