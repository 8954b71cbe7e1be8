import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load-config.js';
import { configFolder, goodFiles } from '../support/config-folder.js';
import { markedText } from '../support/marked-text.js';

/** What is told of a trigger whose `expr` is written as given, with a ► where the problem is expected. */
async function toldOf(written: string): Promise<{ readonly told: string[]; readonly mark: string | undefined }> {
  const { clean, marks } = markedText(`target: checkout\ntriggers:\n  - name: Errors\n    source: prom\n    condition: "> 1"\n    for: 5m\n    level: 1\n    expr: ${written}\n`);
  const result = await loadConfig(configFolder({ ...goodFiles, 'rules/checkout.yaml': clean }), { env: {} });
  return { told: (result.ok ? result.warnings : result.problems).map(({ line, column, severity, message }) => `${line}:${column}: ${severity}: ${message}`), mark: marks[0] };
}

describe('a fault in PromQL is pointed at, however the text is written', () => {
  it.each([
    ['plain', 'up + ►foo bar'.replace('►foo bar', 'foo ►bar')],
    ['plain, over several lines', 'sum(up)\n      +\n      foo ►bar'],
    ['in double quotes', '"up{job=\\"a\\"} + foo ►bar"'],
    ['in double quotes with escapes', '"up{job=\\"\\u00e9\\t\\x41\\U0001F600\\"}\\n + foo ►bar"'],
    ['in single quotes', "'up{job=''a''} + foo ►bar'"],
    ['a block', '|\n      # all of them\n      up{job="a"}\n        + foo ►bar'],
    ['a block with its own indentation', '|2-\n        up +\n      foo ►bar'],
    ['a folded block', '>-\n      up{job="a"}\n\n      + foo\n      ►bar'],
  ])('%s', async (_title, written) => {
    const { told, mark } = await toldOf(written);
    expect(told).toEqual([`${mark ?? ''}: error: not valid PromQL at "bar"`]);
  });
});

describe('what is wrong with an expression', () => {
  it.each([
    ['sum(rate(a[1m])►', 'error: the expression ends too early: ")" is missing'],
    ['sum(rate(a{b="("}[1m►', 'error: the expression ends too early: "]))" is missing'],
    ['►raet(a[1m])', 'error: "raet" is not a function of PromQL'],
    ['a{b=►c}', 'error: not valid PromQL at "c"'],
    ['►a[5m]', 'error: the expression answers with a range of samples for each series, not with one value'],
    ['(►rate(a[1m])[5m:1m])', 'error: the expression answers with a range of samples for each series, not with one value'],
    ['►\'"text"\'', 'error: the expression is a text, not a number'],
    ['a ►> 0.1', 'warning: the expression compares, so it answers with nothing while all is well, and the alert cannot clear'],
    ['sum(rate(►a{status=~"5.."}[1m])) / sum(rate(a[1m]))', 'warning: the expression vanishes while there are no errors, which is no data instead of 0, and the alert cannot clear'],
    ['sum(rate(►a{code="500"}[1m]))', 'warning: the expression vanishes while there are no errors, which is no data instead of 0, and the alert cannot clear'],
    ['sum(rate(►a{result="error"}[1m])) by (zone)', 'warning: the expression vanishes while there are no errors, which is no data instead of 0, and the alert cannot clear'],
  ])('%s', async (written, message) => {
    const { told, mark } = await toldOf(written.startsWith("►'") ? written.replace("►'", "'►") : written);
    expect(told).toEqual([`${mark ?? ''}: ${message}`]);
  });

  it.each([
    '(sum(rate(a{status=~"5.."}[1m])) or vector(0)) / sum(rate(a[1m]))',
    'sum(rate(a{status!~"2.."}[1m])) or on() vector(0)',
    '1 - sum(rate(a{status=~"2.."}[1m])) / sum(rate(a[1m]))',
    'a > bool 0.1',
    'histogram_quantile(0.95, sum by (le) (rate(seconds_bucket{job="checkout"}[5m])))',
    'max_over_time(a[5m:1m]) offset 5m',
  ])('nothing is wrong with %s', async (expr) => {
    expect((await toldOf(`'${expr}'`)).told).toEqual([]);
  });
});
