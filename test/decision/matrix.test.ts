import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load-config.js';
import { matrixAnswer, type MatrixOutcome, type MatrixQuestion, type MatrixRow } from '../../src/decision/matrix.js';
import { parseDuration } from '../../src/time/duration.js';
import type { Severity } from '../../src/trigger/trigger.js';
import { configFolder, goodFiles } from '../support/config-folder.js';

/** A matrix as it is read from a belay.yaml. */
async function matrixFrom(rows: string): Promise<readonly MatrixRow[]> {
  const result = await loadConfig(configFolder({ ...goodFiles, 'belay.yaml': `${goodFiles['belay.yaml']}policy:\n  matrix:\n${rows}` }), { env: {} });
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result.config.policy.matrix;
}

interface Question {
  readonly severity: Severity;
  readonly impact?: number | 'unknown';
  readonly timeToFix?: string;
  readonly issueType?: string;
}

function asked({ severity, impact, timeToFix, issueType }: Question): MatrixQuestion {
  return {
    severity,
    impact: impact === undefined ? undefined : impact === 'unknown' ? { kind: 'unknown', why: 'the source is down' } : { kind: 'known', share: impact },
    timeToFixMs: timeToFix === undefined ? undefined : parseDuration(timeToFix),
    issueType,
  };
}

function outcomeText(outcome: MatrixOutcome): string {
  if (outcome.kind === 'levels') return `${outcome.levels.from}-${outcome.levels.to}`;
  return outcome.kind === 'plan' ? outcome.planId : 'fix forward';
}

function answerOf(matrix: readonly MatrixRow[], question: Question): string {
  const answer = matrixAnswer(matrix, asked(question));
  return answer.kind === 'row' ? `${answer.row.number}: ${outcomeText(answer.row.outcome)}` : answer.kind;
}

describe('a matrix of severity, impact and time to fix', () => {
  const rows = `
    - { severity: critical, impact: all, timeToFix: "> 1h", levels: [3, 5] }
    - { severity: high, impact: "> 50%", timeToFix: "> 30m", levels: [2, 3] }
    - { severity: medium, impact: "< 50%", timeToFix: "> 15m", levels: [1, 2] }
    - { severity: low, impact: "< 10%", timeToFix: "< 15m", fixForward: true }
`;
  const outcomes: Readonly<Record<Severity, string>> = { critical: '1: 3-5', high: '2: 2-3', medium: '3: 1-2', low: '4: fix forward' };
  const holds: Readonly<Record<Severity, (impact: number, minutes: number) => boolean>> = {
    critical: (impact, minutes) => impact === 1 && minutes > 60,
    high: (impact, minutes) => impact > 0.5 && minutes > 30,
    medium: (impact, minutes) => impact < 0.5 && minutes > 15,
    low: (impact, minutes) => impact < 0.1 && minutes < 15,
  };

  it('answers at, below and above every threshold', async () => {
    const matrix = await matrixFrom(rows);
    for (const severity of ['critical', 'high', 'medium', 'low'] as const) {
      for (const impact of [0, 0.09, 0.1, 0.11, 0.49, 0.5, 0.51, 0.99, 1]) {
        for (const minutes of [1, 14, 15, 16, 29, 30, 31, 59, 60, 61]) {
          const wanted = holds[severity](impact, minutes) ? outcomes[severity] : 'none';
          expect(answerOf(matrix, { severity, impact, timeToFix: `${minutes}m` }), `${severity} ${impact} ${minutes}m`).toBe(wanted);
        }
      }
    }
  });

  it.each(['critical', 'high', 'medium', 'low'] as const)('needs what is known: %s', async (severity) => {
    const matrix = await matrixFrom(rows);
    for (const timeToFix of ['1m', '2h', undefined]) {
      for (const impact of ['unknown', undefined] as const) {
        expect(answerOf(matrix, { severity, ...(impact === undefined ? {} : { impact }), ...(timeToFix === undefined ? {} : { timeToFix }) })).toBe('none');
      }
    }
    expect(answerOf(matrix, { severity, impact: 1 })).toBe('none');
  });
});

describe('a matrix by who decides how fast', () => {
  const rows = `
    - { severity: critical, issueType: data-corruption, levels: [3, 5] }
    - { severity: critical, level: 3 }
    - { severity: high, timeToFix: "< 2h", fixForward: true }
    - { severity: high, levels: [1, 3] }
`;

  it.each<readonly [Question, string]>([
    [{ severity: 'critical', issueType: 'data-corruption' }, '1: 3-5'],
    [{ severity: 'critical', issueType: 'outage', impact: 'unknown' }, '2: 3-3'],
    [{ severity: 'high', timeToFix: '90m' }, '3: fix forward'],
    [{ severity: 'high', timeToFix: '2h' }, '4: 1-3'],
    [{ severity: 'high' }, '4: 1-3'],
    [{ severity: 'medium' }, 'none'],
  ])('%o is %s', async (question, wanted) => {
    expect(answerOf(await matrixFrom(rows), question)).toBe(wanted);
  });
});

describe('a matrix of issue types', () => {
  const rows = `
    - { issueType: type-error, severity: [low, medium], fixForward: true }
    - { issueType: runtime-validation, severity: medium, plan: flag-off }
    - { issueType: data-migration, severity: high, levels: [3, 5] }
    - { issueType: performance, severity: [medium, high], level: 1 }
    - { issueType: critical-functionality, severity: high, levels: [3, 5] }
`;
  const wanted: Readonly<Record<string, Partial<Record<Severity, string>>>> = {
    'type-error': { low: '1: fix forward', medium: '1: fix forward' },
    'runtime-validation': { medium: '2: flag-off' },
    'data-migration': { high: '3: 3-5' },
    performance: { medium: '4: 1-1', high: '4: 1-1' },
    'critical-functionality': { high: '5: 3-5' },
    'something-else': {},
  };

  it('answers for every type and severity', async () => {
    const matrix = await matrixFrom(rows);
    for (const [issueType, bySeverity] of Object.entries(wanted)) {
      for (const severity of ['critical', 'high', 'medium', 'low'] as const) {
        expect(answerOf(matrix, { severity, issueType }), `${issueType} ${severity}`).toBe(bySeverity[severity] ?? 'none');
      }
    }
    expect(answerOf(matrix, { severity: 'high' })).toBe('none');
  });
});

describe('an unknown impact', () => {
  it('never leads to more than a known one might have', async () => {
    const matrix = await matrixFrom('    - { severity: high, impact: "< 10%", fixForward: true }\n    - { severity: high, impact: "> 90%", levels: [3, 5] }\n    - { severity: high, levels: [1, 2] }\n');
    expect(answerOf(matrix, { severity: 'high', impact: 0.05 })).toBe('1: fix forward');
    expect(answerOf(matrix, { severity: 'high', impact: 0.95 })).toBe('2: 3-5');
    expect(answerOf(matrix, { severity: 'high', impact: 0.5 })).toBe('3: 1-2');
    expect(answerOf(matrix, { severity: 'high', impact: 'unknown' })).toBe('turns-on-impact');
    expect(answerOf(matrix.slice(1), { severity: 'high', impact: 'unknown' })).toBe('3: 1-2');
    expect(answerOf(matrix, { severity: 'low', impact: 'unknown' })).toBe('none');
  });
});

describe('cells', () => {
  it.each([
    ['all', 1, true],
    ['all', 0.999, false],
    ['0.5', 0.5, true],
    ['50%', 0.49, false],
    ['"<= 0.5"', 0.5, true],
    ['"== 100%"', 1, true],
  ])('an impact of %s and a share of %d: %s', async (impact, share, matches) => {
    expect(answerOf(await matrixFrom(`    - { impact: ${impact}, level: 1 }\n`), { severity: 'low', impact: share })).toBe(matches ? '1: 1-1' : 'none');
  });
});
