import type { SlackCard } from '../../src/notify/slack-card.js';

interface Block {
  readonly type: string;
  readonly text?: { readonly text: string };
  readonly fields?: readonly { readonly text: string }[];
  readonly elements?: readonly { readonly text: string | { readonly text: string } }[];
}

const wordsOf = (text: string | { readonly text: string }): string => (typeof text === 'string' ? text : text.text);

/** A card from top to bottom, as text: what notifications show first, then each block. */
export function slackText({ text, blocks, attachments }: SlackCard): string {
  return `${[`notification: ${text}`, ...[...blocks, ...attachments.flatMap((attachment) => attachment.blocks ?? [])].map((block) => blockText(block as Block))].join('\n')}\n`;
}

function blockText({ type, text, fields = [], elements = [] }: Block): string {
  if (type === 'actions') return elements.map((element) => `( ${wordsOf(element.text)} )`).join(' ');
  return [...(text === undefined ? [] : [type === 'header' ? `# ${text.text}` : text.text]), ...fields.map((field) => `  | ${field.text.replaceAll('\n', ': ')}`), ...elements.map((element) => `~ ${wordsOf(element.text)}`)].join('\n');
}
