import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Document } from 'yaml';
import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import { getFromEnv, removeFromEnv, setInEnv } from '../text/env-text.js';
import { parseJson, removeFromJson, setInJson } from '../text/json-text.js';
import { editFile } from '../text/replace-file.js';
import { parseYaml, plainAt, removeFromYaml, setInYaml } from '../text/yaml-text.js';

/** Items by name. `server.timeout` is the entry `timeout` of `server`, unless there is an entry of just that name. */
export type ConfigItems = Readonly<Record<string, unknown>>;
export const itemFormatSchema = z.enum(['yaml', 'json', 'env']).optional();
export type ItemFormat = NonNullable<z.infer<typeof itemFormatSchema>>;

/** One file of configuration items. `shown` is how people know it. */
export interface ItemFile {
  readonly path: string;
  readonly shown: string;
  readonly format: ItemFormat;
}

/** What is said, or what the file's name says. Throws `parameter-invalid` when neither does. */
export function itemFormat(path: string, format: ItemFormat | undefined): ItemFormat {
  if (format !== undefined) return format;
  const known: Readonly<Record<string, ItemFormat>> = { '.yaml': 'yaml', '.yml': 'yaml', '.json': 'json', '.env': 'env' };
  // `.env` alone is a name without an extension.
  const found = /(^|\/)\.env(\.[^/]*)?$/.test(path) ? 'env' : known[extname(path)];
  if (found === undefined) throw new BelayError('parameter-invalid', `${path}: say format: yaml, json or env`);
  return found;
}

/** The present values of the named items; those that the file lacks are left out. */
export async function readItems(file: ItemFile, names: readonly string[]): Promise<ConfigItems> {
  const text = await readFile(file.path, 'utf8');
  const read = file.format === 'env' ? (name: string) => getFromEnv(text, name) : readerOf(documentOf(text, file));
  const entries = names.map((name): [string, unknown] => [name, read(name)]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function readerOf(document: Document): (name: string) => unknown {
  return (name) => plainAt(document, pathOf(document, name));
}

/** Sets the items and leaves everything else as it is, comments and order included. */
export async function writeItems(file: ItemFile, items: ConfigItems, signal: AbortSignal): Promise<void> {
  await editFile(file.path, signal, (text) => withItems(text, file, items));
}

/** The text of such a file with the items set. */
export function withItems(text: string, file: ItemFile, items: ConfigItems): string {
  return Object.entries(items).reduce((edited, [name, value]) => setItem(edited, file, name, value), text);
}

/** The present values of some items, and for those that the file lacks, how many keys of their path it has. */
export const capturedItemsSchema = z.strictObject({ items: z.record(z.string(), z.json()), missing: z.record(z.string(), z.int().min(0)) });
export type CapturedItems = z.infer<typeof capturedItemsSchema>;

export async function captureItems(file: ItemFile, names: readonly string[]): Promise<CapturedItems> {
  const items = (await readItems(file, names)) as CapturedItems['items'];
  const document = file.format === 'env' ? undefined : documentOf(await readFile(file.path, 'utf8'), file);
  const lacking = names.filter((name) => !Object.hasOwn(items, name));
  return { items, missing: Object.fromEntries(lacking.map((name) => [name, document === undefined ? 0 : presentDepth(document, pathOf(document, name))])) };
}

/** Puts items back as they were: values are set, what was not there is taken out, with the objects that were made to hold it. */
export async function restoreItems(file: ItemFile, captured: CapturedItems, signal: AbortSignal): Promise<void> {
  await editFile(file.path, signal, (text) => withItemsBack(text, file, captured));
}

export function withItemsBack(text: string, file: ItemFile, { items, missing }: CapturedItems): string {
  return Object.entries(missing).reduce((edited, [name, depth]) => withoutItem(edited, file, name, depth), withItems(text, file, items));
}

function withoutItem(text: string, file: ItemFile, name: string, depth: number): string {
  if (file.format === 'env') return removeFromEnv(text, name);
  const document = documentOf(text, file);
  let path = pathOf(document, name);
  if (plainAt(document, path) === undefined) return text;
  while (path.length > depth + 1 && Object.keys(plainAt(document, path.slice(0, -1)) as object).length === 1) path = path.slice(0, -1);
  return file.format === 'json' ? removeFromJson(text, path, file.shown) : removeFromYaml(text, path, file.shown);
}

function presentDepth(document: Document, path: readonly string[]): number {
  return path.findIndex((_key, depth) => plainAt(document, path.slice(0, depth + 1)) === undefined);
}

/** Whether `actual` has every wanted item. The values of .env files are text. */
export function hasItems(actual: ConfigItems, wanted: ConfigItems, format: ItemFormat): boolean {
  return Object.entries(wanted).every(([name, value]) => {
    if (!Object.hasOwn(actual, name)) return false;
    return format === 'env' ? actual[name] === String(value) : isDeepStrictEqual(actual[name], value);
  });
}

function setItem(text: string, file: ItemFile, name: string, value: unknown): string {
  if (file.format === 'env') return setInEnv(text, name, value, file.shown);
  const document = documentOf(text, file);
  const path = pathOf(document, name);
  if (isDeepStrictEqual(plainAt(document, path), value)) return text;
  return file.format === 'json' ? setInJson(text, path, value, file.shown) : setInYaml(text, path, value, file.shown);
}

function documentOf(text: string, file: ItemFile): Document {
  if (file.format === 'json') parseJson(text, file.shown);
  return parseYaml(text, file.shown);
}

function pathOf(document: Document, name: string): string[] {
  return document.has(name) ? [name] : name.split('.');
}
