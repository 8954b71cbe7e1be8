import { formsOf, type JsonSchema, typesOf } from './json-schema.js';
import { keyRows, type Row } from './key-rows.js';
import type { Page } from './reference-pages.js';
import type { Section } from './sections.js';
import { type LinkTo, typeText } from './type-text.js';

export const GENERATED = '<!-- Written by `npm run reference` from the schemas in src/. What is changed here is lost. -->';
/** More places than these are not told one by one. */
const MOST_PLACES = 6;

/** A page as Markdown. `places`: in which file each section stands. */
export function pageText({ file, title, intro, root, sections }: Page, places: ReadonlyMap<string, string>): string {
  const linkTo: LinkTo = (section) => {
    const place = places.get(section);
    return place === undefined ? undefined : `${place === file ? '' : place}#${slugOf(section)}`;
  };
  const parts = [
    GENERATED,
    `# ${title}`,
    intro,
    ...(root?.properties === undefined ? [] : [tableText(keyRows(root, linkTo))]),
    ...sections.map((section) => sectionText(section, linkTo)),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** As GitHub makes anchors of headings. */
export function slugOf(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^\w\- ]/g, '').replaceAll(' ', '-');
}

function sectionText({ title, schema, paths }: Section, linkTo: LinkTo): string {
  const types = typesOf(schema);
  const forms = formsOf(schema);
  const others = forms.filter(({ properties }) => properties === undefined);
  return [
    `## ${title}`,
    ...(paths.length === 0 ? [] : [placesText(paths)]),
    ...(types === undefined ? forms.flatMap((form) => (form.properties === undefined ? [] : [tableText(keyRows(form, linkTo))])) : forms.map((form, index) => formText(title, types[index] ?? '', form, linkTo))),
    ...(others.length === 0 ? [] : [`Or ${others.map((form) => typeText(form, linkTo)).join(', or ')}.`]),
  ].join('\n\n');
}

function placesText(paths: readonly string[]): string {
  const rest = paths.length - MOST_PLACES;
  return `At ${paths.slice(0, MOST_PLACES).map((path) => `\`${path}\``).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}.`;
}

function formText(title: string, type: string, form: JsonSchema, linkTo: LinkTo): string {
  const { type: own, ...properties } = form.properties ?? {};
  const rows = keyRows({ ...form, properties }, linkTo);
  return [`### ${title} of type \`${type}\``, ...(own?.description === undefined ? [] : [linked(own.description)]), rows.length === 0 ? 'It has no other keys.' : tableText(rows)].join('\n\n');
}

function tableText(rows: readonly Row[]): string {
  return ['| Key | Type | Default | Meaning |', '|---|---|---|---|', ...rows.map((cells) => `| ${cells.map((cell) => linked(cell).replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`)].join('\n');
}

/** Descriptions name pages from the top of the repository. */
function linked(text: string): string {
  return text.replaceAll('](docs/reference/', '](').replaceAll('](docs/', '](../');
}
