import { expect, it } from 'vitest';
import { PluginHost } from '../../src/executor/plugin/plugin-host.js';
import { loadConfig } from '../../src/config/load-config.js';
import { configFolder, goodFiles } from '../support/config-folder.js';
import { expectProblems } from '../support/config-problems.js';
import { pluginProgram } from '../support/programs.js';

const pluginHost = new PluginHost({ program: pluginProgram });
const belay = (text: string): string => goodFiles['belay.yaml'] + text;
const STEP = `export default { steps: { 'purge-cache': {
  parameters: { type: 'object', properties: { zone: { type: 'string', minLength: 2 }, paths: { type: 'array', items: { type: 'string' } }, rate: { type: 'integer', minimum: 1 } }, required: ['zone'] },
  change: () => ({}) } } };`;
const PROVIDER = `export default { deployments: { nomad: { settings: { type: 'object', properties: { url: { type: 'string' } }, required: ['url'] }, change: () => ({}) } } };`;
const step = (type: string, parameters: string): string => `id: flag-off
name: Flag off
target: checkout
level: 1
steps:
  - id: one
    name: One
    timeout: 10
    type: ${type}
    parameters: ${parameters}
`;

it('takes step types and providers of plugins, with their parameters and settings', async () => {
  const files = {
    'belay.yaml': belay('plugins: [./purge.js, ./nomad.mjs]\ndeployments: { shop: { type: nomad, url: http://nomad } }\n'),
    'purge.js': STEP, 'nomad.mjs': PROVIDER,
    'plans/checkout.yaml': step('purge-cache', '{ zone: shop, rate: "${context.metadata.rate}" }'),
  };
  await expect(loadConfig(configFolder({ ...goodFiles, ...files }), { env: {}, pluginHost })).resolves.toMatchObject({ ok: true, warnings: [], config: { bindings: { deployments: { shop: { type: 'plugin', name: 'nomad', settings: { url: 'http://nomad' } } } } } });
});

it('hides what an entry of a plugin calls a secret, written out or by reference', async () => {
  const files = {
    'belay.yaml': belay('plugins: [./nomad.mjs]\ndeployments: { shop: { type: nomad, url: http://nomad, apiKey: written-out, ca: "${env:NOMAD_CA}" } }\n'),
    'nomad.mjs': PROVIDER.replace("url: { type: 'string' }", "url: { type: 'string' }, apiKey: { type: 'string' }, ca: { type: 'string' }"),
  };
  const { ok, redactor } = await loadConfig(configFolder({ ...goodFiles, ...files }), { env: { NOMAD_CA: 'by-reference' }, pluginHost });
  expect([ok, redactor.text('at http://nomad: written-out, by-reference')]).toEqual([true, 'at http://nomad: [redacted], [redacted]']);
});

it('tells what does not fit them, where it stands', async () => {
  const files = {
    'belay.yaml': belay('plugins: [./purge.js, ./nomad.mjs]\ndeployments:\n  shop: { type: nomad, ►ulr: http://nomad, url: ►5 }\n  cart: { type: ►nomed, url: http://nomad }\n  core: { type: nomad, url: ►"http://${service}" }\n'),
    'purge.js': STEP, 'nomad.mjs': PROVIDER,
    'plans/checkout.yaml': step('purge-cache', '{ zone: ►s, ►path: [/a], paths: [►7], rate: ►0 }'),
  };
  await expectProblems(
    files,
    [
      'error: unknown key "ulr" (deployments.shop.ulr)\n  hint: did you mean "url"?',
      'error: "url" must be text, not a whole number (deployments.shop.url)\n  hint: write it in quotes, so that it stays as it is written',
      'error: "nomed" is not one of pm2, symlink, compose, systemd, kubernetes, github-actions, http, command, nomad (deployments.cart.type)\n  hint: did you mean "nomad"?',
      'error: the settings of a plugin are taken as they are, so they cannot hold a reference (deployments.core.url)\n  hint: the plugin gets the parameters of the step beside them',
      'error: "zone" must be at least 2 (steps[0].parameters.zone)',
      'error: unknown key "path" (steps[0].parameters.path)\n  hint: did you mean "paths"?',
      'error: entry 1 must be text, not a whole number (steps[0].parameters.paths[0])\n  hint: write it in quotes, so that it stays as it is written',
      'error: "rate" must be at least 1 (steps[0].parameters.rate)',
    ],
    { pluginHost },
  );
});

it('tells what is wrong with a plugin, each at its entry', async () => {
  const plugins: readonly (readonly [written: string, code: string | undefined, problem: string])[] = [
    ['./missing.js', undefined, 'there is no file ./missing.js'],
    ['./throws.js', 'throw new Error("no licence");\nexport default {};', 'the plugin ./throws.js throws while it is loaded: no licence'],
    ['./exits.js', 'process.exit(3);', 'the plugin ./exits.js ended its process (exit code 3) without an answer'],
    ['./none.js', 'export const steps = {};', 'the plugin ./none.js has no default export that is a plugin; write export default { steps: { "my-step": { parameters, change } } }'],
    ['./other.js', 'export default { step: {} };', 'the plugin ./other.js has "step" in its default export; known there: steps, featureFlags, deployments, configurations, databases, traffic'],
    ['./empty.js', 'export default { steps: {} };', 'the plugin ./empty.js brings nothing; write export default { steps: { "my-step": { parameters, change } } }'],
    ['./name.js', 'export default { steps: { "My step": { change() {} } } };', 'the plugin ./name.js has steps of the name "My step"; write lower-case words joined by -, such as my-step'],
    ['./idle.js', 'export default { steps: { idle: {} } };', 'the plugin ./idle.js needs either a function "change" or an "executor" in steps.idle'],
    ['./schema.js', 'export default { traffic: { cdn: { settings: { type: "string" }, change() {} } } };', 'the plugin ./schema.js has settings of traffic.cdn that are no schema: it must be of type object'],
    ['./own-step.js', 'export default { steps: { wait: { change() {} } } };', 'the plugin brings the step type "wait", which Belay has itself\n  hint: give it another name'],
    ['./own-type.js', 'export default { databases: { postgres: { change() {} } } };', 'the plugin brings the type "postgres" of databases, which Belay has itself\n  hint: give it another name'],
    ['./good.js', STEP, ''],
    ['./again.js', STEP, 'the plugin brings the step type "purge-cache", as another plugin does\n  hint: give it another name'],
    ['./good.js', STEP, 'another entry names the same file\n  hint: take it out'],
  ];
  const written = plugins.map(([path, , problem]) => `${problem === '' ? '' : '►'}${path}`).join(', ');
  const files = { 'belay.yaml': belay(`plugins: [${written}]\n`), ...Object.fromEntries(plugins.flatMap(([path, code]) => (code === undefined ? [] : [[path, code]]))) };
  const problems = plugins.flatMap(([, , problem], index) => {
    const [message, ...hint] = problem.split('\n');
    return problem === '' ? [] : [[`error: ${message ?? ''} (plugins[${index}])`, ...hint].join('\n')];
  });
  await expectProblems(files, problems, { pluginHost });
});

it('does not wait for ever for a plugin', async () => {
  const files = { 'belay.yaml': belay('plugins: [►./hangs.mjs]\n'), 'hangs.mjs': 'await new Promise((resolve) => setTimeout(resolve, 60_000)); export default {};' };
  await expectProblems(files, ['error: the plugin ./hangs.mjs is not loaded within 2 s (plugins[0])'], { pluginHost: new PluginHost({ program: pluginProgram, loadWithinMs: 2_000 }) });
});

it('tells the line of what is no JavaScript', async () => {
  const file = configFolder({ ...goodFiles, 'belay.yaml': belay('plugins: [./syntax.mjs]\n'), 'syntax.mjs': 'export default {\n  steps: }\n' });
  const result = await loadConfig(file, { env: {}, pluginHost });
  // The words are those of whoever reads the module, node or a loader before it.
  expect(result).toMatchObject({ ok: false, problems: [{ line: 12, column: 11, message: expect.stringMatching(/^the plugin \.\/syntax\.mjs .*syntax\.mjs:2/s) as string }] });
});

it('takes no path that leads elsewhere', async () => {
  await expectProblems(
    { 'belay.yaml': belay('plugins: [►/opt/x.js, ►../x.js, ►./a/../../x.js, ►my-package, ►./x.ts, ►{ file: x }]\n') },
    [
      'error: entry 1 must be a path below the folder of this file, such as ./my-executor.js (plugins[0])',
      'error: entry 2 must be a path below the folder of this file, such as ./my-executor.js (plugins[1])',
      'error: entry 3 must be a path below the folder of this file, such as ./my-executor.js (plugins[2])',
      'error: entry 4 must be the path of a JavaScript module (.js or .mjs), such as ./my-executor.js (plugins[3])',
      'error: entry 5 must be the path of a JavaScript module (.js or .mjs), such as ./my-executor.js (plugins[4])',
      'error: entry 6 must be text, not a map (plugins[5])',
    ],
    { pluginHost: { load: () => expect.fail('nothing is loaded') } },
  );
});
