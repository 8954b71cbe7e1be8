/** Where a value is in a file: the keys and list positions that lead to it. */
export type Path = readonly (string | number)[];

/** Something that is wrong, or doubtful (`warning`), in a file that a person wrote. Never holds a secret. */
export interface Problem {
  /** Absolute. */
  readonly file: string;
  /** Both count from 1; columns in UTF-16 code units. */
  readonly line: number;
  readonly column: number;
  /** `targets.checkout.health.url`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  /** What would be right, or what to do. */
  readonly hint?: string | undefined;
  readonly severity: 'error' | 'warning';
  /** An error that the daemon gets over: it starts all the same. */
  readonly isTolerated?: boolean | undefined;
}

/** `triggers[0].for`; keys that are no plain words are quoted. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    if (!/^[\w-]+$/.test(key)) return `${text}[${JSON.stringify(key)}]`;
    return text === '' ? key : `${text}.${key}`;
  }, '');
}

/** In the order of `files`, then by line and column; what is said twice of one place is left once. */
export function sortedProblems(problems: readonly Problem[], files: readonly string[]): readonly Problem[] {
  const order = new Map(files.map((file, index) => [file, index]));
  const rank = ({ file }: Problem): number => order.get(file) ?? files.length;
  const seen = new Set<string>();
  return [...problems]
    .sort((a, b) => rank(a) - rank(b) || (a.file < b.file ? -1 : Number(a.file > b.file)) || a.line - b.line || a.column - b.column)
    .filter((problem) => {
      const said = JSON.stringify([problem.file, problem.line, problem.column, problem.path, problem.message]);
      return !seen.has(said) && seen.add(said);
    });
}
