import { describe, expect, it } from 'vitest';
import { formatProblems, problemsJson } from '../../src/config/format-problems.js';
import type { Problem } from '../../src/config/problem.js';

const problems: readonly Problem[] = [
  { file: '/etc/belay/rules/a.yaml', line: 3, column: 7, path: 'triggers[0].for', message: '"5 minutes" is not a duration', hint: 'write 5m', severity: 'error' },
  { file: '/srv/belay.yaml', line: 1, column: 1, path: '', message: 'the file is empty', severity: 'warning' },
];

describe('problems', () => {
  it('are shown with file, line and column first, relative where that is shorter', () => {
    expect(formatProblems(problems, { cwd: '/etc/belay' })).toBe(
      'rules/a.yaml:3:7: error: "5 minutes" is not a duration (triggers[0].for)\n  hint: write 5m\n/srv/belay.yaml:1:1: warning: the file is empty\n',
    );
  });

  it('are coloured for terminals only', () => {
    expect(formatProblems(problems.slice(1), { cwd: '/', color: true })).toBe('\u001b[1msrv/belay.yaml:1:1:\u001b[0m \u001b[33mwarning:\u001b[0m the file is empty\n');
  });

  it('stay on one line and cannot steer a terminal, whatever people wrote', () => {
    const [problem] = problems as [Problem];
    expect(formatProblems([{ ...problem, message: 'a\nb\u001b[2Jc\u009b', path: '', hint: undefined }], { cwd: '/etc/belay' })).toBe('rules/a.yaml:3:7: error: a\\nb\\u001b[2Jc\\u009b\n');
  });

  it('are plain data for scripts', () => {
    expect(JSON.stringify(problemsJson(problems, { cwd: '/etc/belay' }))).toBe(
      '[{"file":"rules/a.yaml","line":3,"column":7,"path":"triggers[0].for","message":"\\"5 minutes\\" is not a duration","hint":"write 5m","severity":"error"},' +
        '{"file":"/srv/belay.yaml","line":1,"column":1,"path":"","message":"the file is empty","severity":"warning"}]',
    );
  });
});
