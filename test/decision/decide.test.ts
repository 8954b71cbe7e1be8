import { describe, expect, it } from 'vitest';
import { decide, type DecisionInput, type FiringAlert } from '../../src/decision/decide.js';
import { decisionReasons, type DecisionReason } from '../../src/decision/decision.js';
import type { PlanRung } from '../../src/decision/ladder.js';
import { emptyLedger, type LedgerEntry } from '../../src/decision/ledger.js';
import type { Level } from '../../src/trigger/trigger.js';

const now = Date.UTC(2026, 0, 1, 3);
const minuteMs = 60_000;

function alert(changes: Partial<FiringAlert> & { readonly name?: string } = {}): FiringAlert {
  const { name = 'CheckoutErrorRateHigh', ...rest } = changes;
  return {
    evidence: { trigger: name, fingerprint: name, labels: {}, severity: 'critical', query: 'q', condition: '> 10%', value: '23%', window: 'for 5m' },
    response: 'immediate',
    mode: 'enforce',
    levels: { from: 1, to: 3 },
    ...rest,
  };
}

/** Fired so long ago, with a rollback half an hour after the firing. */
function scheduledAlert(firedAgoMs: number): FiringAlert {
  const base = alert({ name: 'ErrorsLinger', response: 'scheduled', delayMs: 30 * minuteMs });
  return { ...base, evidence: { ...base.evidence, firedAt: now - firedAgoMs } };
}

const plan = (level: Level, planId = `plan-${level}`, governingLevel = level): PlanRung => ({ planId, level, governingLevel });

function input(changes: Partial<DecisionInput> = {}): DecisionInput {
  return {
    target: 'checkout',
    mode: 'enforce',
    alerts: [alert()],
    plans: [plan(1), plan(3)],
    incident: { incidentId: 'now', phase: 'open', triedLevels: [], requests: [], mayClimb: false },
    pauses: [],
    ledger: emptyLedger,
    running: 0,
    policy: { cooldownMs: 30 * minuteMs, maxRollbacks: { count: 2, perMs: 60 * minuteMs }, fleet: { maxTargets: 2, perMs: 10 * minuteMs, maxConcurrent: 1 }, maxAutoLevel: 3 },
    ...changes,
  };
}

const climbing = (triedLevels: Level[], mayClimb = true): DecisionInput['incident'] => ({
  incidentId: 'now',
  phase: 'open',
  triedLevels,
  ladder: { from: 1, to: 3 },
  requests: [{ levels: { from: 1, to: 3 } }],
  mode: 'enforce',
  mayClimb,
});

const past = (agoMs: number, changes: Partial<LedgerEntry> = {}): LedgerEntry => ({
  incidentId: `before-${agoMs}`,
  target: 'checkout',
  mode: 'enforce',
  startedAt: now - agoMs,
  lastActivityAt: now - agoMs,
  ...changes,
});
const ledger = (...entries: LedgerEntry[]): DecisionInput['ledger'] => ({ entries, tripped: [] });

const cases: readonly { readonly reason: DecisionReason; readonly kind: string; readonly when: string; readonly input: DecisionInput; readonly level?: Level; readonly needsHuman?: boolean }[] = [
  { reason: 'sustained-breach', kind: 'execute', when: 'nothing stands in the way', input: input(), level: 1 },
  { reason: 'sustained-breach', kind: 'execute', when: 'the source says again that it breaches', input: input({ recheck: 'breaching' }), level: 1 },
  { reason: 'sustained-breach', kind: 'execute', when: 'the lowest rung has no plan: it is skipped', input: input({ plans: [plan(2), plan(3)] }), level: 2 },
  { reason: 'sustained-breach', kind: 'execute', when: 'several ranges: the highest low end starts', input: input({ alerts: [alert(), alert({ name: 'Down', levels: { from: 3, to: 3 } })] }), level: 3 },
  { reason: 'sustained-breach', kind: 'execute', when: 'a trigger names its plan', input: input({ alerts: [alert({ levels: undefined, planId: 'special' })], plans: [plan(1), plan(3), plan(3, 'special')] }), level: 3 },
  { reason: 'sustained-breach', kind: 'execute', when: 'the cooldown is over', input: input({ ledger: ledger(past(31 * minuteMs)) }), level: 1 },
  { reason: 'sustained-breach', kind: 'execute', when: 'only dry runs spent the budget', input: input({ ledger: ledger(past(minuteMs, { mode: 'dry-run' }), past(2 * minuteMs, { mode: 'dry-run' })) }), level: 1 },
  { reason: 'not-recovered', kind: 'execute', when: 'the rung below did not help', input: input({ incident: climbing([1]) }), level: 3 },
  { reason: 'not-recovered', kind: 'execute', when: 'cooldown, budget and fleet count incidents, never rungs', input: input({ incident: climbing([1]), ledger: ledger(past(minuteMs), past(2 * minuteMs), past(minuteMs, { target: 'a' }), past(minuteMs, { target: 'b' })) }), level: 3 },
  { reason: 'scheduled', kind: 'schedule', when: 'its trigger schedules the rollback, and the delay is not over', input: input({ alerts: [scheduledAlert(29 * minuteMs)] }), level: 1 },
  { reason: 'sustained-breach', kind: 'execute', when: 'the delay of its trigger is over', input: input({ alerts: [scheduledAlert(30 * minuteMs)] }), level: 1 },
  { reason: 'sustained-breach', kind: 'execute', when: 'another trigger does not wait', input: input({ alerts: [scheduledAlert(minuteMs), alert()] }), level: 1 },
  { reason: 'cooldown', kind: 'suppress', when: 'nothing is scheduled into a cooldown', input: input({ alerts: [scheduledAlert(minuteMs)], ledger: ledger(past(minuteMs)) }), level: 1 },
  { reason: 'observe-mode', kind: 'notify-only', when: 'the daemon only observes', input: input({ mode: 'observe' }), level: 1 },
  { reason: 'observe-mode', kind: 'notify-only', when: 'every trigger only observes', input: input({ alerts: [alert({ mode: 'observe' })] }) },
  { reason: 'observe-mode', kind: 'notify-only', when: 'the mode became stricter in the middle of the ladder', input: input({ mode: 'observe', incident: climbing([1]) }), level: 3 },
  { reason: 'monitor-only', kind: 'notify-only', when: 'every trigger only monitors', input: input({ alerts: [alert({ response: 'monitor' })] }) },
  { reason: 'no-plan', kind: 'notify-only', when: 'no rung has a plan', input: input({ plans: [plan(4)] }), needsHuman: true },
  { reason: 'ladder-exhausted', kind: 'notify-only', when: 'the highest rung did not help', input: input({ incident: climbing([1, 3]) }), needsHuman: true },
  { reason: 'above-max-auto-level', kind: 'await-approval', when: 'the rung is above maxAutoLevel', input: input({ alerts: [alert({ levels: { from: 4, to: 5 } })], plans: [plan(4)] }), level: 4, needsHuman: true },
  { reason: 'above-max-auto-level', kind: 'await-approval', when: 'a plan that it depends on is above maxAutoLevel', input: input({ plans: [plan(1, 'flag', 4)] }), level: 1, needsHuman: true },
  { reason: 'paused', kind: 'suppress', when: 'somebody paused it', input: input({ pauses: [{ by: 'ana', reason: 'migration' }] }), level: 1 },
  { reason: 'cooldown', kind: 'suppress', when: 'another incident was rolled back lately', input: input({ ledger: ledger(past(29 * minuteMs)) }), level: 1 },
  { reason: 'budget-exhausted', kind: 'suppress', when: 'two incidents were rolled back within the hour', input: input({ ledger: ledger(past(35 * minuteMs), past(50 * minuteMs)) }), level: 1, needsHuman: true },
  { reason: 'budget-exhausted', kind: 'suppress', when: 'it has tripped and nobody has reset it, however long ago', input: input({ ledger: { entries: [], tripped: [{ target: 'checkout', mode: 'enforce' }] } }), level: 1, needsHuman: true },
  { reason: 'fleet-limit', kind: 'suppress', when: 'two other targets were rolled back just now', input: input({ ledger: ledger(past(minuteMs, { target: 'a' }), past(minuteMs, { target: 'b' })) }), level: 1, needsHuman: true },
  { reason: 'fleet-busy', kind: 'suppress', when: 'another target is being rolled back', input: input({ running: 1 }), level: 1 },
  { reason: 'rollback-in-progress', kind: 'suppress', when: 'its own rollback is under way', input: input({ incident: { ...climbing([1]), phase: 'rolling-back' } }), level: 3 },
  { reason: 'rollback-in-progress', kind: 'suppress', when: 'its rollback is being verified', input: input({ incident: { ...climbing([1]), phase: 'verifying' } }), level: 3 },
  { reason: 'needs-human', kind: 'suppress', when: 'a person has been asked for', input: input({ incident: { ...climbing([1]), phase: 'needs-human' } }), level: 3, needsHuman: true },
  { reason: 'recovered-before-action', kind: 'suppress', when: 'it has cleared just before step 1', input: input({ recheck: 'clear' }), level: 1 },
  { reason: 'blind', kind: 'suppress', when: 'nothing can be seen just before step 1', input: input({ recheck: 'unknown' }), level: 1 },
  { reason: 'unconfirmed', kind: 'await-approval', when: 'nobody can be asked about what a message says', input: input({ recheck: 'unconfirmable' }), level: 1, needsHuman: true },
  { reason: 'already-tried', kind: 'suppress', when: 'the last rung was not proved to have failed', input: input({ incident: climbing([1], false) }), level: 3 },
  { reason: 'already-tried', kind: 'suppress', when: 'a dry run has ended', input: input({ alerts: [alert({ mode: 'dry-run' })], incident: { ...climbing([1], false), mode: 'dry-run' } }), level: 3 },
];

describe('decide', () => {
  it.each(cases)('$kind, $reason: $when', ({ reason, kind, input: given, level, needsHuman = false }) => {
    const decision = decide(given, now);
    expect(decision).toMatchObject({ kind, reason, at: now, needsHuman });
    expect(decision.level).toBe(level);
    expect(decision.explanation).toMatch(/^[A-Z0-9].*\.$/);
    expect(decision.evidence).toHaveLength(given.alerts.length);
  });

  it('can give every reason of the closed list', () => {
    expect(new Set(cases.map(({ reason }) => reason))).toEqual(new Set(decisionReasons));
  });

  it('acts for the enforcing alerts alone when others are in dry run', () => {
    const alerts = [alert({ name: 'Trial', mode: 'dry-run', levels: { from: 3, to: 3 } }), alert()];
    expect(decide(input({ alerts }), now)).toMatchObject({ mode: 'enforce', level: 1 });
  });

  it('decides the same in dry run as in enforce mode', () => {
    for (const { input: given } of cases.filter(({ input: { mode } }) => mode === 'enforce')) {
      const asDryRun: DecisionInput = {
        ...given,
        mode: 'dry-run',
        incident: given.incident.mode === undefined ? given.incident : { ...given.incident, mode: 'dry-run' },
        ledger: {
          entries: given.ledger.entries.map((entry) => ({ ...entry, mode: entry.mode === 'enforce' ? 'dry-run' : 'enforce' })),
          tripped: given.ledger.tripped.map((trip) => ({ ...trip, mode: 'dry-run' })),
        },
      };
      const { kind, reason, level, planId, ladder } = decide(given, now);
      expect(decide(asDryRun, now)).toMatchObject({ kind, reason });
      expect([decide(asDryRun, now).level, decide(asDryRun, now).planId, decide(asDryRun, now).ladder]).toEqual([level, planId, ladder]);
    }
  });
});
