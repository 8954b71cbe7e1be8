import { escapeMarkup } from '../plot/markup.js';
import type { Message, MessageTone } from './message.js';

/** The picture that goes with the mail, by its Content-ID. */
export interface InlinePicture {
  readonly cid: string;
  readonly alt: string;
}

const colours: Readonly<Record<MessageTone, string>> = { bad: '#c62828', working: '#9a6700', good: '#1a7f37', neutral: '#57606a' };
const words: Readonly<Record<MessageTone, string>> = { bad: 'Attention', working: 'Under way', good: 'Well', neutral: 'Note' };

/** Values that are read as code. */
const codeLabels = new Set(['query', 'incident', 'run']);

/** Mail programs that know no style sheets show the colours of the elements: dark on white. The others follow the reader's settings. */
const style =
  ':root{color-scheme:light dark;supported-color-schemes:light dark}' +
  '@media (prefers-color-scheme:dark){' +
  '.ground{background:#14181f!important}.card{background:#1c222b!important;border-left-color:#333a45!important;border-right-color:#333a45!important;border-bottom-color:#333a45!important}.text{color:#e4e8ee!important}.dim{color:#9aa4b2!important}' +
  '.row{border-color:#2b323d!important}.code{background:#272e39!important;color:#e4e8ee!important}.next{background:#232a35!important}}' +
  '@media (max-width:620px){.card{width:100%!important}}';

const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const MONO = 'font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px';

/** A message as the HTML of a mail: 600 pixels wide, readable in the dark, nothing fetched, nothing of others' words taken for markup. */
export function mailHtml(message: Message, recipients: readonly string[], picture?: InlinePicture): string {
  const { title, text, facts, next, tone, dryRun, audience } = message;
  const badge = audience === 'customer' ? '' : `<span style="display:inline-block;background:${colours[tone]};color:#ffffff;border-radius:10px;padding:1px 10px;font-size:12px;font-weight:600">${words[tone]}</span>`;
  const dry = dryRun ? ' <span style="display:inline-block;background:#5b6472;color:#ffffff;border-radius:10px;padding:1px 10px;font-size:12px;font-weight:600">DRY RUN</span>' : '';
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">',
    '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">',
    `<title>${escapeMarkup(title)}</title><style>${style}</style></head>`,
    `<body class="ground" style="margin:0;padding:0;background:#f3f5f8;${FONT}">`,
    '<table role="presentation" class="ground" width="100%" cellpadding="0" cellspacing="0" style="background:#f3f5f8"><tr><td align="center" style="padding:16px 8px">',
    `<table role="presentation" class="card" width="600" cellpadding="0" cellspacing="0" style="width:600px;max-width:100%;background:#ffffff;border:1px solid #d9dde3;border-top:4px solid ${colours[tone]};border-radius:6px;text-align:left">`,
    cell(`${badge}${dry}`, 'padding:16px 20px 0'),
    cell(`<h1 class="text" style="margin:0;font-size:18px;line-height:1.35;color:#1c2430">${escapeMarkup(title)}</h1>`, 'padding:8px 20px 0'),
    text === '' ? '' : cell(`<div class="text" style="font-size:15px;line-height:1.5;color:#1c2430;white-space:pre-wrap">${escapeMarkup(text)}</div>`, 'padding:10px 20px 0'),
    picture === undefined ? '' : cell(`<img src="cid:${escapeMarkup(picture.cid)}" alt="${escapeMarkup(picture.alt)}" width="560" style="display:block;width:100%;max-width:560px;height:auto;border:0;border-radius:4px">`, 'padding:14px 20px 0'),
    facts.length === 0 ? '' : cell(`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="font-size:14px;line-height:1.45">${facts.map(factRow).join('')}</table>`, 'padding:12px 20px 0'),
    next === undefined ? '' : cell(`<div class="next text" style="background:#f3f5f8;border-radius:4px;padding:10px 12px;font-size:14px;line-height:1.5;color:#1c2430;white-space:pre-wrap"><b>Next:</b> ${nextHtml(next)}</div>`, 'padding:14px 20px 0'),
    recipients.length === 0 ? '' : cell(`<div class="dim" style="font-size:13px;color:#57606a">For ${escapeMarkup(recipients.join(', '))}</div>`, 'padding:12px 20px 0'),
    '<tr><td style="padding:0 0 18px"></td></tr></table></td></tr></table></body></html>',
  ].join('');
}

function cell(html: string, css: string): string {
  return `<tr><td style="${css}">${html}</td></tr>`;
}

function factRow([label, value]: Message['facts'][number]): string {
  const shown = codeLabels.has(label) ? `<span class="code text" style="${MONO};background:#f3f5f8;border-radius:3px;padding:1px 4px;color:#1c2430">${escapeMarkup(value)}</span>` : escapeMarkup(value);
  return `<tr><td class="dim row" width="84" style="width:84px;padding:5px 12px 5px 0;color:#57606a;vertical-align:top;border-top:1px solid #e8ebf0">${escapeMarkup(label)}</td><td class="text row" style="padding:5px 0;color:#1c2430;white-space:pre-wrap;word-break:break-word;overflow-wrap:anywhere;border-top:1px solid #e8ebf0">${shown}</td></tr>`;
}

/** What is to be typed stands out. */
function nextHtml(next: string): string {
  return escapeMarkup(next).replaceAll(/\b(?:belay|amtool) [a-z][^\n;.]*/g, (command) => `<span class="code text" style="${MONO};background:#ffffff;border-radius:3px;padding:1px 4px;color:#1c2430">${command.trimEnd()}</span>`);
}
