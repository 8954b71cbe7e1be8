import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { parse } from 'yaml';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BelayProcess } from '../support/belay-process.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const example = join(root, 'examples/plugins/release-board');

let belay: BelayProcess;
beforeEach(async () => {
  const files = readdirSync(example, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const written = Object.fromEntries(files.map((file) => [file.slice(example.length + 1), readFileSync(file, 'utf8')]));
  belay = await BelayProcess.start({ ...written, 'belay.yaml': parse(written['belay.yaml'] ?? '') as unknown, 'board.json': '{"shop":"v2"}' });
});
afterEach(() => belay.stop());
const board = async (): Promise<unknown> => JSON.parse(await readFile(join(belay.directory, 'board.json'), 'utf8'));

it('is checked, described, run in the daemon and undone', async () => {
  expect(await belay.cli('check')).toMatchObject({ code: 0, stdout: expect.stringContaining('well: 0 targets, 0 triggers, 1 plan') as string });

  const { stdout } = await belay.cli('plan', 'shop-back');
  expect(stdout).toMatch(/note on the board: not there → rolled back by/);
  expect(stdout).toMatch(/shop on the board: v2 → v1/);
  expect(await board()).toEqual({ shop: 'v2' });

  const rollback = await belay.cli('rollback', 'shop-back', '--json');
  expect(rollback.code).toBe(0);
  expect(await board()).toEqual({ shop: 'v1', note: expect.stringMatching(/^rolled back by \S/) as string });

  const { executionId } = JSON.parse(rollback.stdout) as { executionId: string };
  expect(await belay.cli('undo', executionId, '--reason', 'it was not that')).toMatchObject({ code: 0 });
  expect(await board()).toEqual({ shop: 'v2' });
});

it('keeps the configuration in use when the plugin is broken, and refuses it', async () => {
  await belay.write({ 'release-board.js': 'export default {' });
  expect((await belay.post('/-/reload', {})).status).toBe(422);
  const { stdout, code } = await belay.cli('check');
  expect([code, stdout]).toEqual([1, expect.stringMatching(/belay\.yaml:\d+:\d+: error: the plugin \.\/release-board\.js /)]);
  const rollback = await belay.cli('rollback', 'shop-back');
  expect([rollback.code, rollback.stdout + rollback.stderr]).toEqual([1, expect.stringContaining('the plugin release-board.js')]);
  expect(await belay.get('/api/v1/status')).toMatchObject({ configurationRefused: { problems: [expect.stringContaining('release-board.js')] } });
  expect(await board()).toEqual({ shop: 'v2' });
});

it('compiles against the types that belayd exports', () => {
  const { exports, types } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: Record<string, { types: string }>; types: string };
  expect([exports['.']?.types, types]).toEqual(['./dist/index.d.ts', './dist/index.d.ts']);
  const options: ts.CompilerOptions = {
    strict: true, noEmit: true, allowJs: true, checkJs: true, noImplicitAny: false, useUnknownInCatchVariables: false, skipLibCheck: true, target: ts.ScriptTarget.ES2023, types: ['node'], typeRoots: [join(root, 'node_modules/@types')],
    module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext,
    // What the declarations of dist/ are made of.
    paths: { belayd: [join(root, 'src/index.ts')] },
  };
  const problemsOf = (...files: string[]): string[] => ts.getPreEmitDiagnostics(ts.createProgram(files, options)).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  const typed = join(belay.directory, 'typed.ts');
  writeFileSync(typed, `import type { BelayPlugin, PluginStepRequest, StateChange } from 'belayd';
    export function change({ parameters, context, directory }: PluginStepRequest): StateChange {
      return { subject: directory, wanted: parameters['zone'], read: async () => ({ state: 'unknown' }), apply: async ({ signal }) => signal.throwIfAborted(), restoring: () => change({ parameters, context, directory }) };
    }
    export default { steps: { purge: { parameters: { type: 'object' }, change } } } satisfies BelayPlugin;
  `);
  expect(problemsOf(join(example, 'release-board.js'), typed)).toEqual([]);
  writeFileSync(typed, `import type { BelayPlugin } from 'belayd';
    export default { steps: { purge: { change: () => 5 } } } satisfies BelayPlugin;
  `);
  expect(problemsOf(typed)).toEqual([expect.stringMatching(/Type 'number' is not assignable to type 'StateChange'/)]);
});
