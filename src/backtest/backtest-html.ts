import { escapeMarkup } from '../plot/markup.js';
import { pageHtml } from '../plot/page-html.js';
import { plotSvg } from '../plot/plot-svg.js';
import type { Plot, PlotLine } from '../plot/plot.js';
import type { Backtest } from './backtest.js';
import { type BacktestSummary, type FiringSummary, labelsText, nearMisses, oftenText, shareText, spanText, type TriggerSummary } from './backtest-summary.js';
import { instantText } from '../time/instant-text.js';
import type { TriggerReplay } from './replay-trigger.js';

/** What one page still shows; all of it is in `--json`. */
const MOST_LINES = 8;
const MOST_FIRINGS = 200;

/** A backtest as one page that needs nothing else: no script, no network. */
export function backtestHtml({ replays }: Backtest, summary: BacktestSummary, title: string): string {
  const sections = replays.map((replay, index) => {
    const trigger = summary.triggers[index];
    return trigger === undefined ? '' : section(replay, trigger);
  });
  const head = `<header>
<h1>${escapeMarkup(title)}</h1>
${overview(summary)}
<p class="key"><span class="swatch pending"></span> pending <span class="swatch firing"></span> firing <span class="swatch threshold"></span> threshold. All times are UTC.</p>
</header>`;
  return pageHtml(title, [head, ...sections].join('\n'));
}

function overview({ triggers, notReplayed, failed }: BacktestSummary): string {
  const rows = triggers.map((trigger) => {
    const { firings, firingsPerWeek, firingMs, longestPending, extreme } = trigger;
    const first = firings[0];
    return tableRow([
      `<a href="#${anchor(trigger)}">${escapeMarkup(trigger.trigger)}</a>`,
      escapeMarkup(trigger.target),
      firings.length === 0 ? '<span class="ok">never</span>' : `<span class="bad">${firings.length}</span>`,
      firings.length === 0 ? '' : String(Number(firingsPerWeek.toPrecision(2))),
      firings.length === 0 ? '' : escapeMarkup(spanText(firingMs)),
      escapeMarkup(first?.text ?? ''),
      longestPending === null ? '' : shareText(longestPending.windowShare),
      extreme === null ? '' : escapeMarkup(`${extreme.text}${extreme.share === null ? '' : ` (${shareText(extreme.share)})`}`),
    ]);
  });
  const others = [...notReplayed.map((one) => ({ ...one, what: 'not replayed' })), ...failed.map((one) => ({ ...one, what: 'failed' }))];
  const left = others.length === 0 ? '' : `<ul class="notes">${others.map(({ what, trigger, reason }) => `<li>${what}: ${escapeMarkup(trigger)}: ${escapeMarkup(reason)}</li>`).join('')}</ul>`;
  const head = ['Trigger', 'Target', 'Fired', 'Per week', 'In all', 'First of them starts', 'Longest pending that did not fire', 'Extreme value (of threshold)'];
  return `<div class="wide"><table>${tableHead(head)}<tbody>${rows.join('\n')}</tbody></table></div>${left}`;
}

function section(replay: TriggerReplay, summary: TriggerSummary): string {
  const { trigger, target, query, rule, stepMs, fromAt, toAt, ticks, unknownShare, faults } = summary;
  const span = fromAt === null || toAt === null ? 'no data in this time' : `${instantText(fromAt)} to ${instantText(toAt)}, ${ticks} ticks ${spanText(stepMs)} apart`;
  const notes = [...(unknownShare > 0 ? [`Nothing was known at ${shareText(unknownShare)} of the ticks.`] : []), ...faults, ...nearMisses(summary)];
  return `<section id="${anchor(summary)}">
<h2>${escapeMarkup(trigger)} <small>${escapeMarkup(target)}: ${escapeMarkup(oftenText(summary))}</small></h2>
<p><code>${escapeMarkup(query)}</code> <strong>${escapeMarkup(rule)}</strong><br><span class="dim">${escapeMarkup(span)}</span></p>
${fromAt === null || toAt === null ? '' : drawing(replay, summary, fromAt, toAt)}
${notes.length === 0 ? '' : `<ul class="notes">${notes.map((note) => `<li>${escapeMarkup(note)}</li>`).join('')}</ul>`}
${firingsTable(summary.firings)}
</section>`;
}

function drawing({ trigger, stepMs, lines, pending, firings }: TriggerReplay, summary: TriggerSummary, fromAt: number, toAt: number): string {
  const shown = mostTelling(lines, firings.map(({ alert }) => alert.fingerprint));
  const { condition, clearCondition } = trigger;
  const plot: Plot = {
    description: `${summary.trigger} over time: ${oftenText(summary)}`,
    fromAt,
    toAt,
    unit: condition.unit,
    lines: shown,
    thresholds: [condition, ...(clearCondition === undefined ? [] : [clearCondition])].map(({ threshold, text }, index) => ({ value: threshold, text: index === 0 ? text : `clear ${text}` })),
    bands: [
      ...pending.map((span) => ({ kind: 'pending' as const, fromAt: span.fromAt, toAt: span.toAt })),
      ...firings.map((span) => ({ kind: 'firing' as const, fromAt: span.firedAt, toAt: span.toAt })),
    ],
    joinWithinMs: 1.5 * stepMs,
  };
  const hidden = lines.length - shown.length;
  return plotSvg(plot) + (hidden === 0 ? '' : `<p class="dim">${hidden} of ${lines.length} series are not drawn: those shown fired, or came first.</p>`);
}

/** The series that fired, then the others, as many as can be told apart. */
function mostTelling(lines: TriggerReplay['lines'], fired: readonly string[]): readonly PlotLine[] {
  const rank = ({ fingerprint }: { readonly fingerprint: string }): number => (fired.includes(fingerprint) ? 0 : 1);
  return lines
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, MOST_LINES)
    .map(({ labels, points }) => ({ name: labelsText(labels) || 'without labels', points }));
}

function firingsTable(firings: readonly FiringSummary[]): string {
  if (firings.length === 0) return '';
  const hasLabels = firings.some(({ labels }) => Object.keys(labels).length > 0);
  const rows = firings.slice(0, MOST_FIRINGS).map(({ labels, activeAt, firedAt, clearedAt, durationMs, worst, text }) =>
    tableRow([
      instantText(activeAt),
      instantText(firedAt),
      clearedAt === null ? 'still firing' : instantText(clearedAt),
      spanText(durationMs),
      escapeMarkup(worst ?? ''),
      escapeMarkup(text),
      ...(hasLabels ? [`<code>${escapeMarkup(labelsText(labels))}</code>`] : []),
    ]),
  );
  const more = firings.length > rows.length ? `<p class="dim">… and ${firings.length - rows.length} more.</p>` : '';
  return `<div class="wide"><table>${tableHead(['Breach from', 'Fired', 'Cleared', 'For', 'Worst value', 'What starts', ...(hasLabels ? ['Series'] : [])])}<tbody>${rows.join('\n')}</tbody></table></div>${more}`;
}

function tableHead(cells: readonly string[]): string {
  return `<thead><tr>${cells.map((cell) => `<th>${cell}</th>`).join('')}</tr></thead>`;
}

/** Cells are markup already. */
function tableRow(cells: readonly string[]): string {
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
}

function anchor({ trigger, target }: TriggerSummary): string {
  return escapeMarkup(encodeURIComponent(`${target}-${trigger}`));
}
