import { type Condition, parseCondition } from '../source/condition.js';

const OF_BASELINE = /\s+of\s+baseline\s*$/;

/** Reads `> 10%` as any condition, and `> 150% of baseline` as one of values that are shares of their baseline. */
export function parseTriggerCondition(text: string): Condition | { readonly problem: string } {
  const condition = parseCondition(text.replace(OF_BASELINE, ''));
  if ('problem' in condition || !OF_BASELINE.test(text)) return condition;
  if ((condition.unit !== 'ratio' && condition.unit !== 'number') || condition.threshold <= 0) {
    return { problem: `"${text}" is no comparison with a baseline: write a share of it, such as "> 150% of baseline"` };
  }
  return { ...condition, unit: 'ratio', text: `${condition.text} of baseline` };
}

export function isOfBaseline({ text }: Condition): boolean {
  return OF_BASELINE.test(text);
}
