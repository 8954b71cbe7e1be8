// `npm run reference`: writes docs/reference/ from the schemas that the files are read by.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { register } from 'tsx/esm/api';

register();
const { referencePages } = await import('./reference/reference-pages.ts');
const folder = new URL('../docs/reference/', import.meta.url);
const pages = referencePages();
await mkdir(folder, { recursive: true });
for (const file of await readdir(folder)) if (!pages.has(file)) await rm(new URL(file, folder));
for (const [file, text] of pages) await writeFile(new URL(file, folder), text);
console.log(`docs/reference: ${[...pages.keys()].join(', ')}`);
