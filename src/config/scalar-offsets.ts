import type { Scalar } from 'yaml';

/**
 * The offset in the file of a character of a scalar's value, whatever the scalar's style. Quotes, escapes, indentation
 * and folded line breaks change nothing but white space, so the n-th visible character of the value is the n-th
 * visible character of what is written.
 */
export function offsetInFile(scalar: Scalar.Parsed, fileText: string, valueOffset: number): number {
  const written = visibleOffsets(scalar, fileText);
  const value = typeof scalar.value === 'string' ? scalar.value : scalar.source;
  const before = value.slice(0, valueOffset).replace(/\s/g, '').length;
  const isVisible = valueOffset < value.length && !/\s/.test(value.charAt(valueOffset));
  const offset = isVisible ? written[before] : undefined;
  // White space and the end of the value have no place of their own: they come right after the last visible character.
  return offset ?? (written[before - 1] ?? scalar.range[0] - 1) + 1;
}

/** The file offset of every character of the value that is no white space; of an escaped one, where its escape begins. */
function visibleOffsets(scalar: Scalar.Parsed, fileText: string): number[] {
  const [start, end] = scalar.range;
  switch (scalar.type) {
    case 'QUOTE_DOUBLE':
      return matchesIn(fileText, start + 1, end - 1, /\\(?:x[\dA-Fa-f]{2}|u[\dA-Fa-f]{4}|U[\dA-Fa-f]{8}|\r?\n|.)|[^\s\\]/gsu, unescapedLength);
    case 'QUOTE_SINGLE':
      return matchesIn(fileText, start + 1, end - 1, /''|\S/g, () => 1);
    case 'BLOCK_FOLDED':
    case 'BLOCK_LITERAL':
      return matchesIn(fileText, fileText.indexOf('\n', start) + 1, end, /\S/g, () => 1);
    default:
      return matchesIn(fileText, start, end, /\S/g, () => 1);
  }
}

/** `lengthOf`: how many visible UTF-16 code units of the value a match stands for. */
function matchesIn(text: string, from: number, to: number, pattern: RegExp, lengthOf: (match: string) => number): number[] {
  return [...text.slice(from, to).matchAll(pattern)].flatMap((match) => Array<number>(lengthOf(match[0])).fill(from + match.index));
}

const WHITE_ESCAPES = /^\\(?:[tnvfrN_LP \t]|\r?\n|x(?:0[9A-Da-d]|20|85|[Aa]0)|u(?:00(?:0[9A-Da-d]|20|85|[Aa]0)|2028|2029))$/;

function unescapedLength(match: string): number {
  if (!match.startsWith('\\')) return match.length;
  if (WHITE_ESCAPES.test(match)) return 0;
  return match.startsWith('\\U') ? String.fromCodePoint(Math.min(parseInt(match.slice(2), 16), 0x10ffff)).length : 1;
}
