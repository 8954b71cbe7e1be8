import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { exportPrometheusRules, type ExportedRules } from '../../src/export/prometheus-rules.js';
import type { Trigger } from '../../src/trigger/trigger.js';
import { configFolder, goodFiles } from '../support/config-folder.js';
import { promtool } from '../support/promtool.js';
import { runCli } from '../support/run-cli.js';
import { aTrigger, condition } from '../support/triggers.js';

interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly interval: string; readonly rules: readonly WrittenRule[] }[];
}

interface WrittenRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const common = { url: 'http://127.0.0.1:9090', intervalMs: 15_000, timeoutMs: 10_000, headers: {} };
const sources = [
  { ...common, type: 'prometheus', name: 'prometheus' },
  { ...common, type: 'scrape', name: 'app' },
] as const;

const onPrometheus = (changes: Partial<Trigger> = {}): Trigger => aTrigger({ source: 'prometheus', onNoData: 'reset', onError: 'hold', ...changes });

/** The file, which a real promtool must have accepted. */
async function exported(...triggers: readonly Trigger[]): Promise<ExportedRules & { readonly file: RuleFile; readonly rule: WrittenRule }> {
  const rules = exportPrometheusRules({ triggers, sources });
  const folder = mkdtempSync(join(tmpdir(), 'belay-rules-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'rules.yaml'), rules.yaml);
  const { code, output } = await promtool('check', 'rules', join(folder, 'rules.yaml'));
  expect(code, `${output}\n${rules.yaml}`).toBe(0);
  const file = parse(rules.yaml) as RuleFile;
  return { ...rules, file, rule: file.groups[0]?.rules[0] as WrittenRule };
}

describe('a trigger as a rule', () => {
  it('has its condition, window, labels and annotations', async () => {
    const { rule, remarks } = await exported(
      onPrometheus({
        query: { kind: 'promql', expr: 'errors / requests' },
        condition: condition('> 10%'),
        keepFiringForMs: 60_000,
        labels: { team: 'payments' },
        annotations: { summary: '${value} of ${labels.route} fail' },
      }),
    );
    expect(rule).toEqual({
      alert: 'CheckoutErrorRateHigh',
      expr: '(errors / requests) > 0.1',
      for: '1m',
      keep_firing_for: '1m',
      labels: { severity: 'critical', target: 'checkout', level: '1-3', team: 'payments' },
      annotations: { summary: '{{ $value | humanizePercentage }} of {{ $labels.route }} fail' },
    });
    expect(remarks).toEqual([]);
  });

  it('asks a signal as its source would', async () => {
    const { rule } = await exported(onPrometheus({ query: { kind: 'signal', signal: { type: 'queueDepth', metric: 'jobs', select: { queue: 'mail' } } }, condition: condition('>= 1000'), levels: { from: 2, to: 2 } }));
    expect(rule).toMatchObject({ expr: '(sum(jobs{queue="mail"})) >= 1000', labels: { level: '2' } });
  });

  it.each([
    ['a # trailing comment', '(\na # trailing comment\n) > 0.1'],
    ['a\n  + b', '(\na\n  + b\n) > 0.1'],
    ['time() - 5', 'vector(time() - 5) > 0.1'],
    ['scalar(a) * (2 + -1)', 'vector(scalar(a) * (2 + -1)) > 0.1'],
    ['a * 2', '(a * 2) > 0.1'],
    ['vector(1)', '(vector(1)) > 0.1'],
  ])('%j is what Prometheus can compare', async (expr, written) => {
    expect((await exported(onPrometheus({ query: { kind: 'promql', expr } }))).rule.expr).toBe(written);
  });

  it.each(['> 1e21', '< 5e-7', '!= 3', '<= -2', '== 512MiB', '> 1m30s'])('can be held against "%s"', async (text) => {
    const { rule } = await exported(onPrometheus({ condition: condition(text) }));
    expect(rule.expr).toContain(String(condition(text).threshold));
  });

  it('does not let labels and annotations be templates that their author did not write', async () => {
    const { rule } = await exported(onPrometheus({ labels: { note: '{{ $value }}' }, annotations: { summary: '{{ query "up" }} ${value}' } }));
    expect(rule.labels['note']).toBe('{{ "{{" }} $value }}');
    expect(rule.annotations?.['summary']).toBe('{{ "{{" }} query "up" }} {{ $value | humanize }}');
  });

  it('has no "for" where none is waited for', async () => {
    expect((await exported(onPrometheus({ window: { kind: 'for', forMs: 0 } }))).rule.for).toBeUndefined();
    expect((await exported(onPrometheus({ window: { kind: 'consecutive', count: 1 } }))).rule.for).toBeUndefined();
  });

  it('stands in a group of its target and interval', async () => {
    const { file } = await exported(onPrometheus({ name: 'A' }), onPrometheus({ name: 'B', intervalMs: 60_000 }), onPrometheus({ name: 'C' }), onPrometheus({ name: 'D', target: 'search' }));
    expect(file.groups.map(({ name, interval, rules }) => [name, interval, rules.map(({ alert }) => alert)])).toEqual([
      ['checkout every 15s', '15s', ['A', 'C']],
      ['checkout every 1m', '1m', ['B']],
      ['search every 15s', '15s', ['D']],
    ]);
  });
});

describe('what a rule cannot say', () => {
  it.each<[string, Partial<Trigger>, RegExp]>([
    ['consecutive', { window: { kind: 'consecutive', count: 4 } }, /consecutive: 4 is written as "for" of 3 intervals/],
    ['hysteresis', { clearCondition: condition('<= 5%') }, /clear \(<= 5%\) is left out/],
    ['onNoData: hold', { onNoData: 'hold' }, /onNoData: hold is left out/],
    ['onNoData: breach', { onNoData: 'breach' }, /onNoData: breach is left out/],
    ['onError: reset', { onError: 'reset' }, /onError: reset is left out/],
    ['keepFiringFor', { keepFiringForMs: 60_000, onNoData: 'hold' }, /keepFiringFor: time in which nothing is known counts too/],
    ['minSamples', { minSamples: 5 }, /minSamples: 5 is left out/],
    ['maxAlerts', { maxAlerts: 5 }, /maxAlerts: 5 is left out/],
    ['names of labels', { labels: { 'a-b': 'c' } }, /"a-b" is left out/],
  ])('is told, and stands above the rule: %s', async (_what, changes, message) => {
    const { yaml, remarks, exported: count } = await exported(onPrometheus(changes));
    expect(count).toBe(1);
    expect(remarks).toContainEqual({ trigger: 'CheckoutErrorRateHigh', target: 'checkout', isExported: true, message: expect.stringMatching(message) as unknown });
    const [above = ''] = yaml.slice(yaml.indexOf('rules:')).split('- alert:');
    expect(above).toMatch(new RegExp(`^ *# .*${message.source}`, 'm'));
  });

  it.each<[string, Partial<Trigger>, RegExp]>([
    ['a health endpoint', { source: 'health', query: { kind: 'health', target: 'checkout' } }, /blackbox exporter/],
    ['a scraped source', { source: 'app', query: { kind: 'signal', signal: { type: 'queueDepth', metric: 'jobs', select: {} } } }, /scraped by Belay itself/],
    ['atLeast', { window: { kind: 'share', forMs: 300_000, atLeast: 0.8 } }, /atLeast \(80%\)/],
    ['a trend', { trend: 'rising' }, /trend/],
    ['a baseline', { baseline: { kind: 'offset', offsetMs: 86_400_000, windowMs: 3_600_000 } }, /baseline/],
    ['minTraffic', { minTraffic: { query: { kind: 'promql', expr: 'x' }, atLeast: 1 } }, /minTraffic/],
  ])('leaves no rule that would fire where the trigger does not: %s', async (_what, changes, message) => {
    const { yaml, remarks, exported: count, file } = await exported(onPrometheus(changes));
    expect([count, file.groups]).toEqual([0, []]);
    expect(remarks).toEqual([{ trigger: 'CheckoutErrorRateHigh', target: 'checkout', isExported: false, message: expect.stringMatching(message) as unknown }]);
    expect(yaml).toMatch(new RegExp(`^# CheckoutErrorRateHigh \\(checkout\\): not exported: .*${message.source}`, 'm'));
  });
});

describe('belay export prometheus-rules', () => {
  const twoTriggers = `target: checkout
triggers:
  - { name: QueueDeep, source: prom, expr: depth, condition: "> 1000", for: 5m, level: 1 }
  - { name: Errors, source: app, signal: { type: errorRate, metric: requests_total, errors: { status: "5.." } }, condition: "> 10%", for: 5m, level: 1 }
`;

  it('writes the file to stdout and what it could not say to stderr', async () => {
    const { code, stdout, stderr } = await runCli('--config', configFolder({ ...goodFiles, 'rules/checkout.yaml': twoTriggers }), 'export', 'prometheus-rules');
    expect((parse(stdout) as RuleFile).groups[0]?.rules.map(({ alert }) => alert)).toEqual(['QueueDeep']);
    expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(/^Errors: not exported/), expect.stringMatching(/^QueueDeep: onNoData: hold/)]);
    expect(code).toBe(0);
  });

  it('exits 1 when there is not one rule', async () => {
    const { code, stdout } = await runCli('--config', configFolder(goodFiles), 'export', 'prometheus-rules');
    expect(parse(stdout)).toEqual({ groups: [] });
    expect(code).toBe(1);
  });
});
