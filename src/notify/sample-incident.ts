import type { AlertEvidence, Decision } from '../decision/decision.js';
import type { JournalEntry, JournalEvent } from '../incident/incident-event.js';
import type { Plot } from '../plot/plot.js';

const BEGAN = Date.UTC(2026, 0, 1, 2, 59, 0);
const MINUTE = 60_000;

/** The journal of an incident that never was: every kind of message comes of it at least once. */
export function sampleJournal(target: string, environment: string): readonly JournalEntry[] {
  const base = { incidentId: 'incident-sample', target };
  const evidence: AlertEvidence = {
    trigger: 'ErrorRateHigh', fingerprint: 'sample', labels: {}, severity: 'critical', condition: '> 10%', value: '23.4%', window: 'for 5m',
    query: 'sum(rate(http_requests_total{status=~"5.."}[1m])) / sum(rate(http_requests_total[1m]))',
    samples: [18.9, 21.2, 22.7, 23.4].map((value, index) => ({ at: BEGAN + 5 * MINUTE - (3 - index) * 15_000, value: `${value}%` })),
    activeAt: BEGAN, firedAt: BEGAN + 5 * MINUTE, summary: 'errors at 23.4%',
  };
  const decision: Decision = {
    kind: 'execute', reason: 'sustained-breach', at: 0, mode: 'enforce', ladder: { from: 1, to: 3 }, level: 1, planId: 'sample-flag-off', needsHuman: false, explanation: 'The breach is sustained.', evidence: [evidence],
    rules: [{ trigger: evidence.trigger, by: 'trigger', levels: { from: 1, to: 3 }, fixForward: false, text: `${evidence.trigger} asks for levels 1 to 3` }],
    policy: [{ about: 'pause', objects: false, says: 'Nobody has paused it.' }, { about: 'change', objects: false, says: 'The breach began 3m after version 1.4.0 was deployed.' }, { about: 'cooldown', objects: false, says: 'No other automatic rollback of this target within 30m.' }],
    alternatives: [],
  };
  const entries: JournalEntry[] = [];
  let at = BEGAN + 5 * MINUTE;
  const add = (event: (at: number) => JournalEvent, laterMs = 1_000): void => {
    entries.push({ seq: entries.length + 1, event: event(at) });
    at += laterMs;
  };
  const decide = (changes: Partial<Decision> = {}): void => add((now) => ({ type: 'decision-made', ...base, at: now, decision: { ...decision, at: now, ...changes } }));
  const run = (executionId: string, level: 1 | 3, planId: string, names: readonly string[], dryRun = false): void => {
    const keys = names.map((name, index) => ({ key: `${planId}/${index}`, planId, step: { id: String(index), name, description: '', type: 'command', parameters: {}, timeout: 60 } }));
    add((now) => ({ type: 'rung-started', ...base, at: now, level, planId, executionId, mode: dryRun ? 'dry-run' : 'enforce', trigger: 'automatic', by: evidence.trigger, reason: 'The breach is sustained.' }));
    add((now) => ({ type: 'rollback-started', ...base, at: now, executionId, planId, planName: planId, dryRun, estimatedMs: 5 * MINUTE, budgetMs: 10 * MINUTE, context: { environment, trigger: 'automatic', triggeredBy: evidence.trigger, metadata: {} }, steps: keys }));
  };
  const did = (executionId: string, stepKey: string, summary: string): void => {
    add((now) => ({ type: 'step-attempt-started', ...base, at: now, executionId, stepKey, attempt: 1, attemptId: 'a', description: { summary } }), 3_000);
    add((now) => ({ type: 'step-succeeded', ...base, at: now, executionId, stepKey, how: 'executed' }));
  };
  const verify = (executionId: string): void => add((now) => ({ type: 'verification-started', ...base, at: now, executionId, holdMs: 2 * MINUTE, timeoutMs: 10 * MINUTE }));
  const verified = (executionId: string, outcome: 'recovered' | 'not-recovered', explanation: string): void =>
    add((now) => ({ type: 'verification-ended', ...base, at: now, executionId, result: { outcome, startedAt: now - 10 * MINUTE, endedAt: now, results: [], explanation } }));

  add((now) => ({ type: 'incident-opened', ...base, at: now, environment, mode: 'enforce' }));
  add((now) => ({ type: 'alert-fired', ...base, at: now, evidence, duringRollback: false }));
  decide();
  decide({ kind: 'suppress', reason: 'fleet-busy', explanation: 'Another rollback is under way; this one waits for its turn.' });
  decide();
  run('run-1', 1, 'sample-flag-off', ['Turn the new checkout off']);
  did('run-1', 'sample-flag-off/0', 'flag new-checkout: on → off');
  add((now) => ({ type: 'rollback-ended', ...base, at: now, executionId: 'run-1', outcome: 'success' }));
  verify('run-1');
  at += 10 * MINUTE;
  verified('run-1', 'not-recovered', 'Not recovered within 10m: alert ErrorRateHigh: still firing.');
  decide({ reason: 'not-recovered', level: 3, planId: 'sample-previous-release', explanation: 'The rung below did not bring recovery.' });
  run('run-2', 3, 'sample-previous-release', ['Deploy the previous release', 'Restart the workers']);
  did('run-2', 'sample-previous-release/0', `${target}: 1.4.0 → 1.3.9`);
  add((now) => ({ type: 'rollback-over-budget', ...base, at: now, executionId: 'run-2', elapsedMs: 11 * MINUTE, budgetMs: 10 * MINUTE }));
  add((now) => ({ type: 'step-failed', ...base, at: now, executionId: 'run-2', stepKey: 'sample-previous-release/1', error: 'exit 1: worker 3 did not stop', continued: true }));
  add((now) => ({ type: 'rollback-ended', ...base, at: now, executionId: 'run-2', outcome: 'success' }));
  verify('run-2');
  decide({ kind: 'await-approval', reason: 'above-max-auto-level', level: 4, planId: 'sample-restore', explanation: 'Level 4 (database) is above the highest level that runs by itself (3).' });
  const need = { rules: [{ name: 'level4', allOf: ['oncall', 'dba'], anyOf: [], count: 1 }], notify: [], timeoutMs: 20 * MINUTE, onTimeout: 'hold' as const };
  add((now) => ({ type: 'approval-requested', ...base, at: now, approval: { id: 'approval-sample', purpose: 'plan', planId: 'sample-restore', level: 4, question: 'Level 4 (database) takes an approval; plan sample-restore waits for one of oncall and one of dba.', need, requestedAt: now, expiresAt: now + need.timeoutMs }, tell: [] }));
  const since = at;
  at += 5 * MINUTE;
  add((now) => ({ type: 'incident-escalated', ...base, at: now, since, step: 1, steps: 2, to: ['oncall'], tell: [{ name: 'ana' }] }));
  add((now) => ({ type: 'incident-acknowledged', ...base, at: now, by: 'ana' }));
  add((now) => ({ type: 'approval-voided', ...base, at: now, approvalId: 'approval-sample', cause: 'recovered' }));
  add((now) => ({ type: 'needs-human', ...base, at: now, reason: 'inconclusive', explanation: 'Nothing certain within 10m: alert ErrorRateHigh: no known sample.' }), 2 * MINUTE);
  add((now) => ({ type: 'alert-cleared', ...base, at: now, fingerprint: 'sample', trigger: evidence.trigger }));
  add((now) => ({ type: 'incident-recovered', ...base, at: now, how: 'rolled-back', explanation: 'Every check and every alert was OK for 2m without a break.' }));
  return [...entries, ...otherEntries(target, environment, evidence, decision)];
}

/** A dry run, and what happens to the guard itself. */
function otherEntries(target: string, environment: string, evidence: AlertEvidence, decision: Decision): readonly JournalEntry[] {
  const base = { incidentId: 'incident-sample-dry', target, at: BEGAN + 5 * MINUTE };
  const run = { ...base, executionId: 'run-3' };
  const events: readonly JournalEvent[] = [
    { type: 'incident-opened', ...base, environment, mode: 'dry-run' },
    { type: 'alert-fired', ...base, evidence, duringRollback: false },
    { type: 'decision-made', ...base, decision: { ...decision, at: base.at, mode: 'dry-run' } },
    { type: 'rung-started', ...run, level: 1, planId: 'sample-flag-off', mode: 'dry-run', trigger: 'automatic', by: evidence.trigger, reason: 'The breach is sustained.' },
    { type: 'rollback-started', ...run, planId: 'sample-flag-off', planName: 'sample-flag-off', dryRun: true, context: { environment, trigger: 'automatic', triggeredBy: evidence.trigger, metadata: {} }, steps: [{ key: 'sample-flag-off/0', planId: 'sample-flag-off', step: { id: '0', name: 'Turn the new checkout off', description: '', type: 'command', parameters: {}, timeout: 60 } }] },
    { type: 'step-described', ...run, stepKey: 'sample-flag-off/0', description: { summary: 'flag new-checkout: on → off' } },
    { type: 'rollback-ended', ...run, outcome: 'would-have' },
    { type: 'source-blind', at: base.at, source: 'prometheus', targets: [target], since: BEGAN, message: 'connect ECONNREFUSED 127.0.0.1:9090' },
    { type: 'source-seeing', at: base.at + 10 * MINUTE, source: 'prometheus', targets: [target], blindForMs: 15 * MINUTE },
    { type: 'drill-ended', at: base.at, executionId: 'drill-sample', drill: { kind: 'plan', name: 'sample-previous-release' }, tookMs: 7 * MINUTE, outcome: 'passed', steps: [{ name: 'Deploy the previous release', status: 'ok', tookMs: 7 * MINUTE, documentedMs: 3 * MINUTE }], gaps: ['documented 3m, took 7m'], explanation: 'Every step could be practised.' },
    { type: 'paused', at: base.at, pauseId: 'pause-sample', target, by: 'ana', reason: 'database migration' },
  ];
  return events.map((event, index) => ({ seq: 1_000 + index, event }));
}

/** The plot of the same incident. */
export function samplePlot(): Plot {
  const [fromAt, toAt] = [BEGAN - 15 * MINUTE, BEGAN + 19 * MINUTE];
  const points = Array.from({ length: (toAt - fromAt) / 15_000 + 1 }, (_, index) => {
    const at = fromAt + index * 15_000;
    const wave = 0.004 * Math.sin(index * 1.7) + 0.003 * Math.sin(index * 0.6);
    const value = Math.max(0, (at < BEGAN - 30_000 || at > BEGAN + 17 * MINUTE ? 0.012 : 0.22) + (at < BEGAN ? wave : 3 * wave));
    return { fromAt: at, toAt: at, min: value, max: value };
  });
  return {
    description: 'ErrorRateHigh', fromAt, toAt, unit: 'ratio', lines: [{ name: 'ErrorRateHigh', points }], thresholds: [{ value: 0.1, text: '> 10%' }],
    bands: [{ kind: 'pending', fromAt: BEGAN, toAt: BEGAN + 5 * MINUTE }, { kind: 'firing', fromAt: BEGAN + 5 * MINUTE, toAt: BEGAN + 17 * MINUTE }],
    marks: [{ at: BEGAN, text: 'began' }, { at: BEGAN + 5 * MINUTE, text: 'fired' }, { at: BEGAN + 5 * MINUTE + 6_000, text: 'level 1' }, { at: BEGAN + 15 * MINUTE, text: 'level 3' }],
    joinWithinMs: 22_500,
  };
}
