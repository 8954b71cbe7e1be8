import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readScenarioFile } from '../../src/scenario/read-scenario-file.js';
import { testScenario } from '../../src/scenario/scenario-result.js';
import { plainText } from '../support/scenario-file.js';

const directory = fileURLToPath(new URL('../../examples/scenarios/', import.meta.url));

test.each(readdirSync(directory).filter((name) => name.endsWith('.yaml')))('examples/scenarios/%s is well', async (name) => {
  const file = await readScenarioFile(`${directory}${name}`, 'belay.yaml');
  if (!file.ok) throw new Error(JSON.stringify(file.problems, undefined, 2));
  for (const scenario of file.scenarios) {
    const result = await testScenario(scenario, file.config);
    expect(result.ok, plainText(result, directory)).toBe(true);
  }
});
