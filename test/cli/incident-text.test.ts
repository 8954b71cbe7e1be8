import { expect, it } from 'vitest';
import { incidentText } from '../../src/cli/incident-text.js';
import { Output } from '../../src/cli/output.js';
import type { Incident } from '../../src/incident/incident.js';

it('tells of each decision the rule, what the policy said, and the other levels', () => {
  const incident: Incident = {
    id: 'i1', target: 'shop', environment: 'test', mode: 'enforce', status: 'open', openedAt: 0, alerts: [], rungs: [], approvals: [], acknowledged: [], escalations: [],
    decisions: [
      {
        kind: 'execute', reason: 'sustained-breach', at: 0, mode: 'enforce', level: 1, planId: 'flag-off', needsHuman: false, explanation: 'The breach is sustained.', evidence: [],
        rules: [{ trigger: 'Errors', by: 'trigger', fixForward: false, text: 'Errors asks for levels 1 to 3' }],
        policy: [{ about: 'cooldown', objects: false, says: 'No other rollback.' }, { about: 'fleet', objects: true, says: 'Said above.' }],
        alternatives: [{ level: 2, why: 'the target has no plan there' }, { level: 3, planId: 'back', why: 'it comes next' }],
      },
    ],
  };
  const text = incidentText(incident, new Output());
  expect(text.split('\n').slice(-5).map((line) => line.trim())).toEqual(['The breach is sustained.', 'rule: Errors asks for levels 1 to 3', 'cooldown: No other rollback.', 'level 2: the target has no plan there', 'level 3, plan back: it comes next']);
});
