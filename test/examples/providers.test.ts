import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load-config.js';
import { configurationBindingSchema } from '../../src/executor/configuration/configuration-bindings.js';
import { flagBindingSchema } from '../../src/executor/feature-flag/flag-bindings.js';
import { runCli } from '../support/run-cli.js';

const directory = fileURLToPath(new URL('../../examples/providers/', import.meta.url));
const folders = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);

test.each([
  ...flagBindingSchema.options.map(({ shape }) => `flags-${shape.type.value}`),
  ...configurationBindingSchema.options.map(({ shape }) => `configuration-${shape.type.value}`),
])('there is an example of %s', (name) => {
  expect(folders).toContain(name);
});

describe.each(folders)('examples/providers/%s', (name) => {
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
