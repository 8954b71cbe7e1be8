import { describe, expect, test } from 'vitest';
import type { TriggerView } from '../../src/http/guard-api.js';
import type { Incident } from '../../src/incident/incident.js';
import { applyLive, asLost, emptyState, triggerKey } from '../../src/page/live/live-state.js';
import { status } from '../support/recording-guard-api.js';
import { incident, trigger } from './views.js';

describe('what the page knows', () => {
  const other: TriggerView = { ...trigger, name: 'CheckoutSlow' };
  const ended: Incident = { ...incident, id: 'i0' };
  const known = applyLive(emptyState, { name: 'snapshot', data: { now: 1, status, triggers: [trigger, other], incidents: [incident, ended], lastSeq: 1 } });

  test('is replaced where an event says so, and stays otherwise', () => {
    const blind: TriggerView = { ...trigger, health: 'err' };
    const after = applyLive(known, { name: 'triggers', data: [blind] });
    expect([...after.triggers.values()]).toEqual([blind, other]);
    expect(known.triggers.get(triggerKey(trigger))).toBe(trigger);
    const recovered: Incident = { ...incident, status: 'recovered' };
    expect(applyLive(after, { name: 'incident', data: recovered }).incidents.get('i1')).toBe(recovered);
    expect(applyLive(after, { name: 'ping', data: { now: 2 } })).toBe(after);
  });

  test('is whole again after a break: nothing of before outlives a snapshot', () => {
    const lost = asLost(known, 5, 'it broke');
    expect([lost.connection, lost.status]).toEqual([{ kind: 'lost', since: 5, why: 'it broke' }, status]);
    const again = applyLive(lost, { name: 'snapshot', data: { now: 9, status, triggers: [other], incidents: [incident], lastSeq: 4 } });
    expect([again.connection, [...again.triggers.values()], [...again.incidents.keys()]]).toEqual([{ kind: 'live' }, [other], ['i1']]);
  });
});
