import { escapeMarkup } from '../plot/markup.js';
import type { SlackCard } from './slack-card.js';

interface Words {
  readonly text: string;
}
interface Shape {
  readonly type: string;
  readonly text?: Words;
  readonly fields?: readonly Words[];
  readonly elements?: readonly { readonly text: string | Words; readonly style?: string }[];
}

const style =
  'body{margin:0;background:#fff;color:#1d1c1d;font:15px/1.46 Lato,system-ui,sans-serif}.m{display:flex;gap:8px;max-width:660px;padding:14px 18px}' +
  '.a{flex:none;width:36px;height:36px;border-radius:6px;background:#1c2430;color:#fff;font-weight:700;display:grid;place-items:center}.n{font-weight:900}.n small{font-weight:400;font-size:12px;color:#616061;margin-left:6px}' +
  'h3{font-size:18px;margin:2px 0 8px;line-height:1.3}.at{border-left:4px solid;border-radius:3px;padding:2px 0 2px 12px}.s{margin:6px 0;white-space:pre-wrap;overflow-wrap:anywhere}.f{display:grid;grid-template-columns:1fr 1fr;gap:8px 16px;margin:6px 0}' +
  '.f div{white-space:pre-wrap;overflow-wrap:anywhere}.c{font-size:13px;color:#616061;margin:8px 0;white-space:pre-wrap}pre{background:#f8f8f8;border:1px solid #ddd;border-radius:4px;padding:8px;font-size:12px;white-space:pre-wrap;margin:4px 0}' +
  'button{font:700 13px Lato,system-ui,sans-serif;border:1px solid #bbb;border-radius:4px;background:#fff;padding:5px 12px;margin:4px 8px 4px 0}.primary{background:#007a5a;border-color:#007a5a;color:#fff}.danger{background:#e01e5a;border-color:#e01e5a;color:#fff}' +
  'img{display:block;max-width:100%;width:560px;border:1px solid #ddd;border-radius:8px;margin:8px 0}';

/** Much as Slack would show a card, for looking at it without Slack. `picture`: the address of what stands for the uploaded file. */
export function slackPreviewHtml({ blocks, attachments, text }: SlackCard, picture?: string): string {
  const shown = (list: readonly unknown[]): string => list.map((block) => blockHtml(block as Shape, picture)).join('');
  return [
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${text}</title><style>${style}</style></head><body><div class="m"><div class="a">B</div><div>`,
    `<div class="n">Belay<small>APP</small></div>${shown(blocks)}`,
    ...attachments.map(({ color = '#ddd', blocks: own = [] }) => `<div class="at" style="border-color:${escapeMarkup(color)}">${shown(own)}</div>`),
    '</div></div></body></html>',
  ].join('');
}

function blockHtml({ type, text, fields, elements = [] }: Shape, picture: string | undefined): string {
  switch (type) {
    case 'header':
      return `<h3>${escapeMarkup(text?.text ?? '')}</h3>`;
    case 'section':
      return (text === undefined ? '' : `<div class="s">${mrkdwn(text.text)}</div>`) + (fields === undefined ? '' : `<div class="f">${fields.map((field) => `<div>${mrkdwn(field.text)}</div>`).join('')}</div>`);
    case 'context':
      return elements.map(({ text: words }) => `<div class="c">${mrkdwn(typeof words === 'string' ? words : words.text)}</div>`).join('');
    case 'actions':
      return elements.map(({ text: words, style: look = '' }) => `<button class="${escapeMarkup(look)}">${escapeMarkup(typeof words === 'string' ? words : words.text)}</button>`).join('');
    case 'image':
      return picture === undefined ? '' : `<img alt="" src="${escapeMarkup(picture)}">`;
    default:
      return '';
  }
}

/** Slack's text comes with its three characters escaped already. */
function mrkdwn(text: string): string {
  return text
    .replaceAll('"', '&quot;')
    .split('```')
    .map((part, index) => (index % 2 === 1 ? `<pre>${part}</pre>` : part.replaceAll(/\*([^*\n]+)\*/g, '<b>$1</b>').replaceAll(/<(@[A-Za-z0-9]+)>/g, '$1')))
    .join('');
}
