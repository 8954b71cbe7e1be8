import { readdir } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import { customerKinds, wordedKinds, type CustomerKind, type WordedKind } from '../notify/default-templates.js';
import { readTemplate, type MessageTemplate } from '../notify/message-template.js';
import type { Audience } from '../notify/placeholders.js';
import type { Wording } from '../notify/wording.js';
import { suggestion } from './closest-word.js';
import type { Problem } from './problem.js';
import { fileProblem, readTextFile } from './source-files.js';

const audiences: readonly Audience[] = ['internal', 'customer'];
const EXTENSIONS = new Set(['.txt', '.md']);
const INSTEAD = 'until then the usual words are used';

interface ReadTemplates {
  readonly wording: Wording;
  /** Errors that keep nobody from being told: the daemon starts all the same. */
  readonly problems: readonly Problem[];
  readonly files: readonly string[];
}

/** Reads `internal/KIND.txt` and `customer/KIND.txt` below a folder (`.md` as well). */
export async function readTemplates(folder: string): Promise<ReadTemplates> {
  const internal = new Map<WordedKind, MessageTemplate>();
  const customer = new Map<CustomerKind, MessageTemplate>();
  const broken = new Map<string, string>();
  const problems: Problem[] = [];
  const files: string[] = [];
  const note = (problem: Problem): void => {
    problems.push({ ...problem, isTolerated: true });
  };
  for (const entry of await entriesOf(folder, note)) {
    const place = join(folder, entry.name);
    const audience = audiences.find((known) => known === entry.name);
    if (audience === undefined || !entry.isDirectory()) {
      note(fileProblem(place, 'is not looked into: templates stand in the folders internal and customer', suggestion(entry.name, audiences, 'known')));
      continue;
    }
    const kinds: readonly string[] = audience === 'internal' ? wordedKinds : customerKinds;
    const seen = new Set<string>();
    for (const { name } of await entriesOf(place, note)) {
      const file = join(place, name);
      const kind = name.slice(0, name.length - extname(name).length);
      if (!EXTENSIONS.has(extname(name)) || !kinds.includes(kind)) {
        note(fileProblem(file, `is for no message: ${audience} messages are of the kinds that docs/messages.md lists, and end in .txt or .md`, suggestion(kind, kinds, 'known')));
        continue;
      }
      if (seen.has(kind)) note(fileProblem(file, `is the second for ${kind}`, 'leave one of them'));
      seen.add(kind);
      files.push(file);
      const { template, found } = await readOne(file, audience);
      found.forEach(note);
      const [first] = found;
      const [worded, told] = [wordedKinds.find((known) => known === kind), customerKinds.find((known) => known === kind)];
      if (first !== undefined) broken.set(`${audience}/${kind}`, `${relative(folder, file)}:${first.line}:${first.column}: ${first.message}`);
      else if (template === undefined) continue;
      else if (audience === 'internal' && worded !== undefined) internal.set(worded, template);
      else if (audience === 'customer' && told !== undefined) customer.set(told, template);
    }
  }
  return { wording: { internal, customer, broken }, problems, files };
}

async function entriesOf(folder: string, note: (problem: Problem) => void) {
  try {
    return (await readdir(folder, { withFileTypes: true })).filter(({ name }) => !name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    note({ ...fileProblem(folder, ''), message: 'the folder of the templates cannot be read', hint: INSTEAD });
    return [];
  }
}

async function readOne(file: string, audience: Audience): Promise<{ readonly template?: MessageTemplate; readonly found: readonly Problem[] }> {
  const { text, problem } = await readTextFile(file);
  if (problem !== undefined) return { found: [problem] };
  const { template, problems } = readTemplate(text, audience);
  return {
    template,
    found: problems.map(({ line, column, message, written, known = [] }) => ({ file, line, column, path: '', message, hint: (written === undefined ? suggestion('', known, 'known') : suggestion(written, known, 'known')) ?? INSTEAD, severity: 'error' })),
  };
}
