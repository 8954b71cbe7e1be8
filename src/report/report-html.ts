import { escapeMarkup } from '../plot/markup.js';
import { pageHtml } from '../plot/page-html.js';
import { plotSvg } from '../plot/plot-svg.js';
import { instantText } from '../time/instant-text.js';
import type { IncidentReport } from './incident-report.js';
import type { TimelineEntry } from './incident-timeline.js';
import { reportBlocks, type ReportBlock, type ReportItem } from './report-blocks.js';
import type { ReportFields } from './report-fields.js';

/** A report as one page that needs nothing else: no script, no network. */
export function reportHtml(report: IncidentReport, fields: ReportFields): string {
  const blocks = reportBlocks(report).map((block) => blockHtml(block, report, fields));
  return pageHtml(`Incident report: ${report.target}, ${report.id}`, blocks.join('\n'));
}

function blockHtml(block: ReportBlock, report: IncidentReport, fields: ReportFields): string {
  switch (block.kind) {
    case 'heading':
      return `<h${block.depth}>${escapeMarkup(block.text)}</h${block.depth}>`;
    case 'paragraph':
      return `<p>${escapeMarkup(block.text)}</p>`;
    case 'table':
      return `<div class="wide"><table class="facts"><tbody>${block.rows.map(([name, value]) => `<tr><th scope="row">${escapeMarkup(name)}</th><td>${escapeMarkup(value)}</td></tr>`).join('')}</tbody></table></div>`;
    case 'timeline':
      return timelineHtml(block.entries);
    case 'list':
      return `<ul>${block.items.map(itemHtml).join('')}</ul>`;
    case 'field': {
      const text = fields[block.field];
      return `<p><strong>${escapeMarkup(block.label)}</strong><br>${text === undefined ? '<span class="dim">to be filled in</span>' : escapeMarkup(text).replaceAll('\n', '<br>')}</p>`;
    }
    case 'plots':
      return report.plots.map((plot) => `<figure><figcaption class="dim">${escapeMarkup(plot.description)}</figcaption><div class="wide">${plotSvg(plot)}</div></figure>`).join('\n');
    default:
      return block satisfies never;
  }
}

/** The day stands once where all is of one day. */
function timelineHtml(entries: readonly TimelineEntry[]): string {
  const days = new Set(entries.map(({ at }) => instantText(at).slice(0, 10)));
  const [day] = days.size === 1 ? [...days] : [];
  const rows = entries.map(({ at, what }) => `<tr><th scope="row"><time datetime="${new Date(at).toISOString()}">${day === undefined ? instantText(at) : instantText(at).slice(day.length + 1)}</time></th><td>${escapeMarkup(what)}</td></tr>`);
  return `${day === undefined ? '' : `<p class="dim">On ${day}, in UTC.</p>`}<table class="facts timeline"><tbody>${rows.join('')}</tbody></table>`;
}

function itemHtml({ text, below = [] }: ReportItem): string {
  const lines = below.map((line) => `<li>${line.code === true ? `<code>${escapeMarkup(line.text)}</code>` : escapeMarkup(line.text)}</li>`);
  return `<li>${escapeMarkup(text)}${lines.length === 0 ? '' : `<ul>${lines.join('')}</ul>`}</li>`;
}
