import { Document, isMap, isSeq } from 'yaml';
import type { Config } from '../config/config.js';
import { signalToPromql } from '../source/signal-promql.js';
import type { Labels } from '../source/sample.js';
import type { Query } from '../source/source.js';
import { formatDuration } from '../time/duration.js';
import type { LevelRange, Trigger } from '../trigger/trigger.js';
import { differences, whyNoRule } from './rule-differences.js';
import { ruleExpression } from './rule-expression.js';
import { literalTemplate, ruleTemplate } from './rule-template.js';

export interface ExportedRules {
  /** A rule file; valid even when it has no rule. */
  readonly yaml: string;
  /** How many triggers became rules. */
  readonly exported: number;
  /** What could not be said in the file, trigger by trigger. */
  readonly remarks: readonly RuleRemark[];
}

export interface RuleRemark {
  readonly trigger: string;
  readonly target: string;
  /** `false`: there is no rule for the trigger. */
  readonly isExported: boolean;
  readonly message: string;
}

interface Rule {
  readonly trigger: Trigger;
  readonly written: Readonly<Record<string, unknown>>;
  readonly remarks: readonly string[];
}

const LABEL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const HEADER = ` Written by \`belay export prometheus-rules\`. Where Prometheus and Belay differ for every rule: a failed evaluation
 leaves an alert as it is and its time counts toward "for", and the number of alerts of one rule has no limit. Other
 differences stand above each rule.`;

/** The triggers of Prometheus sources as alerting rules, one group per target and interval. What cannot be expressed is said in comments and in `remarks`. */
export function exportPrometheusRules({ triggers, sources }: Pick<Config, 'triggers' | 'sources'>): ExportedRules {
  const rules: Rule[] = [];
  const left: RuleRemark[] = [];
  for (const trigger of triggers) {
    const { name, target } = trigger;
    const reason = whyNoRule(trigger, sources);
    if (reason === undefined) rules.push(ruleOf(trigger));
    else left.push({ trigger: name, target, isExported: false, message: `not exported: ${reason}` });
  }
  const differing = rules.flatMap(({ trigger: { name, target }, remarks }) => remarks.map((message) => ({ trigger: name, target, isExported: true, message })));
  return { yaml: fileOf(rules, left), exported: rules.length, remarks: [...left, ...differing] };
}

function ruleOf(trigger: Trigger): Rule {
  const { name, target, severity, levels, planId, condition, keepFiringForMs, query } = trigger;
  const labels = { severity, target, ...(levels === undefined ? {} : { level: levelText(levels) }), ...trigger.labels };
  const annotations = { ...trigger.annotations, ...(planId === undefined ? {} : { plan: planId }) };
  const forMs = forMsOf(trigger);
  const usable = (all: Labels): [string, string][] => Object.entries(all).filter(([label]) => LABEL_NAME.test(label));
  const unusable = [...Object.keys(labels), ...Object.keys(annotations)].filter((label) => !LABEL_NAME.test(label));
  return {
    trigger,
    written: {
      alert: name,
      expr: ruleExpression(exprOf(query), condition),
      ...(forMs === 0 ? {} : { for: formatDuration(forMs) }),
      ...(keepFiringForMs === undefined || keepFiringForMs === 0 ? {} : { keep_firing_for: formatDuration(keepFiringForMs) }),
      labels: Object.fromEntries(usable(labels).map(([label, value]) => [label, literalTemplate(value)])),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations: Object.fromEntries(usable(annotations).map(([label, text]) => [label, ruleTemplate(text, condition.unit)])) }),
    },
    remarks: [...differences(trigger), ...unusable.map((label) => `"${label}" is left out: Prometheus does not take it as a name`)],
  };
}

/** What a Prometheus is asked; throws for what it cannot be asked. */
export function exprOf(query: Query): string {
  switch (query.kind) {
    case 'promql':
      return query.expr;
    case 'signal':
      return signalToPromql(query.signal);
    default:
      throw new TypeError(`a rule cannot ask for ${query.kind}`);
  }
}

/** The fourth evaluation in a row comes three intervals after the first. */
function forMsOf({ window, intervalMs }: Trigger): number {
  return window.kind === 'consecutive' ? (window.count - 1) * intervalMs : window.forMs;
}

function levelText({ from, to }: LevelRange): string {
  return from === to ? String(from) : `${from}-${to}`;
}

function fileOf(rules: readonly Rule[], left: readonly RuleRemark[]): string {
  const groups = new Map<string, { readonly intervalMs: number; readonly rules: Rule[] }>();
  for (const rule of rules) {
    const { target, intervalMs } = rule.trigger;
    const name = `${target} every ${formatDuration(intervalMs)}`;
    const group = groups.get(name) ?? { intervalMs, rules: [] };
    groups.set(name, group);
    group.rules.push(rule);
  }
  const document = new Document({
    groups: [...groups].map(([name, group]) => ({ name, interval: formatDuration(group.intervalMs), rules: group.rules.map(({ written }) => written) })),
  });
  document.commentBefore = [HEADER, ...left.map(({ trigger, target, message }) => ` ${trigger} (${target}): ${message}`)].join('\n');
  [...groups.values()].forEach((group, groupIndex) => {
    const items = document.getIn(['groups', groupIndex, 'rules']);
    if (!isSeq(items)) return;
    group.rules.forEach(({ remarks }, index) => {
      const node = items.items[index];
      if (isMap(node) && remarks.length > 0) node.commentBefore = remarks.map((remark) => ` ${remark}`).join('\n');
    });
  });
  return document.toString({ lineWidth: 0 });
}
