import { readFileSync } from 'node:fs';

export interface CodeBlock {
  /** What follows the opening fence: `yaml file=belay.yaml`. */
  readonly info: string;
  readonly text: string;
  /** Of the opening fence, counted from 1. */
  readonly line: number;
}

/** The text of a file below the repository's root. */
export function readDoc(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

/** The rows of the table whose header begins with `firstColumn`, as cells without their backticks. Throws where there is none. */
export function tableRows(markdown: string, firstColumn: string): readonly (readonly string[])[] {
  const lines = markdown.split('\n');
  const header = lines.findIndex((line) => cellsOf(line)?.[0] === firstColumn);
  if (header === -1) throw new Error(`there is no table whose first column is ${firstColumn}`);
  const rows: (readonly string[])[] = [];
  for (const line of lines.slice(header + 2)) {
    const cells = cellsOf(line);
    if (cells === undefined) break;
    rows.push(cells);
  }
  return rows;
}

/** Every fenced block, in order. */
export function codeBlocks(markdown: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { readonly info: string; readonly line: number; readonly text: string[] } | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line)?.[1];
    if (fence === undefined) open?.text.push(line);
    else if (open === undefined) open = { info: fence.trim(), line: index + 1, text: [] };
    else {
      blocks.push({ info: open.info, line: open.line, text: `${open.text.join('\n')}\n` });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`the block of line ${open.line} is not closed`);
  return blocks;
}

function cellsOf(line: string): readonly string[] | undefined {
  if (!line.startsWith('|')) return undefined;
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('\\|', '|').replace(/^`([^`]*)`$/, '$1'));
}
