import type { Message } from './message.js';
import { isPlaceholder, placeholders, placeholdersFor, type Audience, type Placeholder, type PlaceholderValues } from './placeholders.js';

/** Something wrong in a template; lines and columns count from 1. `known`: what could have been meant. */
export interface TemplateProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** A name that is not known, for a "did you mean". */
  readonly written?: string | undefined;
  readonly known?: readonly string[] | undefined;
}

type Piece = string | { readonly placeholder: Placeholder };
type Line = readonly Piece[];

type Block =
  | { readonly kind: 'text'; readonly lines: readonly Line[] }
  | { readonly kind: 'fact'; readonly label: string; readonly lines: readonly Line[] }
  | { readonly kind: 'facts' };

/** A message as somebody wants it worded. */
export interface MessageTemplate {
  readonly title: Line;
  readonly blocks: readonly Block[];
}

const REFERENCE = /\$\{([^}\n]*)(\}?)/g;
const FACT = /^([A-Za-z][\w -]{0,23}):(?:\s+(.*))?$/;

/**
 * Reads a template: the first line is the title. For people inside, a line `label: value` is one of the facts (what is
 * indented or begins with `- ` below it belongs to it), `${facts}` on a line of its own stands for all that Belay would
 * show, and `Next:` begins what comes next; everything else is text. For customers everything below the title is text.
 */
export function readTemplate(source: string, audience: Audience): { readonly template: MessageTemplate; readonly problems: readonly TemplateProblem[] } {
  const problems: TemplateProblem[] = [];
  const lines = source.replace(/^\uFEFF/, '').split(/\r?\n/).map((text, index) => ({ text: text.trimEnd(), number: index + 1 }));
  const first = lines.findIndex(({ text }) => text.trim() !== '');
  if (first < 0) return { template: { title: [], blocks: [] }, problems: [{ line: 1, column: 1, message: 'the template is empty: its first line is the title' }] };
  const read = (text: string, line: number, column = 1): Line => {
    const { pieces, found } = readLine(text, audience);
    problems.push(...found.map((problem) => ({ ...problem, line, column: column + problem.column })));
    return pieces;
  };
  const [head] = lines.slice(first);
  const title = head === undefined ? [] : read(head.text, head.number);
  if (title.some((piece) => typeof piece !== 'string' && piece.placeholder === 'facts')) problems.push({ line: first + 1, column: 1, message: '${facts} cannot stand in the title' });
  const blocks: Block[] = [];
  for (const { text, number } of lines.slice(first + 1)) {
    const last = blocks.at(-1);
    const fact = audience === 'internal' ? FACT.exec(text) : null;
    if (audience === 'internal' && text.trim() === '${facts}') blocks.push({ kind: 'facts' });
    else if (fact !== null) {
      const [, label = '', value = ''] = fact;
      blocks.push({ kind: 'fact', label, lines: value === '' ? [] : [read(value, number, text.length - value.length + 1)] });
    } else if (last?.kind === 'fact' && /^(?:\s+\S|- )/.test(text)) blocks[blocks.length - 1] = { ...last, lines: [...last.lines, read(text.trim(), number, text.length - text.trim().length + 1)] };
    else {
      const line = read(text, number);
      if (line.some((piece) => typeof piece !== 'string' && piece.placeholder === 'facts')) problems.push({ line: number, column: text.indexOf('${facts}') + 1, message: '${facts} stands on a line of its own' });
      if (last?.kind === 'text') blocks[blocks.length - 1] = { ...last, lines: [...last.lines, line] };
      else blocks.push({ kind: 'text', lines: [line] });
    }
  }
  return { template: { title, blocks }, problems };
}

/** What a template says with these values; a line whose placeholders all have none is left out. `undefined` where no title is left. */
export function fillTemplate({ title, blocks }: MessageTemplate, values: PlaceholderValues, facts: Message['facts']): Pick<Message, 'title' | 'text' | 'facts' | 'next'> | undefined {
  const head = filled(title, values)?.trim() ?? '';
  if (head === '') return undefined;
  const text: string[] = [];
  const filledFacts: (readonly [string, string])[] = [];
  let next: string | undefined;
  for (const block of blocks) {
    if (block.kind === 'facts') {
      filledFacts.push(...facts);
      continue;
    }
    const lines = block.lines.flatMap((line) => filled(line, values) ?? []);
    if (block.kind === 'text') text.push(...lines);
    else if (lines.join('').trim() === '') continue;
    else if (block.label.toLowerCase() === 'next') next = next === undefined ? lines.join('\n') : `${next}\n${lines.join('\n')}`;
    else filledFacts.push([block.label, lines.join('\n')]);
  }
  return { title: head, text: text.join('\n').replaceAll(/\n{3,}/g, '\n\n').trim(), facts: filledFacts, ...(next === undefined ? {} : { next }) };
}

function filled(line: Line, values: PlaceholderValues): string | undefined {
  let named = 0;
  let known = 0;
  const text = line.map((piece) => {
    if (typeof piece === 'string') return piece;
    named += 1;
    const value = piece.placeholder === 'facts' ? '' : (values[piece.placeholder] ?? '');
    if (value !== '') known += 1;
    return value;
  }).join('');
  return named > 0 && known === 0 ? undefined : text;
}

/** `column` of what is found counts from 0. */
function readLine(text: string, audience: Audience): { readonly pieces: Line; readonly found: readonly (Pick<TemplateProblem, 'message' | 'written' | 'known'> & { readonly column: number })[] } {
  const pieces: Piece[] = [];
  const found: { column: number; message: string; written?: string; known?: readonly string[] }[] = [];
  let end = 0;
  for (const match of text.matchAll(REFERENCE)) {
    const [whole, name = '', brace] = match;
    pieces.push(text.slice(end, match.index));
    end = match.index + whole.length;
    if (brace === '') found.push({ column: match.index, message: `${whole.slice(0, 40)} has no closing brace` });
    else if (!isPlaceholder(name)) found.push({ column: match.index + 2, message: `there is no placeholder "${name}"`, written: name, known: placeholdersFor(audience) });
    else if (audience === 'customer' && !placeholders[name].customer) found.push({ column: match.index + 2, message: `"${name}" is for people inside, and this message goes to customers`, known: placeholdersFor(audience) });
    else pieces.push({ placeholder: name });
  }
  pieces.push(text.slice(end));
  return { pieces: pieces.filter((piece) => piece !== ''), found };
}
