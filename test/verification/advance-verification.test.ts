import { describe, expect, it } from 'vitest';
import type { CheckResult } from '../../src/source/check.js';
import { alertResults } from '../../src/verification/alert-results.js';
import { advanceVerification, type VerificationMove, type VerificationState } from '../../src/verification/advance-verification.js';
import type { VerificationSpec } from '../../src/verification/verification.js';

const spec: VerificationSpec = { checks: [], holdMs: 20_000, timeoutMs: 60_000, intervalMs: 5_000 };

const results = (word: string): CheckResult[] =>
  word === '-' ? [] : Array.from(word, (letter, index) => ({ name: `check ${index}`, at: 0, detail: 'as it is', status: ({ o: 'ok', f: 'failed', u: 'unknown', e: 'error' } as const)[letter as 'o'] }));

/** One word per round, five seconds apart: o ok, f failed, u unknown, e error, - nothing was asked. */
function run(rounds: string): VerificationMove & { readonly at: number } {
  let state: VerificationState = { lookedAt: 0, spentMs: 0 };
  let move: VerificationMove = { kind: 'go-on', state, nextRoundInMs: 0 };
  let at = 0;
  for (const word of rounds.split(' ')) {
    if (move.kind === 'ended') throw new Error('it had ended already');
    at += move.nextRoundInMs;
    move = advanceVerification(spec, state, results(word), at);
    if (move.kind === 'go-on') state = move.state;
  }
  return { ...move, at };
}

const outcome = (rounds: string): string => {
  const move = run(rounds);
  return move.kind === 'ended' ? `${move.result.outcome} at ${move.at / 1000}` : 'going on';
};

describe('advanceVerification', () => {
  it('is recovered once all was OK for the whole hold', () => {
    expect(outcome('oo oo oo oo oo')).toBe('recovered at 20');
    expect(outcome('oo oo oo oo')).toBe('going on');
  });

  it('counts the hold from the last break', () => {
    expect(outcome('of oo oo fo oo oo oo oo oo')).toBe('recovered at 40');
    expect(outcome('oo oo uo oo oo oo oo oo')).toBe('recovered at 35');
  });

  it('takes no recovery from nothing', () => {
    expect(outcome(Array(13).fill('-').join(' '))).toBe('inconclusive at 60');
  });

  it('tells at the timeout what is known', () => {
    const until = (word: string): string => `${'f '.repeat(12)}${word}`;
    expect(outcome(until('f'))).toBe('not-recovered at 60');
    expect(outcome(until('fue'))).toBe('not-recovered at 60');
    expect(outcome(until('oue'))).toBe('error at 60');
    expect(outcome(until('ou'))).toBe('inconclusive at 60');
  });

  it('is inconclusive when all is OK but the hold was broken too late', () => {
    expect(outcome(`${'f '.repeat(10)}o o o`)).toBe('inconclusive at 60');
  });

  it('looks again exactly when the hold or the timeout ends', () => {
    const odd = { ...spec, holdMs: 7_000, timeoutMs: 11_000 };
    const first = advanceVerification(odd, { lookedAt: 0, spentMs: 0 }, results('o'), 5_000);
    expect(first).toMatchObject({ kind: 'go-on', nextRoundInMs: 5_000 });
    expect(advanceVerification(odd, { lookedAt: 5_000, spentMs: 5_000, okForMs: 0 }, results('o'), 10_000)).toMatchObject({ nextRoundInMs: 1_000 });
  });

  it('counts no time that it has not seen toward the hold, and little of it toward the timeout', () => {
    const ok = (lookedAt: number, okForMs: number, now: number, over: Partial<VerificationSpec> = {}): VerificationMove =>
      advanceVerification({ ...spec, ...over }, { lookedAt, spentMs: 10_000, okForMs }, results('o'), now);
    expect(ok(10_000, 10_000, 17_500)).toMatchObject({ state: { spentMs: 17_500, okForMs: 17_500 } });
    expect(ok(10_000, 10_000, 17_501)).toMatchObject({ state: { spentMs: 17_500, okForMs: 10_000 } });
    // A process that was stopped for an hour in the middle of a hold.
    expect(ok(10_000, 19_999, 3_600_000)).toMatchObject({ kind: 'go-on', state: { lookedAt: 3_600_000, spentMs: 17_500, okForMs: 19_999 }, nextRoundInMs: 1 });
    const slow = { type: 'health', name: 'slow', target: 't', timeoutMs: 30_000 } as const;
    expect(ok(10_000, 0, 40_000, { checks: [slow], holdMs: 40_000 })).toMatchObject({ state: { okForMs: 30_000 } });
  });
});

describe('alertResults', () => {
  const base = { trigger: 'T', target: 't', labels: {}, fingerprint: 'f', window: { countedMs: 0, streak: 0 }, lastSample: { kind: 'value', at: 100, value: 0 } } as const;
  const statusOf = (alert: Parameters<typeof alertResults>[0][number]['alert'], sinceAt = 50): string | undefined =>
    alertResults([{ fingerprint: 'f', trigger: 'T', alert }], sinceAt, 200)[0]?.status;

  it('is OK only by a known sample since the rollback', () => {
    expect(statusOf({ ...base, state: 'inactive', health: 'ok' })).toBe('ok');
    expect(statusOf({ ...base, state: 'inactive', health: 'ok' }, 150)).toBe('unknown');
    expect(statusOf({ ...base, state: 'inactive', health: 'err', lastSample: { kind: 'error', at: 100, reason: 'timeout', message: '' } })).toBe('unknown');
    expect(statusOf({ ...base, state: 'inactive', health: 'err', lastSample: { kind: 'no-data', at: 100, reason: 'nan' } })).toBe('unknown');
    expect(statusOf(undefined)).toBe('unknown');
  });

  it('is unknown while keepFiringFor alone keeps an alert firing that was seen to be clear', () => {
    const kept = { ...base, state: 'firing', health: 'ok', window: { countedMs: 0, streak: 0, clearMs: 30_000 } } as const;
    expect(alertResults([{ fingerprint: 'f', trigger: 'T', alert: kept }], 50, 200)).toEqual([{ name: 'alert T', status: 'unknown', at: 200, detail: 'clear for 30s, and kept firing by keepFiringFor' }]);
    expect(statusOf({ ...kept, health: 'err' })).toBe('unknown');
    expect(statusOf({ ...kept, window: { ...kept.window, clearMs: undefined } })).toBe('failed');
  });

  it('is failed while the alert pends or fires, and unknown when the source went away meanwhile', () => {
    expect(statusOf({ ...base, state: 'pending', health: 'ok' })).toBe('failed');
    expect(statusOf({ ...base, state: 'firing', health: 'ok' })).toBe('failed');
    expect(statusOf({ ...base, state: 'firing', health: 'err' })).toBe('unknown');
  });
});
