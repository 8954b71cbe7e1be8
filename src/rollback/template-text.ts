/** A piece of a template: text that stands for itself, or what is written between `${` and `}`. */
export type TemplatePiece = { readonly type: 'text'; readonly text: string } | { readonly type: 'reference'; readonly reference: string };

/** What `parseTemplate` makes of a `${` without its `}`. */
export class UnclosedReference extends Error {}

/**
 * Dollars before a brace pair up, as backslashes before a quote do: `${x}` is a reference, `$${x}` is the text `${x}`,
 * `$$${x}` a dollar and a reference. Any other dollar is an ordinary character.
 */
export function parseTemplate(template: string): readonly TemplatePiece[] {
  const pieces: TemplatePiece[] = [];
  const opening = /(\$+)\{/g;
  let text = '';
  let position = 0;
  for (let match = opening.exec(template); match !== null; match = opening.exec(template)) {
    const dollars = match[0].length - 1;
    text += template.slice(position, match.index) + '$'.repeat(Math.floor(dollars / 2));
    position = opening.lastIndex;
    if (dollars % 2 === 0) {
      text += '{';
      continue;
    }
    const end = template.indexOf('}', position);
    if (end === -1) throw new UnclosedReference(template.slice(match.index));
    if (text !== '') pieces.push({ type: 'text', text });
    text = '';
    pieces.push({ type: 'reference', reference: template.slice(position, end).trim() });
    position = end + 1;
    opening.lastIndex = position;
  }
  text += template.slice(position);
  if (text !== '') pieces.push({ type: 'text', text });
  return pieces;
}

/** The template that `parseTemplate` reads as these pieces: whatever the texts hold, none of it becomes a reference. */
export function formatTemplate(pieces: readonly TemplatePiece[]): string {
  let template = '';
  let text = '';
  for (const piece of pieces) {
    if (piece.type === 'text') {
      text += piece.text;
    } else {
      template += escapeDollars(text).replace(/\$+$/, doubled) + '${' + piece.reference + '}';
      text = '';
    }
  }
  return template + escapeDollars(text);
}

/** Text as a template that stands for exactly this text. */
export function escapeDollars(text: string): string {
  return text.replace(/\$+(?=\{)/g, doubled);
}

function doubled(dollars: string): string {
  return dollars + dollars;
}
