import type { AppliedRule } from './applied-rule.js';
import type { DecisionInput, FiringAlert } from './decision-input.js';
import { rangeText } from './ladder.js';
import { matrixAnswer, type MatrixRow, questionText, rowText } from './matrix.js';

export function appliedRules(alerts: readonly FiringAlert[], { policy }: Pick<DecisionInput, 'policy'>): readonly AppliedRule[] {
  return alerts.map((alert) => appliedRule(alert, policy.matrix));
}

function appliedRule(alert: FiringAlert, matrix: readonly MatrixRow[]): AppliedRule {
  const { evidence, levels, planId, impact, timeToFixMs, issueType, scenarios = [] } = alert;
  const { trigger, severity } = evidence;
  if (planId !== undefined) return { trigger, by: 'trigger', planId, scenarios, fixForward: false, text: `${trigger} asks for plan ${planId}` };
  if (levels !== undefined) return { trigger, by: 'trigger', levels, scenarios, fixForward: false, text: `${trigger} asks for ${rangeText(levels)}` };
  const question = { severity, impact, timeToFixMs, issueType };
  const answer = matrixAnswer(matrix, question);
  const seen = `${trigger} (${questionText(question)})`;
  switch (answer.kind) {
    case 'none':
      return { trigger, by: 'matrix', fixForward: false, text: `no row of the matrix matches ${seen}` };
    case 'turns-on-impact':
      return { trigger, by: 'matrix', fixForward: false, text: `${seen} would meet ${rowText(answer.row)}, but its impact is unknown, and ${rowText(answer.milder)} would do less` };
    case 'row':
      return { trigger, by: 'matrix', row: answer.row.number, ...askedBy(answer.row), scenarios: [...scenarios, ...(answer.row.approval === undefined ? [] : [answer.row.approval])], text: `${seen} meets ${rowText(answer.row)}: ${outcomeText(answer.row)}` };
    default:
      throw new TypeError(`unknown answer ${JSON.stringify(answer satisfies never)}`);
  }
}

function askedBy({ outcome }: MatrixRow): Pick<AppliedRule, 'levels' | 'planId' | 'fixForward'> {
  switch (outcome.kind) {
    case 'levels':
      return { levels: outcome.levels, fixForward: false };
    case 'plan':
      return { planId: outcome.planId, fixForward: false };
    case 'fix-forward':
      return { fixForward: true };
    default:
      throw new TypeError(`unknown outcome ${JSON.stringify(outcome satisfies never)}`);
  }
}

function outcomeText({ outcome }: MatrixRow): string {
  switch (outcome.kind) {
    case 'levels':
      return rangeText(outcome.levels);
    case 'plan':
      return `plan ${outcome.planId}`;
    case 'fix-forward':
      return 'fix forward';
    default:
      throw new TypeError(`unknown outcome ${JSON.stringify(outcome satisfies never)}`);
  }
}
