import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { exportPrometheusRules } from '../../src/export/prometheus-rules.js';
import { loadConfig } from '../../src/config/load-config.js';
import { readScenarioFile } from '../../src/scenario/read-scenario-file.js';
import { testScenario } from '../../src/scenario/scenario-result.js';
import { plainText } from '../support/scenario-file.js';

const folder = fileURLToPath(new URL('../../examples/alertmanager/', import.meta.url));
const env = { BELAY_TOKEN: 'a-token-for-people', BELAY_WEBHOOK_TOKEN: 'a-token-for-alertmanager' };

describe('examples/alertmanager', () => {
  test('is checked without an error or a warning, by amtool too', async () => {
    const result = await loadConfig(join(folder, 'belay.yaml'), { env });
    expect(result.ok ? result.warnings : result.problems).toEqual([]);
    await promisify(execFile)('amtool', ['check-config', join(folder, 'alertmanager.yml')]);
  });

  test('every scenario is well', async () => {
    const file = await readScenarioFile(join(folder, 'scenarios.yaml'), join(folder, 'belay.yaml'));
    if (!file.ok) throw new Error(JSON.stringify(file.problems, undefined, 2));
    const { scenarios, config } = file;
    expect(scenarios.length).toBeGreaterThanOrEqual(11);
    for (const scenario of scenarios) {
      const result = await testScenario(scenario, config);
      expect(result.ok, plainText(result, folder)).toBe(true);
    }
  });

  test('an export says why none of its triggers is a rule', async () => {
    const result = await loadConfig(join(folder, 'belay.yaml'), { env });
    if (!result.ok) throw new Error('it does not load');
    const { exported, remarks } = exportPrometheusRules(result.config);
    expect(exported).toBe(0);
    expect(remarks.map(({ trigger, message }) => [trigger, message])).toEqual([
      ...['CheckoutDown', 'CheckoutSlow', 'CheckoutProbeFailed'].map((trigger) => [trigger, expect.stringContaining('alerts that an Alertmanager sends') as string]),
      ['SeveralPages', expect.stringContaining('asks an Alertmanager') as string],
    ]);
  });
});
