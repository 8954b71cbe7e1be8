import { describe, expect, test } from 'vitest';
import { alertQuestion, expressionIn } from '../../src/source/alert-expression.js';

describe('the expression in a generatorURL', () => {
  test('is that of a graph of Prometheus', () => {
    expect(expressionIn('http://prometheus:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1')).toBe('up == 0');
    expect(expressionIn('https://example.com/prometheus/graph?g0.expr=a%20%3E%201')).toBe('a > 1');
  });

  test.each([undefined, '', 'no address', 'javascript:alert(1)//graph?g0.expr=a', 'file:///graph?g0.expr=up', 'http://grafana/alerting/1', 'http://prometheus:9090/api/v1/query?query=up', `http://p/graph?g0.expr=${'a'.repeat(50_000)}`])(
    'is not there in %.60s',
    (url) => expect(expressionIn(url)).toBeUndefined(),
  );
});

describe('what is asked of a rule', () => {
  test.each([
    ['up == 0', 'up', '== 0'],
    ['(sum(rate(errors[1m])) / sum(rate(requests[1m]))) > 0.05', '(sum(rate(errors[1m])) / sum(rate(requests[1m])))', '> 0.05'],
    ['0.5 < free', 'free', '> 0.5'],
    ['10 >= (free)', '(free)', '<= 10'],
    ['temperature > -5', 'temperature', '> -5'],
    ['temperature > (- 5)', 'temperature', '> -5'],
    ['errors != 0 # a comment', 'errors', '!= 0'],
  ])('%s: what stands beside the threshold', (rule, expr, condition) => {
    expect(alertQuestion(rule)).toMatchObject({ expr, condition: { text: condition }, emptyIsClear: false });
  });

  test.each(['a > 1 and b < 2', 'a > on(job) b', 'a > bool 1', 'up', '1 > 2'])('%s: all of it', (rule) => {
    expect(alertQuestion(rule)).toEqual({ expr: rule, emptyIsClear: false });
  });

  test('absence is known by an empty answer', () => {
    expect(alertQuestion('absent(up{job="x"})')).toEqual({ expr: 'absent(up{job="x"})', emptyIsClear: true });
  });

  test.each(['', '   ', 'sum(', '}{', 'up\0', `up${' '.repeat(10_000)}`, '('.repeat(9_000)])('%.20j is no question', (rule) => expect(alertQuestion(rule)).toBeUndefined());
});
