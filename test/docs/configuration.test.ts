import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { exportSchemas } from '../../src/config/export-schemas.js';
import { formatProblems } from '../../src/config/format-problems.js';
import { loadConfig } from '../../src/config/load-config.js';
import { stepParameterSchemas } from '../../src/executor/step-parameters.js';
import type { SecretReader } from '../../src/secret/secret-reader.js';
import { configFolder } from '../support/config-folder.js';
import { at, type JsonSchema, keysOf, typesOf, variantOfType, variantsOf } from '../support/json-schema.js';
import { codeBlocks, readDoc, tableRows } from '../support/markdown.js';

const page = readDoc('docs/configuration.md');
const blocks = codeBlocks(page).filter(({ info }) => info.startsWith('yaml'));

const { belay, rules, plans } = exportSchemas() as unknown as Record<'belay' | 'rules' | 'plans', JsonSchema>;
const bindings = ['featureFlags', 'deployments', 'configurations', 'databases', 'traffic'].map((kind) => ({ kind, schema: at(belay, kind, 'NAME') }));

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
    for (const { kind, schema } of bindings) {
      for (const type of typesOf(schema)) {
        const own = examples.filter((text) => text.startsWith(`${kind}:`) && new RegExp(`type: ${type}\\b`).test(text));
        expect(own, `examples of ${kind} of type ${type}`).toHaveLength(1);
      }
    }
  });
});

describe('tables have every key of what is really read, with its default', () => {
  const [plan = {}] = variantsOf(plans);
  const trigger = at(rules, 'triggers', '[]');
  const postgresData = variantOfType(at(belay, 'databases', 'NAME'), 'postgres');
  const httpFlags = variantOfType(at(belay, 'featureFlags', 'NAME'), 'http');

  test.each<readonly [heading: string, schemas: readonly JsonSchema[]]>([
    ['## belay.yaml', [belay]],
    ['### sources', [at(belay, 'sources', 'NAME')]],
    ['### targets', [at(belay, 'targets', 'NAME')]],
    ['### expectations', [at(belay, 'targets', 'NAME', 'health', 'expect')]],
    ['### notify', [at(belay, 'notify')]],
    ['### people', [at(belay, 'people', 'NAME')]],
    ['### policy', [at(belay, 'policy')]],
    ['### freezes', [at(belay, 'policy', 'freeze', '[]')]],
    ['### the decision matrix', [at(belay, 'policy', 'matrix', '[]')]],
    ['### reports', [at(belay, 'reports')]],
    ['### shared fate', [at(belay, 'sharedFate')]],
    ['### drills', [at(belay, 'drills', '[]')]],
    ['### backups', [at(postgresData, 'backups')]],
    ['### checks of data', [at(postgresData, 'checks', '[]')]],
    ['### approvals', [at(belay, 'policy', 'approvals', 'NAME')]],
    ['### requests', [at(httpFlags, 'set'), at(httpFlags, 'get')]],
    ['#### readiness', [at(variantOfType(at(belay, 'deployments', 'NAME'), 'symlink'), 'ready')]],
    ['## rules/*.yaml', [rules]],
    ['### triggers', [trigger]],
    ['### signals', [at(trigger, 'signal')]],
    ['## plans/*.yaml', [plan]],
    ['### steps', [at(plan, 'steps', '[]')]],
    ['### verification', [at(plan, 'verification')]],
    ['### checks', [at(plan, 'verification', 'checks', '[]')]],
    ...bindings.flatMap(({ kind, schema }) => typesOf(schema).map((type): [string, JsonSchema[]] => [`#### ${kind} of type \`${type}\``, [variantOfType(schema, type)]])),
    ...Object.entries(stepParameterSchemas).flatMap(([type, schema]): [string, JsonSchema[]][] => (type === 'check' ? [] : [[`#### \`${type}\``, [z.toJSONSchema(schema, { io: 'input' }) as JsonSchema]]])),
  ])('%s', (heading, schemas) => {
    const rows = tableRows(sectionOf(heading), 'Key');
    const documented = new Map(rows.map(([key = '', , otherwise = '']) => [key, otherwise]));
    const read = keysOf(schemas.flatMap(variantsOf), new Set(documented.keys()));
    expect([...documented.keys()].toSorted()).toEqual([...read.keys()].toSorted());
    for (const [key, { required, defaults }] of read) {
      const cell = documented.get(key) ?? '';
      if (required) expect(cell, key).toBe('required');
      else if (defaults.length === 0) expect(cell, key).toBe('—');
      else expect(cell.split(/[`;,()\s]+/), key).toEqual(expect.arrayContaining([...defaults]));
    }
  });
});

/** From a heading to the next one. */
function sectionOf(heading: string): string {
  const [, rest] = page.split(`\n${heading}\n`);
  if (rest === undefined) throw new Error(`the page has no heading ${heading}`);
  return rest.split(/\n#+ /)[0] ?? '';
}

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
