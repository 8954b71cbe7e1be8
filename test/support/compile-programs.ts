import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { build, type OutputFile } from 'esbuild';
import { programs } from './programs.js';

const sources = join(import.meta.dirname, '../../src');

/**
 * Compiles `src/` once before the tests, so that each of the many processes that they start begins at once instead of
 * compiling it again. What has not changed is left alone: a run beside this one may be reading it.
 */
export default async function compilePrograms(): Promise<void> {
  const files = (await readdir(sources, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(sources.length + 1))
    .filter((path) => !path.startsWith(`page${sep}`) && !path.endsWith('.d.ts'));
  const isModule = (path: string): boolean => path.endsWith('.ts');
  const { outputFiles } = await build({
    ...{ entryPoints: files.filter(isModule).map((path) => join(sources, path)), outbase: sources, outdir: programs },
    ...{ format: 'esm', platform: 'node', target: 'node20', write: false, logLevel: 'error' },
  });
  const copies = await Promise.all(files.filter((path) => !isModule(path)).map(async (path) => ({ path: join(programs, path), contents: await readFile(join(sources, path)) })));
  await Promise.all([...outputFiles, ...copies].map(provide));
}

async function provide({ path, contents }: Pick<OutputFile, 'path' | 'contents'>): Promise<void> {
  const present = await readFile(path).catch(() => undefined);
  if (present?.equals(contents) === true) return;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, contents);
}
