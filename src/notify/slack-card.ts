import type { Block, Button, KnownBlock, MessageAttachment } from '@slack/web-api';
import type { ToldPerson } from '../incident/incident-event.js';
import type { Message, MessageQuestion, MessageTone } from './message.js';

/** A message in Slack's Block Kit. `text` is what telephones and screen readers show. */
export interface SlackCard {
  readonly text: string;
  readonly blocks: (KnownBlock | Block)[];
  readonly attachments: MessageAttachment[];
}

const colours: Readonly<Record<MessageTone, string>> = { bad: '#d1242f', working: '#d4a72c', good: '#1a7f37', neutral: '#6e7781' };

// Slack's documented limits, in characters.
const HEADER = 150;
const SECTION_TEXT = 3000;
const FIELD = 2000;
const FIELDS = 10;
const BLOCKS = 50;
/** Longer values do not read well in one of two columns. */
const SHORT_VALUE = 60;
const PLAIN_TEXT = 4000;
const CONFIRM_TITLE = 100;
const CONFIRM_TEXT = 300;
const BLOCK_ID = 255;
/** More than one is open when somebody asks for a plan while another waits. */
const QUESTIONS = 5;

/** Any message as a card within Slack's limits: what is too long is cut and ends with an ellipsis. */
export function slackCard(message: Message, recipients: readonly string[] = [], { withButtons = false, picture }: { readonly withButtons?: boolean; /** The id of a file. */ readonly picture?: string | undefined } = {}): SlackCard {
  const short = message.facts.filter(([, value]) => isShort(value));
  const long = message.facts.filter(([, value]) => !isShort(value));
  const body: KnownBlock[] = [];
  const { tell = [] } = message;
  // A group is told by its name and by the people in it; a person once.
  const told = [...recipients.filter((recipient) => !tell.some(({ name }) => name === recipient)).map(escapeMrkdwn), ...tell.map(mention)];
  if (told.length > 0) body.push({ type: 'section', text: { type: 'mrkdwn', text: cut(`For ${told.join(', ')}`, SECTION_TEXT) } });
  if (message.text !== '') body.push(section(message.text));
  for (let index = 0; index < short.length; index += FIELDS) {
    const fields = short.slice(index, index + FIELDS).map(([label, value]) => ({ type: 'mrkdwn' as const, text: labelled(label, value, FIELD) }));
    body.push({ type: 'section', fields });
  }
  for (const [label, value] of long) body.push({ type: 'section', text: { type: 'mrkdwn', text: labelled(label, value, SECTION_TEXT) } });
  const next: KnownBlock[] = message.next === undefined ? [] : [{ type: 'context', elements: [{ type: 'mrkdwn', text: cut(`*Next:* ${escapeMrkdwn(message.next)}`, SECTION_TEXT) }] }];
  const questions = withButtons ? (message.questions ?? []).slice(0, QUESTIONS).flatMap(questionBlocks) : [];
  const image: KnownBlock[] = picture === undefined ? [] : [{ type: 'image', slack_file: { id: picture }, alt_text: 'the values against their threshold' }];
  const end = [...image, ...next, ...questions];
  return {
    text: cut(escapeMrkdwn(message.title), PLAIN_TEXT),
    blocks: [{ type: 'header', text: { type: 'plain_text', text: cut(message.title, HEADER), emoji: false } }],
    attachments: [{ color: colours[message.tone], fallback: cut(escapeMrkdwn(message.title), PLAIN_TEXT), blocks: [...body.slice(0, BLOCKS - 2 - end.length), ...end] }],
  };
}

/** The buttons that answer one question. They ask once more, because a press in passing must not start anything. */
function questionBlocks({ approvalId, text, approve, reject }: MessageQuestion): KnownBlock[] {
  const button = (action: string, label: string, style: 'primary' | 'danger'): Button => ({
    type: 'button',
    action_id: action,
    value: approvalId,
    text: { type: 'plain_text', text: label, emoji: false },
    style,
    confirm: {
      title: { type: 'plain_text', text: cut(`${label}?`, CONFIRM_TITLE) },
      text: { type: 'plain_text', text: cut(text, CONFIRM_TEXT) },
      confirm: { type: 'plain_text', text: label },
      deny: { type: 'plain_text', text: 'Go back' },
      style,
    },
  });
  return [
    section(text),
    { type: 'actions', block_id: cut(approvalId, BLOCK_ID), elements: [button('belay.approve', approve, 'primary'), button('belay.reject', reject, 'danger')] },
  ];
}

/** By id, so that Slack notifies them; by name who has none. */
function mention({ name, slack }: ToldPerson): string {
  return slack !== undefined && /^[A-Za-z0-9]+$/.test(slack) ? `<@${slack}>` : escapeMrkdwn(name);
}

/** The same in plain words, for when Slack refuses the card. */
export function slackPlainText(message: Message, recipients: readonly string[] = []): string {
  const lines = [
    message.title,
    ...(recipients.length > 0 ? [`For ${recipients.join(', ')}`] : []),
    message.text,
    ...message.facts.map(([label, value]) => `${label}: ${value}`),
    ...(message.next === undefined ? [] : [`Next: ${message.next}`]),
  ];
  return cut(escapeMrkdwn(lines.join('\n')), PLAIN_TEXT);
}

/** The three characters that Slack gives a meaning to; unescaped, a label value could mention everyone or forge a link. */
function escapeMrkdwn(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function isShort(value: string): boolean {
  return value.length <= SHORT_VALUE && !value.includes('\n');
}

function section(text: string): KnownBlock {
  return { type: 'section', text: { type: 'mrkdwn', text: cut(escapeMrkdwn(text), SECTION_TEXT) } };
}

function labelled(label: string, value: string, limit: number): string {
  const heading = `*${escapeMrkdwn(label)}*\n`;
  // As code a query keeps its asterisks and underscores.
  if (label === 'query') return `${heading}\`\`\`${cut(escapeMrkdwn(value.replaceAll('`', "'")), limit - heading.length - 6)}\`\`\``;
  return cut(heading + escapeMrkdwn(value), limit);
}

/** Cut to a number of characters, without half a surrogate pair or half an `&amp;` at the end. */
function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, limit - 1).replace(/&[a-z]{0,3}$|[\uD800-\uDBFF]$/, '')}…`;
}
