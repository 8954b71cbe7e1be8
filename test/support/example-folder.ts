import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { BelayFiles } from './belay-process.js';

/** For each file, texts and what stands there instead: where programs are on this machine, and times that a test can wait for. */
export type Replacements = Readonly<Record<string, readonly (readonly [from: string, to: string])[]>>;

export const examplesDirectory = fileURLToPath(new URL('../../examples/', import.meta.url));

/** The files of an example as somebody would install it. A text that is to be replaced and is not there fails. */
export function exampleFiles(name: string, replacements: Replacements): BelayFiles {
  const folder = join(examplesDirectory, name);
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => statSync(join(folder, path)).isFile());
  const files = Object.fromEntries(paths.map((path): [string, string] => [path, readFileSync(join(folder, path), 'utf8')]));
  for (const [path, changes] of Object.entries(replacements)) {
    for (const [from, to] of changes) {
      const text = files[path];
      if (text?.includes(from) !== true) throw new Error(`${name}/${path} has no ${JSON.stringify(from)}`);
      files[path] = text.replaceAll(from, to);
    }
  }
  return { ...files, 'belay.yaml': parse(files['belay.yaml'] ?? '') as unknown };
}

/** What its settings.env would put into the environment. */
export function exampleSettings(name: string): Record<string, string> {
  const lines = readFileSync(join(examplesDirectory, name, 'settings.env'), 'utf8').split('\n');
  return Object.fromEntries(lines.flatMap((line): [string, string][] => {
    const [, variable, value] = /^(\w+)=(\S*)/.exec(line) ?? [];
    return variable === undefined ? [] : [[variable, value ?? '']];
  }));
}
