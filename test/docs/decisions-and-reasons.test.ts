import fc from 'fast-check';
import { expect, test } from 'vitest';
import { noChanges } from '../../src/decision/change.js';
import { decide } from '../../src/decision/decide.js';
import type { DecisionInput, FiringAlert } from '../../src/decision/decision-input.js';
import { decisionReasons } from '../../src/decision/decision.js';
import type { Level } from '../../src/trigger/trigger.js';
import { needsHumanReasons } from '../../src/incident/incident-event.js';
import { readDoc, tableRows } from '../support/markdown.js';
import { aPolicy } from '../support/policy.js';

const page = readDoc('docs/decisions-and-reasons.md');
const [ofDecisions, ofPeople] = page.split('## Reasons why a person is needed');
const reasonRows = tableRows(ofDecisions ?? '', 'Reason');
const personRows = tableRows(ofPeople ?? '', 'Reason');

test('the page has every reason of a decision and no other', () => {
  expect(reasonRows.map(([reason]) => reason)).toEqual(decisionReasons);
});

test('the page has every reason why a person is needed and no other', () => {
  expect(personRows.map(([reason]) => reason)).toEqual(needsHumanReasons);
});

test('every cell of the page is filled', () => {
  for (const row of [...reasonRows, ...personRows]) expect(row.every((cell) => cell !== ''), row.join(' | ')).toBe(true);
});

test('decisions have the kinds that the page gives their reasons, and need a person where it says so', () => {
  const documented = new Map(reasonRows.map(([reason, kind, person]) => [reason, `${String(kind)}, person: ${String(person)}`]));
  const seen = new Map<string, string>();
  for (const situation of fc.sample(situations, { numRuns: 20_000, seed: 1 })) {
    const { reason, kind, needsHuman } = decide(situation, NOW);
    const taken = `${kind}, person: ${needsHuman ? 'yes' : 'no'}`;
    expect(taken, reason).toBe(documented.get(reason));
    seen.set(reason, taken);
  }
  expect([...seen.keys()].toSorted()).toEqual([...decisionReasons].toSorted());
});

test('what a decision leaves to a person is a reason of the second table', () => {
  const leftToPeople = reasonRows.filter(([reason, , person]) => person === 'yes' && reason !== 'needs-human').map(([reason]) => reason);
  const fromDecisions = personRows.filter(([, from]) => from === 'decision').map(([reason]) => reason);
  expect(fromDecisions).toEqual(leftToPeople);
});

const NOW = Date.UTC(2026, 0, 1, 3);
const MINUTE_MS = 60_000;

const matrix: DecisionInput['policy']['matrix'] = [{ number: 1, issueType: 'type-error', outcome: { kind: 'fix-forward' } }];
const modes = fc.constantFrom('enforce', 'enforce', 'enforce', 'dry-run', 'observe');
const alerts = fc.record({
  response: fc.constantFrom('immediate', 'immediate', 'scheduled', 'monitor'),
  delayMs: fc.constantFrom(0, 3_600_000),
  mode: modes,
  evidence: fc.constant({ trigger: 'T', fingerprint: 'f', labels: {}, severity: 'high', query: 'q', condition: '> 1', window: 'for 5m', activeAt: Date.UTC(2026, 0, 1, 2, 55) }),
  levels: fc.constantFrom({ from: 1, to: 3 }, { from: 2, to: 5 }, undefined),
  issueType: fc.constantFrom('type-error', undefined),
}) as fc.Arbitrary<FiringAlert>;
const entries = fc.record({
  incidentId: fc.constantFrom('other', 'another', 'third'),
  target: fc.constantFrom('checkout', 'search', 'cart'),
  mode: fc.constantFrom('enforce', 'dry-run'),
  startedAt: fc.constantFrom(NOW - MINUTE_MS, NOW - 45 * MINUTE_MS),
});

const rarely = fc.integer({ min: 0, max: 4 }).map((chance) => chance === 0);
const good = (version: string, running: string): DecisionInput['changes'] => ({ deploys: [{ version: running, at: NOW - 10 * MINUTE_MS }], running, rollbackPoint: { version, at: NOW - 20 * MINUTE_MS }, rolledBack: [] });

/** Situations of every sort, the ordinary ones more often, so that each reason gets its turn. */
const situations: fc.Arbitrary<DecisionInput> = fc
  .record({
    mode: modes,
    alerts: fc.array(alerts, { minLength: 1, maxLength: 2 }),
    levels: fc.uniqueArray(fc.constantFrom<Level>(1, 3, 4), { maxLength: 3 }),
    phase: fc.constantFrom('open', 'open', 'open', 'open', 'rolling-back', 'verifying', 'needs-human'),
    triedLevels: fc.constantFrom<Level[]>([], [], [1], [1, 3]),
    mayClimb: fc.boolean(),
    isPaused: rarely,
    entries: fc.array(entries, { maxLength: 3 }),
    isTripped: rarely,
    running: fc.constantFrom(0, 0, 1),
    recheck: fc.constantFrom('breaching', 'clear', 'unknown', 'unconfirmable', undefined),
    flaps: fc.constantFrom(0, 0, 0, 0, 0, 5),
    isFrozen: rarely,
    needsVersion: fc.boolean(),
    requiresChange: rarely,
    changes: fc.constantFrom<DecisionInput['changes']>(noChanges, good('v1', 'v2'), good('v1', 'v2'), good('v2', 'v2'), { ...good('v1', 'v2'), rolledBack: ['v1'] }, { ...good('v1', 'v2'), deploys: [{ version: 'v2', at: NOW }] }),
    scenarios: fc.constantFrom<string[]>([], [], ['corruption']),
  })
  .map((drawn): DecisionInput => {
    const begun = drawn.triedLevels.length > 0;
    return {
      target: 'checkout',
      mode: drawn.mode,
      alerts: drawn.alerts,
      plans: drawn.levels.map((level) => ({ planId: `plan-${level}`, level, governingLevel: level, scenarios: drawn.scenarios, needs: drawn.needsVersion ? ['version'] : [], deploys: false, changesMore: false })),
      incident: {
        incidentId: 'this',
        phase: drawn.phase,
        triedLevels: drawn.triedLevels,
        ladder: begun ? { from: 1, to: 4 } : undefined,
        requests: [],
        mode: begun ? drawn.mode : undefined,
        mayClimb: begun && drawn.mayClimb,
      },
      pauses: drawn.isPaused ? [{ reason: 'a release', by: 'ana' }] : [],
      ledger: { entries: drawn.entries.map((entry) => ({ ...entry, lastActivityAt: entry.startedAt })), tripped: drawn.isTripped ? [{ target: 'checkout', mode: 'enforce' }] : [] },
      running: drawn.running,
      policy: aPolicy({
        matrix,
        requireChange: drawn.requiresChange ? { withinMs: 60 * MINUTE_MS } : undefined,
        freeze: drawn.isFrozen ? [{ cron: '0 0 1 1 *', timezone: 'UTC', forMs: 24 * 60 * MINUTE_MS, reason: 'new year' }] : [],
      }),
      changes: drawn.changes,
      flaps: drawn.flaps,
      recheck: drawn.recheck,
    };
  });
