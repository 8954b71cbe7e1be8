import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load-config.js';
import { readScenarioFile } from '../../src/scenario/read-scenario-file.js';
import { testScenario } from '../../src/scenario/scenario-result.js';
import { examplesDirectory, exampleSettings } from '../support/example-folder.js';
import { plainText } from '../support/scenario-file.js';

const folders = readdirSync(examplesDirectory).filter((name) => statSync(join(examplesDirectory, name)).isDirectory());

test('the table of examples has every folder', () => {
  const index = readFileSync(join(examplesDirectory, 'README.md'), 'utf8');
  expect(folders.filter((name) => !index.includes(`[${name}](${name}/`))).toEqual([]);
});

/** Those that do all that a document describes; each has a test of its own, in which every plan is executed. */
describe.each(folders.filter((name) => existsSync(join(examplesDirectory, name, 'settings.env'))))('examples/%s', (name) => {
  const folder = join(examplesDirectory, name);
  const text = (path: string): string => readFileSync(join(folder, path), 'utf8');

  test('is checked without an error or a warning, with the settings that it lists', async () => {
    const result = await loadConfig(join(folder, 'belay.yaml'), { env: exampleSettings(name) });
    expect(result.ok ? result.warnings : result.problems).toEqual([]);
  });

  test('lists the settings that it uses, and no others', () => {
    const files = ['belay.yaml', ...readdirSync(join(folder, 'plans')).map((file) => `plans/${file}`)];
    const used = files.flatMap((file) => [...text(file).matchAll(/\$\{env:(\w+)\}/g)].map(([, variable]) => variable));
    expect(Object.keys(exampleSettings(name)).toSorted()).toEqual([...new Set(used)].toSorted());
  });

  test('its README names every plan and every trigger, and its test executes every plan', async () => {
    const result = await loadConfig(join(folder, 'belay.yaml'), { env: exampleSettings(name) });
    if (!result.ok) throw new Error('it does not load');
    const readme = text('README.md');
    const plans = result.config.plans.map(({ id }) => id);
    expect([...plans, ...result.config.triggers.map((trigger) => trigger.name.replace(/:.*/, ''))].filter((id) => !readme.includes(`\`${id}\``))).toEqual([]);
    const proof = readFileSync(new URL(`./${name}.test.ts`, import.meta.url), 'utf8');
    expect(plans.filter((id) => !proof.includes(id))).toEqual([]);
  });
});

describe.each(folders.filter((name) => existsSync(join(examplesDirectory, name, 'settings.env')) && existsSync(join(examplesDirectory, name, 'scenarios.yaml'))))('examples/%s/scenarios.yaml', (name) => {
  test('every scenario is well', async () => {
    const file = await readScenarioFile(join(examplesDirectory, name, 'scenarios.yaml'), 'belay.yaml');
    if (!file.ok) throw new Error(JSON.stringify(file.problems, undefined, 2));
    for (const scenario of file.scenarios) {
      const result = await testScenario(scenario, file.config);
      expect(result.ok, plainText(result, examplesDirectory)).toBe(true);
    }
  });
});
