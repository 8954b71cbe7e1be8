import { instantText } from '../time/instant-text.js';
import type { IncidentReport } from './incident-report.js';
import { reportBlocks, type ReportBlock, type ReportItem } from './report-blocks.js';
import { fieldText, type ReportFields } from './report-fields.js';

/** A report as Markdown that people go on writing: the fields between comments are theirs and are kept. */
export function reportMarkdown(report: IncidentReport, fields: ReportFields): string {
  return `${reportBlocks(report).map((block) => blockText(block, fields)).filter((text) => text !== '').join('\n\n')}\n`;
}

function blockText(block: ReportBlock, fields: ReportFields): string {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.depth)} ${plain(block.text)}`;
    case 'paragraph':
      return plain(block.text);
    case 'table':
      return ['| | |', '|---|---|', ...block.rows.map(([name, value]) => `| ${plain(name)} | ${plain(value)} |`)].join('\n');
    case 'timeline':
      return block.entries.map(({ at, what }) => `- ${plain(`${instantText(at)} ${what}`)}`).join('\n');
    case 'list':
      return block.items.map(itemText).join('\n');
    case 'field':
      return `**${block.label}**\n\n${fieldText(block.field, fields)}`;
    case 'plots':
      // They are in the HTML report: Markdown has no drawings of its own.
      return '';
    default:
      return block satisfies never;
  }
}

function itemText({ text, below = [] }: ReportItem): string {
  return [`- ${plain(text)}`, ...below.map((line) => `  - ${line.code === true ? code(line.text) : plain(line.text)}`)].join('\n');
}

/** Text of others as text: it neither formats, nor links, nor ends a row or a line. */
function plain(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|#]/g, (character) => `\\${character}`).replaceAll(/[\r\n]+/g, ' ');
}

/** A code span that no backtick in the text can end. */
function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence} ${text.replaceAll(/[\r\n]+/g, ' ')} ${fence}`;
}
