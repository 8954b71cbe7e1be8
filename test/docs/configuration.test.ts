import { describe, expect, test } from 'vitest';
import { exportSchemas } from '../../src/config/export-schemas.js';
import { formatProblems } from '../../src/config/format-problems.js';
import { loadConfig } from '../../src/config/load-config.js';
import type { SecretReader } from '../../src/secret/secret-reader.js';
import { configFolder } from '../support/config-folder.js';
import { type JsonSchema, typesOf } from '../../scripts/reference/json-schema.js';
import { codeBlocks, readDoc } from '../support/markdown.js';

const page = readDoc('docs/configuration.md');
const blocks = codeBlocks(page).filter(({ info }) => info.startsWith('yaml'));

const { properties } = exportSchemas().belay as JsonSchema;
const bindings = ['featureFlags', 'deployments', 'configurations', 'databases', 'traffic'];

describe('examples', () => {
  const whole = Object.fromEntries(blocks.flatMap(({ info, text }) => (info.startsWith('yaml file=') ? [[info.slice('yaml file='.length), text]] : [])));
  const wraps: Readonly<Record<string, (text: string) => Readonly<Record<string, string>>>> = {
    'yaml section': (text) => ({ 'belay.yaml': `environment: production\ntargets: {}\n${text}` }),
    'yaml trigger': (text) => ({ ...whole, 'rules/example.yaml': `target: checkout\ntriggers:\n${text}` }),
    'yaml step': (text) => ({ ...whole, 'plans/example.yaml': `id: example\nname: Example\nsteps:\n${text}` }),
    'yaml checks': (text) => ({ ...whole, 'plans/example.yaml': planWithChecks(text) }),
  };

  test('the whole example loads without a problem or a warning', async () => {
    expect(await problemsOf(whole, ['error', 'warning'])).toBe('');
  });

  test.each(blocks.filter(({ info }) => !info.startsWith('yaml file=')))('the example of line $line loads ($info)', async ({ info, text }) => {
    const wrap = wraps[info];
    if (wrap === undefined) throw new Error(`nobody knows what "${info}" is an example of`);
    expect(await problemsOf(wrap(text), ['error'])).toBe('');
  });

  test('every provider has an example', () => {
    const examples = blocks.filter(({ info }) => info === 'yaml section').map(({ text }) => text);
    for (const kind of bindings) {
      for (const type of typesOf(properties?.[kind]?.additionalProperties || {}) ?? []) {
        const own = examples.filter((text) => text.startsWith(`${kind}:`) && new RegExp(`type: ${type}\\b`).test(text));
        expect(own, `examples of ${kind} of type ${type}`).toHaveLength(1);
      }
    }
  });
});

async function problemsOf(files: Readonly<Record<string, string>>, severities: readonly string[]): Promise<string> {
  const file = configFolder(files);
  const result = await loadConfig(file, { secretReader: readable });
  const problems = result.ok ? result.warnings : result.problems;
  return formatProblems(problems.filter(({ severity }) => severities.includes(severity)), { cwd: file.replace(/belay\.yaml$/, '') });
}

const readable: SecretReader = { readEnv: (name) => `value-of-${name}`, readFile: (path) => `content-of-${path}` };

function planWithChecks(checks: string): string {
  const indented = checks.replaceAll(/^/gm, '    ').trimEnd();
  return `id: example\nname: Example\nsteps:\n  - { id: wait, name: Wait, type: wait, timeout: 30, parameters: { duration: 1s } }\nverification:\n  checks:\n${indented}\n`;
}
