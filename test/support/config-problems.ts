import { dirname } from 'node:path';
import { expect } from 'vitest';
import { formatProblems } from '../../src/config/format-problems.js';
import { loadConfig, type LoadOptions } from '../../src/config/load-config.js';
import { configFolder, goodFiles } from './config-folder.js';
import { markedText } from './marked-text.js';

const FILE_ORDER = ['belay.yaml', 'rules/checkout.yaml', 'rules/other.yaml', 'plans/checkout.yaml', 'plans/other.yaml'];

/** Loads the good files with some of them replaced: a ► stands where each of the problems is, in the order of the files. */
export async function expectProblems(files: Readonly<Record<string, string>>, problems: readonly string[], options: LoadOptions = {}): Promise<void> {
  const marked = Object.entries({ ...goodFiles, ...files }).map(([name, text]) => ({ name, ...markedText(text) }));
  const file = configFolder(Object.fromEntries(marked.map(({ name, clean }) => [name, clean])));
  const result = await loadConfig(file, { env: {}, ...options });
  const told = formatProblems(result.ok ? result.warnings : result.problems, { cwd: dirname(file) });
  const places = marked.sort((a, b) => FILE_ORDER.indexOf(a.name) - FILE_ORDER.indexOf(b.name)).flatMap(({ name, marks }) => marks.map((mark) => `${name}:${mark}`));
  expect(places).toHaveLength(problems.length);
  expect(told.trimEnd().split('\n')).toEqual(problems.flatMap((problem, index) => `${places[index] ?? ''}: ${problem}`.split('\n')));
}
