/** Stands in a text where a problem is expected, once for each problem; it is no part of the text. */
const MARK = '►';

/** The text without its marks, and each mark's `line:column`. */
export function markedText(text: string): { readonly clean: string; readonly marks: readonly string[] } {
  const marks: string[] = [];
  const lines = text.split('\n').map((line, index) => {
    const pieces = line.split(MARK);
    let column = 1;
    for (const piece of pieces.slice(0, -1)) {
      column += piece.length;
      marks.push(`${index + 1}:${column}`);
    }
    return pieces.join('');
  });
  return { clean: lines.join('\n'), marks };
}
