import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load-config.js';
import { bindingsSchema, type Bindings } from '../../src/executor/bindings.js';
import { runCli } from '../support/run-cli.js';

const directory = fileURLToPath(new URL('../../examples/providers/', import.meta.url));
const folders = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);

const prefixes: Readonly<Record<keyof Bindings, string>> = { featureFlags: 'flags', configurations: 'configuration', deployments: 'deployment', databases: 'database', traffic: 'traffic' };
const providers = (Object.keys(prefixes) as (keyof Bindings)[]).flatMap((kind) =>
  bindingsSchema.shape[kind].unwrap().valueType.options.flatMap((option) => [...(option._zod.propValues['type'] ?? [])].map((type) => `${prefixes[kind]}-${String(type)}`)),
);

test.each(providers)('there is an example of %s', (name) => {
  expect(folders.filter((folder) => folder === name || folder.startsWith(`${name}-`))).not.toEqual([]);
});

test('the table has every folder, and no other', () => {
  const table = readFileSync(join(directory, 'README.md'), 'utf8').split('\n').filter((line) => line.startsWith('|')).join('\n');
  expect([...table.matchAll(/`([a-z0-9-]+)`/g)].map(([, folder]) => folder).toSorted()).toEqual(folders.toSorted());
});

describe.each(folders)('examples/providers/%s', (name) => {
  test('has no shell in its commands', () => {
    const texts = readdirSync(join(directory, name), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml')).map((file) => readFileSync(join(directory, name, file), 'utf8'));
    for (const text of texts) expect(text).not.toMatch(/\[(?:sh|bash|zsh),|["' ](?:-c|&&|\|)["' ,]/);
  });

  const file = join(directory, name, 'belay.yaml');
  const env: NodeJS.ProcessEnv = Object.fromEntries([...readFileSync(file, 'utf8').matchAll(/\$\{env:(\w+)\}/g)].map(([, variable = '']): [string, string] => [variable, 'the-value-of-it']));

  test('is checked without an error, and its plans use every entry', async () => {
    const result = await loadConfig(file, { env });
    // The plans are started by hand, so that no target is needed to show them.
    expect((result.ok ? result.warnings : result.problems).map(({ message }) => message)).toEqual(['there is no target, so nothing is guarded']);
    if (!result.ok) return;
    const { plans, bindings } = result.config;
    const entryOf: Readonly<Record<string, (parameters: Readonly<Record<string, unknown>>) => unknown>> = {
      'feature-flag': ({ provider = 'default' }) => `featureFlags.${String(provider)}`,
      configuration: ({ service }) => `configurations.${String(service)}`,
      deployment: ({ service }) => `deployments.${String(service)}`,
      data: ({ database }) => `databases.${String(database)}`,
      traffic: ({ service }) => `traffic.${String(service)}`,
    };
    const used = new Set(plans.flatMap(({ steps }) => steps.map(({ type, parameters }) => entryOf[type]?.(parameters))));
    const declared = Object.entries(bindings).flatMap(([kind, entries]) => Object.keys(entries as object).map((entry) => `${kind}.${entry}`));
    expect(declared.filter((entry) => !used.has(entry))).toEqual([]);
    expect(plans.length).toBeGreaterThan(0);
  });
});

test('belay check says so, too', async () => {
  expect(await runCli('check', '--config', join(directory, 'configuration-git', 'belay.yaml'))).toMatchObject({ code: 0 });
});
