import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load-config.js';
import { readScenarioFile, type ScenarioFile } from '../../src/scenario/read-scenario-file.js';
import { testScenario } from '../../src/scenario/scenario-result.js';
import type { Expectation, Scenario } from '../../src/scenario/scenario.js';
import { plainText } from '../support/scenario-file.js';

const directory = fileURLToPath(new URL('../../examples/triggers/', import.meta.url));

test('there is an example of each list of triggers', () => {
  expect(readdirSync(directory).sort()).toEqual(['README.md', 'connection-flow', 'migration', 'rollback-plan', 'sync-runbook']);
});

describe.each(['connection-flow', 'migration', 'rollback-plan', 'sync-runbook'])('examples/triggers/%s', (name) => {
  const folder = join(directory, name);

  test('is checked without an error or a warning, and needs nothing of the environment', async () => {
    const result = await loadConfig(join(folder, 'belay.yaml'), { env: {} });
    expect(result.ok ? result.warnings : result.problems).toEqual([]);
  });

  test.each(['scenarios.yaml', 'queries.yaml'])('%s is well', async (file) => {
    const { scenarios, config } = await read(join(folder, file));
    for (const scenario of scenarios) {
      const result = await testScenario(scenario, config);
      expect(result.ok, plainText(result, directory)).toBe(true);
    }
  });

  test('every trigger fires at an exact instant and something is decided, is held back by what is seen, and by what is not', async () => {
    const { scenarios, config } = await read(join(folder, 'scenarios.yaml'));
    const missing = config.triggers.flatMap(({ name: trigger }) => {
      const fires = scenarios.filter(({ expectations }) => expectations.some((one) => isOfFiring(one, trigger) && !one.not && one.atMs !== undefined));
      const held = scenarios.filter(({ expectations }) => expectations.some((one) => isOfFiring(one, trigger) && one.not));
      return [
        ...(fires.some(expectsDecision) ? [] : [`${trigger}: when it fires, and what is decided then`]),
        ...(held.some((scenario) => !isPartlyBlind(scenario)) ? [] : [`${trigger}: when it does not fire`]),
        ...(held.some(isPartlyBlind) ? [] : [`${trigger}: that it does not fire blindly`]),
      ];
    });
    expect(missing).toEqual([]);
  });

  test('the README names every trigger', async () => {
    const { config } = await read(join(folder, 'scenarios.yaml'));
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(config.triggers.map((trigger) => trigger.name.replace(/:.*/, '')).filter((trigger) => !readme.includes(`\`${trigger}\``))).toEqual([]);
  });
});

async function read(path: string): Promise<Extract<ScenarioFile, { ok: true }>> {
  const file = await readScenarioFile(path, 'belay.yaml');
  if (!file.ok) throw new Error(JSON.stringify(file.problems, undefined, 2));
  return file;
}

function isOfFiring({ subject }: Expectation, trigger: string): boolean {
  return subject.kind === 'alert' && subject.trigger === trigger && subject.state === 'firing';
}

function expectsDecision({ expectations }: Scenario): boolean {
  return expectations.some(({ subject, not }) => !not && subject.kind === 'decision');
}

function isPartlyBlind({ errors, health, values, queries }: Scenario): boolean {
  const points = [...values.values(), ...queries.values()].flat().flatMap((series) => series.points);
  return errors.size > 0 || [...health.values()].flat().includes('error') || points.some((point) => point === 'missing' || Number.isNaN(point));
}
