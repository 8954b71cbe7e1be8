import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { recordOf } from './check-schema.js';
import { textsIn } from './texts-in.js';

const VARIABLE = /\$\{env:([^}]+)\}/g;
/** What a drill reaches. How people are told and who may ask is the daemon's own. */
const REACHED: readonly string[] = ['sources', 'targets', 'featureFlags', 'deployments', 'configurations', 'databases', 'traffic'];

/** The variables by which two files of bindings, or a plan of both, name the very same systems. Nothing of a file that cannot be read. */
export function sharedSettings(file: string, otherFile: string, steps: unknown): readonly string[] {
  const there = variablesIn(bindingsOf(otherFile));
  const both = [...variablesIn(bindingsOf(file))].filter((name) => there.has(name));
  return [...new Set([...both, ...variablesIn(steps)])].toSorted();
}

function bindingsOf(file: string): unknown {
  try {
    const written = recordOf(parse(readFileSync(file, 'utf8')));
    return REACHED.map((section) => written[section]);
  } catch {
    // What is wrong with it is told where it is read for the drill.
    return [];
  }
}

function variablesIn(data: unknown): ReadonlySet<string> {
  return new Set(textsIn(data, []).flatMap(({ text }) => [...text.matchAll(VARIABLE)].map(([, name = '']) => name.trim())));
}
