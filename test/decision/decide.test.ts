import { describe, expect, it } from 'vitest';
import { type ChangeFacts, noChanges } from '../../src/decision/change.js';
import { decide } from '../../src/decision/decide.js';
import type { DecisionInput, FiringAlert } from '../../src/decision/decision-input.js';
import { decisionReasons, type DecisionReason } from '../../src/decision/decision.js';
import type { PlanRung } from '../../src/decision/ladder.js';
import { emptyLedger, type LedgerEntry } from '../../src/decision/ledger.js';
import type { Policy } from '../../src/decision/policy.js';
import type { Level } from '../../src/trigger/trigger.js';
import { aPolicy } from '../support/policy.js';
import { condition } from '../support/triggers.js';

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

const plan = (level: Level, planId = `plan-${level}`, governingLevel = level): PlanRung => ({ planId, level, governingLevel, needs: [], deploys: false, changesMore: false });

const policy: Policy = aPolicy();

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
    policy: aPolicy(),
    changes: noChanges,
    flaps: 0,
    ...changes,
  };
}

const matrix: Policy['matrix'] = [
  { number: 1, severities: ['critical'], impact: condition('> 50%'), outcome: { kind: 'levels', levels: { from: 3, to: 3 } } },
  { number: 2, issueType: 'type-error', outcome: { kind: 'fix-forward' } },
];
const asks = (changes: Partial<FiringAlert>, row = 1): DecisionInput => input({ policy: aPolicy({ matrix: matrix.slice(0, row) }), alerts: [alert({ levels: undefined, ...changes })] });
const known = (share: number): FiringAlert['impact'] => ({ kind: 'known', share });

/** So many minutes ago; the breach began five minutes ago. */
const deployed = (agoMinutes: number): ChangeFacts['deploys'][number] => ({ version: `v-${agoMinutes}`, at: now - agoMinutes * minuteMs });
function withChange(changes: Partial<ChangeFacts>): DecisionInput {
  const base = alert();
  return input({ alerts: [{ ...base, evidence: { ...base.evidence, activeAt: now - 5 * minuteMs } }], changes: { ...noChanges, ...changes }, policy: aPolicy({ requireChange: { withinMs: 60 * minuteMs } }) });
}
const goingBack = (changes: Partial<ChangeFacts>, needs: readonly string[] = ['version']): DecisionInput => input({ plans: [{ ...plan(1), needs }], changes: { ...noChanges, ...changes } });
const frozen = aPolicy({ freeze: [{ cron: '0 0 1 1 *', timezone: 'UTC', forMs: 4 * 60 * minuteMs, reason: 'new year' }] });

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
  { reason: 'observe-mode', kind: 'notify-only', when: 'every trigger only observes', input: input({ alerts: [alert({ mode: 'observe' })] }), level: 1 },
  { reason: 'observe-mode', kind: 'notify-only', when: 'the mode became stricter in the middle of the ladder', input: input({ mode: 'observe', incident: climbing([1]) }), level: 3 },
  { reason: 'monitor-only', kind: 'notify-only', when: 'every trigger only monitors', input: input({ alerts: [alert({ response: 'monitor' })] }), level: 1 },
  { reason: 'sustained-breach', kind: 'execute', when: 'a row of the matrix matches', input: asks({ impact: known(0.6) }), level: 3 },
  { reason: 'sustained-breach', kind: 'execute', when: 'its own levels go before the matrix', input: asks({ impact: known(0.6), levels: { from: 1, to: 1 } }), level: 1 },
  { reason: 'no-matrix-row', kind: 'notify-only', when: 'no row of the matrix matches', input: asks({ impact: known(0.4) }) },
  { reason: 'no-matrix-row', kind: 'notify-only', when: 'the row needs an impact, and it is unknown', input: asks({ impact: { kind: 'unknown', why: 'the source is down' } }) },
  { reason: 'fix-forward', kind: 'notify-only', when: 'the matrix says so', input: asks({ issueType: 'type-error' }, 2) },
  { reason: 'sustained-breach', kind: 'execute', when: 'one alert is to be fixed forward, and another asks for a rollback', input: { ...asks({ issueType: 'type-error' }, 2), alerts: [alert({ levels: undefined, issueType: 'type-error' }), alert()] }, level: 1 },
  { reason: 'no-plan', kind: 'notify-only', when: 'no rung has a plan', input: input({ plans: [plan(4)] }), needsHuman: true },
  { reason: 'ladder-exhausted', kind: 'notify-only', when: 'the highest rung did not help', input: input({ incident: climbing([1, 3]) }), needsHuman: true },
  { reason: 'above-max-auto-level', kind: 'await-approval', when: 'the rung is above maxAutoLevel', input: input({ alerts: [alert({ levels: { from: 4, to: 5 } })], plans: [plan(4)] }), level: 4 },
  { reason: 'above-max-auto-level', kind: 'await-approval', when: 'a plan that it depends on is above maxAutoLevel', input: input({ plans: [plan(1, 'flag', 4)] }), level: 1 },
  { reason: 'approval-required', kind: 'await-approval', when: 'its level takes an approval, though it may run by itself', input: input({ alerts: [alert({ levels: { from: 4, to: 4 } })], plans: [plan(4)], policy: { ...policy, maxAutoLevel: 5 } }), level: 4 },
  { reason: 'approval-required', kind: 'await-approval', when: 'its trigger names a scenario', input: input({ alerts: [alert({ scenarios: ['corruption'] })] }), level: 1 },
  { reason: 'approval-required', kind: 'await-approval', when: 'its plan names a scenario', input: input({ plans: [{ ...plan(1), scenarios: ['corruption'] }] }), level: 1 },
  { reason: 'sustained-breach', kind: 'execute', when: 'the approval has been given', input: input({ alerts: [alert({ scenarios: ['corruption'] })], grants: [{ purpose: 'plan', planId: 'plan-1' }] }), level: 1 },
  { reason: 'approval-required', kind: 'await-approval', when: 'the approval of another plan has been given', input: input({ alerts: [alert({ scenarios: ['corruption'] })], grants: [{ purpose: 'plan', planId: 'plan-3' }, { purpose: 'schedule', planId: 'plan-1' }] }), level: 1 },
  { reason: 'sustained-breach', kind: 'execute', when: 'the file says that the level takes none', input: input({ alerts: [alert({ levels: { from: 4, to: 4 } })], plans: [plan(4)], policy: { ...policy, maxAutoLevel: 4, approvals: { level4: 'none' } } }), level: 4 },
  { reason: 'sustained-breach', kind: 'execute', when: 'somebody has started what was scheduled', input: input({ alerts: [scheduledAlert(minuteMs)], grants: [{ purpose: 'schedule', planId: 'plan-1' }] }), level: 1 },
  { reason: 'cooldown', kind: 'suppress', when: 'nobody is asked within a cooldown', input: input({ alerts: [alert({ scenarios: ['corruption'] })], ledger: ledger(past(minuteMs)) }), level: 1 },
  { reason: 'paused', kind: 'suppress', when: 'somebody paused it', input: input({ pauses: [{ by: 'ana', reason: 'migration' }] }), level: 1 },
  { reason: 'cooldown', kind: 'suppress', when: 'another incident was rolled back lately', input: input({ ledger: ledger(past(29 * minuteMs)) }), level: 1 },
  { reason: 'budget-exhausted', kind: 'suppress', when: 'two incidents were rolled back within the hour', input: input({ ledger: ledger(past(35 * minuteMs), past(50 * minuteMs)) }), level: 1, needsHuman: true },
  { reason: 'budget-exhausted', kind: 'suppress', when: 'it has tripped and nobody has reset it, however long ago', input: input({ ledger: { entries: [], tripped: [{ target: 'checkout', mode: 'enforce' }] } }), level: 1, needsHuman: true },
  { reason: 'fleet-limit', kind: 'suppress', when: 'two other targets were rolled back just now', input: input({ ledger: ledger(past(minuteMs, { target: 'a' }), past(minuteMs, { target: 'b' })) }), level: 1, needsHuman: true },
  { reason: 'fleet-limit', kind: 'suppress', when: 'two other targets are still being worked on, however long ago that began', input: input({ ledger: ledger(past(60 * minuteMs, { target: 'a', lastActivityAt: now - minuteMs }), past(60 * minuteMs, { target: 'b', lastActivityAt: now - minuteMs })) }), level: 1, needsHuman: true },
  { reason: 'fleet-busy', kind: 'suppress', when: 'another target is being rolled back', input: input({ running: 1 }), level: 1 },
  { reason: 'rollback-in-progress', kind: 'suppress', when: 'its own rollback is under way', input: input({ incident: { ...climbing([1]), phase: 'rolling-back' } }), level: 3 },
  { reason: 'rollback-in-progress', kind: 'suppress', when: 'its rollback is being verified', input: input({ incident: { ...climbing([1]), phase: 'verifying' } }), level: 3 },
  { reason: 'needs-human', kind: 'suppress', when: 'a person has been asked for', input: input({ incident: { ...climbing([1]), phase: 'needs-human' } }), level: 3, needsHuman: true },
  { reason: 'flapping', kind: 'suppress', when: 'its alert has come and gone five times', input: input({ flaps: 5 }), level: 1, needsHuman: true },
  { reason: 'sustained-breach', kind: 'execute', when: 'four times are not too often', input: input({ flaps: 4 }), level: 1 },
  { reason: 'not-recovered', kind: 'execute', when: 'a further rung is not held back by flapping', input: input({ incident: climbing([1]), flaps: 9 }), level: 3 },
  { reason: 'no-change', kind: 'notify-only', when: 'a change is required, and none is known', input: withChange({}), level: 1, needsHuman: true },
  { reason: 'no-change', kind: 'notify-only', when: 'the last change is too old', input: withChange({ deploys: [deployed(61 + 5)] }), level: 1, needsHuman: true },
  { reason: 'sustained-breach', kind: 'execute', when: 'the change is just young enough', input: withChange({ deploys: [deployed(60 + 5)] }), level: 1 },
  { reason: 'sustained-breach', kind: 'execute', when: 'the breach began with the change', input: withChange({ deploys: [deployed(5)] }), level: 1 },
  { reason: 'breach-before-change', kind: 'notify-only', when: 'the breach is older than the change', input: withChange({ deploys: [deployed(4)] }), level: 1, needsHuman: true },
  { reason: 'breach-before-change', kind: 'notify-only', when: 'an old change goes before the breach, and a new one after it', input: withChange({ deploys: [deployed(300), deployed(4)] }), level: 1, needsHuman: true },
  { reason: 'sustained-breach', kind: 'execute', when: 'a young change goes before the breach, whatever came after it', input: withChange({ deploys: [deployed(30), deployed(4)] }), level: 1 },
  { reason: 'sustained-breach', kind: 'execute', when: 'no change is required', input: input({ changes: { deploys: [deployed(4)], rolledBack: [] } }), level: 1 },
  { reason: 'not-recovered', kind: 'execute', when: 'a change was required for the first rung only', input: { ...withChange({}), incident: climbing([1]) }, level: 3 },
  { reason: 'no-rollback-point', kind: 'notify-only', when: 'no state is known to be good', input: goingBack({}), level: 1, needsHuman: true },
  { reason: 'no-rollback-point', kind: 'notify-only', when: 'the good state was marked without what the plan needs', input: goingBack({ rollbackPoint: { version: 'v1', at: 0 }, running: 'v2' }, ['version', 'flags.new-checkout']), level: 1, needsHuman: true },
  { reason: 'sustained-breach', kind: 'execute', when: 'all that the plan needs is known', input: goingBack({ rollbackPoint: { version: 'v1', at: 0, flags: { 'new-checkout': false } }, running: 'v2' }, ['version', 'flags.new-checkout']), level: 1 },
  { reason: 'already-running', kind: 'notify-only', when: 'the good version runs', input: goingBack({ rollbackPoint: { version: 'v1', at: 0 }, running: 'v1' }), level: 1, needsHuman: true },
  { reason: 'sustained-breach', kind: 'execute', when: 'the good version runs, and the plan brings data back as well', input: input({ plans: [{ ...plan(1), needs: ['version'], changesMore: true }], changes: { ...noChanges, rollbackPoint: { version: 'v1', at: 0 }, running: 'v1' } }), level: 1 },
  { reason: 'already-running', kind: 'notify-only', when: 'all that the plan brings back was read to be there', input: input({ recheck: 'breaching', alreadyThere: true }), level: 1, needsHuman: true },
  { reason: 'version-rolled-back', kind: 'notify-only', when: 'the good version was rolled back', input: goingBack({ rollbackPoint: { version: 'v1', at: 0 }, running: 'v0', rolledBack: ['v1'] }), level: 1, needsHuman: true },
  { reason: 'sustained-breach', kind: 'execute', when: 'the good version runs, and the plan does not go back to it', input: goingBack({ rollbackPoint: { version: 'v1', at: 0, configVersion: 'c1' }, running: 'v1' }, ['configVersion']), level: 1 },
  { reason: 'frozen', kind: 'await-approval', when: 'a freeze is on', input: input({ policy: frozen }), level: 1 },
  { reason: 'frozen', kind: 'await-approval', when: 'a freeze is on, for a further rung as well', input: input({ policy: frozen, incident: climbing([1]) }), level: 3 },
  { reason: 'scheduled', kind: 'schedule', when: 'a freeze is on now, and nothing is due yet', input: input({ policy: frozen, alerts: [scheduledAlert(minuteMs)] }), level: 1 },
  { reason: 'sustained-breach', kind: 'execute', when: 'the freeze is over', input: input({ policy: aPolicy({ freeze: [{ cron: '0 0 1 1 *', timezone: 'UTC', forMs: 3 * 60 * minuteMs, reason: 'new year' }] }) }), level: 1 },
  { reason: 'recovered-before-action', kind: 'suppress', when: 'it has cleared just before step 1', input: input({ recheck: 'clear' }), level: 1 },
  { reason: 'blind', kind: 'suppress', when: 'nothing can be seen just before step 1', input: input({ recheck: 'unknown' }), level: 1 },
  { reason: 'unconfirmed', kind: 'await-approval', when: 'nobody can be asked about what a message says', input: input({ recheck: 'unconfirmable' }), level: 1 },
  { reason: 'sustained-breach', kind: 'execute', when: 'somebody has vouched for what nobody else can be asked about', input: input({ recheck: 'unconfirmable', grants: [{ purpose: 'plan', planId: 'plan-1' }] }), level: 1 },
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

  it('says in a dry run whose approval it would take', () => {
    const decision = decide(input({ mode: 'dry-run', alerts: [alert({ levels: { from: 4, to: 4 } })], plans: [plan(4)], policy: { ...policy, approvals: { level4: { allOf: ['oncall', 'dba'], anyOf: [], count: 1, notify: [], timeoutMs: 1, onTimeout: 'hold' } } } }), now);
    expect(decision).toMatchObject({ kind: 'execute', level: 4, explanation: expect.stringContaining('after the approval of one of oncall and one of dba') as string });
  });

  it('acts for the enforcing alerts alone when others are in dry run', () => {
    const alerts = [alert({ name: 'Trial', mode: 'dry-run', levels: { from: 3, to: 3 } }), alert()];
    expect(decide(input({ alerts }), now)).toMatchObject({ mode: 'enforce', level: 1 });
  });

  it('decides the same in dry run as in enforce mode, but that it waits for nobody', () => {
    for (const { input: given } of cases.filter(({ input: { mode }, kind }) => mode === 'enforce' && kind !== 'await-approval')) {
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
