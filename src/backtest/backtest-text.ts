import { type BacktestSummary, labelsText, nearMisses, oftenText, shareText, spanText, type TriggerSummary } from './backtest-summary.js';
import { instantText } from '../time/instant-text.js';

/** How words stand out on a terminal; the identity elsewhere. */
export type TextStyle = (style: 'red' | 'green' | 'yellow' | 'bold' | 'dim', text: string) => string;

/** Firings of one trigger that are listed; all of them are in `--json`. */
const MOST_LISTED = 20;

/** A backtest as a person reads it, trigger by trigger. */
export function backtestText({ triggers, notReplayed, failed }: BacktestSummary, style: TextStyle): string {
  const parts = triggers.map((trigger) => triggerLines(trigger, style).join('\n'));
  const rest = [
    ...notReplayed.map(({ trigger, reason }) => style('dim', `not replayed: ${trigger}: ${reason}`)),
    ...failed.map(({ trigger, reason }) => style('red', `failed: ${trigger}: ${reason}`)),
  ];
  return [...parts, ...(rest.length === 0 ? [] : [rest.join('\n')])].join('\n\n');
}

function triggerLines(summary: TriggerSummary, style: TextStyle): readonly string[] {
  const { trigger, target, query, rule, stepMs, fromAt, toAt, ticks, unknownShare, firings, faults } = summary;
  const listed = firings.slice(0, MOST_LISTED);
  return [
    `${style('bold', trigger)} (${target})  ${firings.length === 0 ? style('green', oftenText(summary)) : style('red', oftenText(summary))}`,
    style('dim', `  ${query}`),
    `  ${rule}; ${fromAt === null || toAt === null ? 'no data in this time' : `${instantText(fromAt)} to ${instantText(toAt)}, ${ticks} ticks ${spanText(stepMs)} apart`}`,
    ...(unknownShare > 0 ? [style('yellow', `  nothing was known at ${shareText(unknownShare)} of the ticks`)] : []),
    ...faults.map((fault) => style('yellow', `  ${fault}`)),
    ...listed.map(({ labels, firedAt, durationMs, clearedAt, worst, text }) => `  fired ${instantText(firedAt)} for ${spanText(durationMs)}${clearedAt === null ? ' and on' : ''}${labelsText(labels)}${worst === null ? '' : `, ${worst}`}: ${text}`),
    ...(firings.length > listed.length ? [`  … and ${firings.length - listed.length} more`] : []),
    ...nearMisses(summary).map((miss) => `  ${miss}`),
  ];
}
