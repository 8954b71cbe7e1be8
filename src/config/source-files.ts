import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Problem } from './problem.js';

const LARGEST_FILE_BYTES = 2 * 1024 * 1024;
const EXTENSIONS = new Set(['.yaml', '.yml', '.json']);

export type ReadText = { readonly text: string; readonly problem?: undefined } | { readonly text?: undefined; readonly problem: Problem };

/** The text of a file that people write; whatever is wrong with it is a problem of its first line. */
export async function readTextFile(file: string): Promise<ReadText> {
  const refuse = (message: string, hint?: string): ReadText => ({ problem: fileProblem(file, message, hint) });
  let bytes: Buffer;
  try {
    const stats = await stat(file);
    if (!stats.isFile()) return refuse('is not a file');
    if (stats.size > LARGEST_FILE_BYTES) return refuse(`is larger than ${LARGEST_FILE_BYTES / 1024 / 1024} MiB`, 'split it into several files');
    bytes = await readFile(file);
  } catch (error) {
    return refuse(faultWords(error));
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return /[\0-\x08\x0e-\x1f]/.test(text) ? refuse('is not a text file') : { text };
  } catch {
    return refuse('is not text in UTF-8');
  }
}

export interface FolderListing {
  /** Absolute, by name. */
  readonly files: readonly string[];
  readonly problems: readonly Problem[];
}

/** The YAML files directly in a folder. A folder that is not there holds none; hidden files are left alone. */
export async function yamlFilesIn(folder: string): Promise<FolderListing> {
  try {
    const entries = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => !name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1));
    return {
      files: entries.filter((entry) => !entry.isDirectory() && EXTENSIONS.has(extname(entry.name))).map(({ name }) => join(folder, name)),
      problems: entries
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => ({ ...fileProblem(join(folder, name), 'is a folder, which is not looked into'), severity: 'warning' as const })),
    };
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { files: [], problems: isAbsent ? [] : [fileProblem(folder, faultWords(error))] };
  }
}

export function fileProblem(file: string, message: string, hint?: string): Problem {
  return { file, line: 1, column: 1, path: '', message: `the file ${message}`, hint, severity: 'error' };
}

function faultWords(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return 'does not exist';
    case 'EACCES':
      return 'may not be read by this user';
    case 'ENOTDIR':
      return 'is not a folder';
    default:
      return `cannot be read (${code ?? 'unknown fault'})`;
  }
}
