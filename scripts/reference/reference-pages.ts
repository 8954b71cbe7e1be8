import { z } from 'zod';
import { describedSchemas } from '../../src/config/export-schemas.js';
import { stepParameterSchemas } from '../../src/executor/step-parameters.js';
import { formsOf, type JsonSchema, withoutReferences } from './json-schema.js';
import { GENERATED, pageText, slugOf } from './page-text.js';
import { type Section, sectionsOf } from './sections.js';

/** One page of the reference. `sections` stand below its own table, in this order. */
export interface Page {
  readonly file: string;
  readonly title: string;
  readonly intro: string;
  /** Absent for a page that has sections only. */
  readonly root?: JsonSchema | undefined;
  readonly sections: readonly Section[];
}

/** Keys of belay.yaml whose entries say how a step's effect is made. */
const bindingKeys = ['featureFlags', 'deployments', 'configurations', 'databases', 'traffic'];

/** The files of `docs/reference/` by name, made of what the files are read by. */
export function referencePages(): ReadonlyMap<string, string> {
  const pages = withShared(drafts());
  const places = new Map(pages.flatMap(({ file, sections }) => sections.map(({ title }) => [title, file])));
  return new Map([['README.md', indexText(pages)], ...pages.map((page): [string, string] => [page.file, pageText(page, places)])]);
}

function drafts(): readonly Page[] {
  const { belay, rules, plans } = describedSchemas();
  const whole = withoutReferences(belay);
  const [plan] = formsOf(withoutReferences(plans));
  const file = keysIn(whole, (key) => !bindingKeys.includes(key));
  const bindings = keysIn(whole, (key) => bindingKeys.includes(key));
  const steps = Object.entries(stepParameterSchemas).map(([type, schema]) => ({ type, schema: withoutReferences(z.toJSONSchema(schema, { io: 'input' }) as JsonSchema) }));
  return [
    { file: 'belay-yaml.md', title: 'belay.yaml', intro: 'What is guarded and by which means. How each provider of a step is declared is in [providers.md](providers.md).', root: file, sections: sectionsOf(file) },
    { file: 'providers.md', title: 'Providers in belay.yaml', intro: 'A plan says what is done, an entry here says how. Examples and what each provider does are in [configuration.md](../configuration.md#featureflags); what it needs and puts back in [providers.md](../providers.md).', root: bindings, sections: sectionsOf(bindings) },
    filePage('rules.md', 'rules/*.yaml', 'When a target counts as broken. Each file names one target. [Examples](../configuration.md#triggers); what windows count is in [windows.md](../windows.md).', withoutReferences(rules)),
    ...(plan === undefined ? [] : [filePage('plans.md', 'plans/*.yaml', 'What is done then. A file holds one plan, a list of plans, or `plans:` with a list. The parameters of each type of step are in [steps.md](steps.md). [Examples](../configuration.md#steps).', plan)]),
    {
      file: 'steps.md',
      title: 'Parameters of steps',
      intro: 'What stands under `parameters` of a step in `plans/`, by its `type`. [References](../configuration.md#steps) may stand in any of them.',
      sections: steps.flatMap(({ type, schema }) => (schema.title === undefined ? [{ title: `${type} step`, schema, paths: [] }, ...sectionsOf(schema, 'steps[].parameters')] : [{ title: schema.title, schema, paths: ['steps[].parameters'] }, ...sectionsOf(schema, 'steps[].parameters')])),
    },
  ];
}

function filePage(file: string, title: string, intro: string, root: JsonSchema): Page {
  return { file, title, intro, root, sections: sectionsOf(root) };
}

function keysIn(schema: JsonSchema, isWanted: (key: string) => boolean): JsonSchema {
  return { ...schema, properties: Object.fromEntries(Object.entries(schema.properties ?? {}).filter(([key]) => isWanted(key))) };
}

/** What several pages use stands on one of its own. */
function withShared(pages: readonly Page[]): readonly Page[] {
  const users = new Map<string, Section[]>();
  for (const { sections } of pages) for (const section of sections) users.set(section.title, [...(users.get(section.title) ?? []), section]);
  const shared = [...users].filter(([, sections]) => sections.length > 1);
  const titles = new Set(shared.map(([title]) => title));
  return [
    ...pages.map((page) => ({ ...page, sections: page.sections.filter(({ title }) => !titles.has(title)) })),
    { file: 'shared.md', title: 'What several files use', intro: 'Values that stand in more than one kind of file.', sections: shared.flatMap(([, [first, ...others]]) => (first === undefined ? [] : [{ ...first, paths: [...first.paths, ...others.flatMap(({ paths }) => paths)] }])) },
  ];
}

function indexText(pages: readonly Page[]): string {
  const lines = pages.map(({ file, title, sections }) => `- [${title}](${file})${sections.length === 0 ? '' : `: ${sections.map((section) => `[${section.title}](${file}#${slugOf(section.title)})`).join(', ')}`}`);
  return `${GENERATED}\n# Reference of the files\n\nEvery key with its type, its default and what it means, from the very schemas that the files are read by. \`belay export schema\` writes the same for editors, and \`belay check\` says what is wrong in a file. What belongs together, with examples, is told in [configuration.md](../configuration.md).\n\n${lines.join('\n')}\n`;
}
