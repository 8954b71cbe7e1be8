import { expect, test } from 'vitest';
import { MemoryGuardStore } from '../../src/scenario/memory-store.js';
import { guardStoreContract } from '../support/guard-store-contract.js';

guardStoreContract(() => Promise.resolve({ guard: new MemoryGuardStore(), close: () => Promise.resolve() }));

test('what was written cannot be changed afterwards, neither by who wrote it nor by who reads it', async () => {
  const store = new MemoryGuardStore();
  const event = { type: 'incident-opened' as const, incidentId: 'i1', target: 'checkout', at: 1, environment: 'production', mode: 'enforce' as const };
  await store.append([event]);
  event.environment = 'elsewhere';
  const [entry] = await store.entriesAfter(0, 1);
  expect(entry?.event).toMatchObject({ environment: 'production' });
  expect(() => Object.assign(entry?.event ?? {}, { environment: 'elsewhere' })).toThrow(TypeError);
});
