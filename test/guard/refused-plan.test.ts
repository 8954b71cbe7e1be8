import { expect, it } from 'vitest';
import { GuardRig, plan } from '../support/guard-rig.js';

const step = { id: 'restore', name: 'Restore', description: '', type: 'careful', parameters: {}, timeout: 60 };

it('a plan that is refused before its first step asks a person, verifies nothing and climbs nothing', async () => {
  const rig = await GuardRig.start({ plans: [plan('restore', 1, { steps: [step] }), plan('release-back', 3)] }, (rollbacks) =>
    rollbacks.registerExecutor('careful', { execute: () => Promise.resolve(), ready: () => Promise.reject(new Error('the backup is too old')) }),
  );
  rig.source.answer = 0.5;
  await rig.clock.advance(120_000);
  const incident = await rig.incident();
  expect(incident).toMatchObject({ status: 'needs-human', needsHuman: { reason: 'step-parked', explanation: expect.stringMatching(/^Plan restore could not be begun: .*the backup is too old/) as string } });
  expect(incident.rungs.map(({ planId, verification }) => [planId, verification])).toEqual([['restore', undefined]]);
  expect(rig.executor.done).toEqual([]);
  await rig.end();
  expect(rig.faults).toEqual([]);
});
