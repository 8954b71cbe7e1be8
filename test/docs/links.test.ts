import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { readDoc } from '../support/markdown.js';

const pages = ['README.md', 'bench/README.md', ...readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.md')).map((path) => join('docs', path))];

it.each(pages)('%s: every link leads somewhere', (page) => {
  const prose = readDoc(page).replaceAll(/^```[\s\S]*?^```$/gm, '');
  const broken = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, address]) => address ?? '').filter((address) => !/^https?:/.test(address) && !leadsSomewhere(page, address));
  expect(broken).toEqual([]);
});

function leadsSomewhere(page: string, address: string): boolean {
  const [path = '', anchor] = address.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(file)) return false;
  return anchor === undefined || (statSync(file).isFile() && anchorsOf(file).has(anchor));
}

/** As GitHub makes them of headings: lower case, without punctuation, a dash for each space. */
function anchorsOf(file: string): ReadonlySet<string> {
  const headings = [...readDoc(file).matchAll(/^#+ (.+)$/gm)].map(([, text]) => text ?? '');
  return new Set(headings.map((text) => text.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')));
}
