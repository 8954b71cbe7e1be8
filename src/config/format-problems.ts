import { relative } from 'node:path';
import type { Problem } from './problem.js';

export interface ProblemsFormat {
  /** Paths are shown relative to it. */
  readonly cwd: string;
  readonly color?: boolean | undefined;
}

const RED = 31;
const YELLOW = 33;
const BOLD = 1;
const DIM = 2;

/** `file:line:column: error: message (path)`, a hint on a line of its own below; a line break at the end of each line. */
export function formatProblems(problems: readonly Problem[], { cwd, color = false }: ProblemsFormat): string {
  const painted = (code: number, text: string): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  return problems
    .map(({ file, line, column, path, message, hint, severity }) => {
      // What people wrote is quoted in messages, line breaks, escape sequences and all.
      const place = painted(BOLD, `${shownFile(file, cwd)}:${line}:${column}:`);
      const kind = painted(severity === 'error' ? RED : YELLOW, `${severity}:`);
      const where = path === '' ? '' : ` ${painted(DIM, `(${visible(path)})`)}`;
      return `${place} ${kind} ${visible(message)}${where}\n${hint === undefined ? '' : `  hint: ${visible(hint)}\n`}`;
    })
    .join('');
}

/** For `--json`: plain objects whose field names stay. */
export function problemsJson(problems: readonly Problem[], { cwd }: Pick<ProblemsFormat, 'cwd'>): readonly Problem[] {
  return problems.map(({ file, line, column, path, message, hint, severity }) => ({
    file: shownFile(file, cwd), line, column, path, message, ...(hint === undefined ? {} : { hint }), severity,
  }));
}

function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1).replace(/[\x7f-\x9f]/, () => `\\u00${character.charCodeAt(0).toString(16)}`));
}

/** Relative where that is shorter, because `../../../etc/belay` helps nobody. */
function shownFile(file: string, cwd: string): string {
  const shown = relative(cwd, file);
  return shown === '' || shown.startsWith('..') ? file : shown;
}
