import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readDoc, tableRows } from '../support/markdown.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readDoc('docs/ARCHITECTURE.md');
const listed = tableRows(page, 'Folder').map(([folder]) => folder);

test('every folder of src has its line', () => {
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(listed.toSorted()).toEqual(folders.map(({ name }) => name).toSorted());
});

test('the folders stand in the order that the lint rule holds', () => {
  expect(listed).toEqual(importOrder());
});

test('every port is declared in the folder that the page names', () => {
  for (const [ports = '', folder = ''] of tableRows(page, 'Port')) {
    const files = readdirSync(join(root, 'src', folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    const code = files.map((name) => readDoc(`src/${folder}/${name}`)).join('\n');
    for (const [, port = ''] of ports.matchAll(/(\w+)/g)) expect(code, `${port} in src/${folder}`).toMatch(new RegExp(`export interface ${port}\\b`));
  }
});

describe('links between the pages', () => {
  const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  test.each(pages)('docs/%s', (name) => {
    for (const [, target = '', fragment] of readDoc(`docs/${name}`).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)) {
      const path = target === '' ? join('docs', name) : join('docs', dirname(name), target);
      expect(existsSync(join(root, path)), `${name} links to ${path}`).toBe(true);
      if (fragment !== undefined) expect(headingsOf(readDoc(path)), `${name} links to ${path}`).toContain(fragment);
    }
  });
});

/** The folders from left to right, as the lint configuration spells them in its rule on unknown folders. */
function importOrder(): readonly string[] {
  const { forbidden } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as { forbidden: readonly { name: string; from: { path?: string } }[] };
  const pattern = forbidden.find(({ name }) => name === 'only-known-folders')?.from.path ?? '';
  return /\(\?!\(\?:([^)]*)\)/.exec(pattern)?.[1]?.split('|') ?? [];
}

/** The anchors that GitHub makes of a page's headings. */
function headingsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading.toLowerCase().replaceAll(/[^\w\- ]/g, '').replaceAll(' ', '-'));
}
