import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/** What stands in a folder that a rollback could be made by. */
export interface FoundBindings {
  /** A Docker Compose project whose service takes its tag from a variable. */
  readonly compose?: { readonly service: string; readonly tagVariable: string } | undefined;
  /** A file of flags in flagd's format. */
  readonly flags?: { readonly file: string; readonly keys: readonly string[] } | undefined;
}

const COMPOSE_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];
const composeSchema = z.object({ services: z.record(z.string(), z.object({ image: z.string().optional() })) });
const flagsSchema = z.object({ flags: z.record(z.string(), z.object({ variants: z.record(z.string(), z.unknown()) })) });
const TAG_VARIABLE = /:\$\{([A-Za-z_]\w*)(?::?-[^}]*)?\}$/;

/** Looks only; what cannot be read, or is something else, is not found. */
export async function findBindings(folder: string, target: string): Promise<FoundBindings> {
  const names = await readdir(folder).catch(() => []);
  return { compose: await composeOf(folder, names, target), flags: await flagsOf(folder, names) };
}

async function composeOf(folder: string, names: readonly string[], target: string): Promise<FoundBindings['compose']> {
  const name = COMPOSE_FILES.find((candidate) => names.includes(candidate));
  if (name === undefined) return undefined;
  const read = composeSchema.safeParse(await contentOf(join(folder, name), parse));
  const tagged = Object.entries(read.data?.services ?? {}).flatMap(([service, { image }]) => {
    const tagVariable = TAG_VARIABLE.exec(image ?? '')?.[1];
    return tagVariable === undefined ? [] : [{ service, tagVariable }];
  });
  return tagged.find(({ service }) => service === target) ?? (tagged.length === 1 ? tagged[0] : undefined);
}

async function flagsOf(folder: string, names: readonly string[]): Promise<FoundBindings['flags']> {
  for (const file of names.filter((name) => /^(?:.*flags?|.*flagd)\.json$/.test(name))) {
    const read = flagsSchema.safeParse(await contentOf(join(folder, file), JSON.parse));
    if (read.success && Object.keys(read.data.flags).length > 0) return { file, keys: Object.keys(read.data.flags) };
  }
  return undefined;
}

async function contentOf(file: string, read: (text: string) => unknown): Promise<unknown> {
  try {
    return read(await readFile(file, 'utf8'));
  } catch {
    return undefined; // Somebody else's file: Belay only looks whether it is of use.
  }
}
