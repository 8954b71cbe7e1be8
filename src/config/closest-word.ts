const MOST_SHOWN = 20;

/** The known word that was probably meant: a few slips away, upper and lower case aside, or one that contains it. */
function closestWord(written: string, known: readonly string[]): string | undefined {
  const mostSlips = Math.max(1, Math.floor(written.length / 3));
  let closest: string | undefined;
  let fewest = mostSlips + 1;
  for (const word of known) {
    const slips = slipsBetween(written.toLowerCase(), word.toLowerCase());
    if (slips < fewest) [closest, fewest] = [word, slips];
  }
  return closest ?? known.find((word) => written.length >= 4 && word.toLowerCase().includes(written.toLowerCase()));
}

/** `did you mean "owners"?`, or all that is known. */
export function suggestion(written: string, known: readonly string[], what: string): string | undefined {
  const closest = closestWord(written, known);
  if (closest !== undefined) return `did you mean "${closest}"?`;
  if (known.length === 0) return undefined;
  return `${what}: ${shortList(known)}`;
}

/** The first of some names, and whether there are more. */
export function shortList(names: readonly string[]): string {
  return `${names.slice(0, MOST_SHOWN).join(', ')}${names.length > MOST_SHOWN ? ', …' : ''}`;
}

/** Letters inserted, left out, replaced or swapped with their neighbour (optimal string alignment). */
function slipsBetween(a: string, b: string): number {
  const tooFar = Math.max(a.length, b.length);
  if (Math.abs(a.length - b.length) > tooFar / 2 || tooFar > 64) return tooFar;
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Infinity;
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    rows.push(current);
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(
        Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + (same ? 0 : 1), swapped ? at(row - 2, column - 2) + 1 : Infinity),
      );
    }
  }
  return at(a.length, b.length);
}
