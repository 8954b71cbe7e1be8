import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configFolder, goodFiles } from '../support/config-folder.js';
import { readDoc } from '../support/markdown.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

let home: string;
let files: readonly string[];
/** Its minute is mostly waiting, so it begins first and is looked at last. */
let demo: { readonly child: ChildProcess; readonly folder: string; readonly ended: Promise<unknown>; said: string } | undefined;

/** An empty folder into which the package is put as npm would; what it depends on is there already. */
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'belay-package-'));
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--offline', '--pack-destination', home], { cwd: root, maxBuffer: 16 * 1024 * 1024 });
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  if (packed === undefined) throw new Error('npm pack has packed nothing');
  files = packed.files.map(({ path }) => path);
  const place = join(home, 'node_modules', 'belayd');
  mkdirSync(place, { recursive: true });
  await run('tar', ['-xzf', join(home, packed.filename), '-C', place, '--strip-components=1']);
  symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'));

  const folder = join(home, 'empty');
  mkdirSync(folder);
  const child = spawn(process.execPath, [join(place, 'dist', 'bin.js'), 'demo', '--once'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const begun = { child, folder, ended: once(child, 'close'), said: '' };
  demo = begun;
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (begun.said += text));
});
afterAll(async () => {
  demo?.child.kill();
  await demo?.ended;
  rmSync(home, { recursive: true, force: true });
});

it('holds what is needed and nothing else', () => {
  const strange = files.filter((path) => !/^(?:package\.json|README\.md|CHANGELOG\.md|LICENSE|belay\.yaml|rules\/[\w-]+\.yaml|plans\/[\w-]+\.yaml)$/.test(path) && !/^dist\/.*\.(?:js|d\.ts|sql|mjs|ttf|LICENSE|html|css|json|svg|woff2|md)$/.test(path));
  expect(strange).toEqual([]);
  expect(files.filter((path) => /\.map$|\.built$|\.test\.|^src\/|^test\//.test(path))).toEqual([]);
  expect(files).toEqual(expect.arrayContaining(['dist/bin.js', 'dist/index.js', 'dist/index.d.ts', 'dist/store/migrations/0001-journal-and-outbox.sql', 'belay.yaml', 'README.md']));
});

it('runs where it is installed', async () => {
  const belay = join(home, 'node_modules', 'belayd', 'dist', 'bin.js');
  const { stdout } = await run(process.execPath, [belay, '--version'], { cwd: home });
  expect(stdout).toBe(`${version}\n`);
  const checked = await run(process.execPath, [belay, 'check', '--config', configFolder(goodFiles)], { cwd: home });
  expect(checked.stdout).toMatch(/well: 1 target, 1 trigger, 1 plan, mode enforce\n$/);
});

it('has types for those who use it: the examples of docs/api.md compile against it', async () => {
  const examples = [...readDoc('docs/api.md').matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);
  expect(examples.length).toBeGreaterThan(2);
  examples.forEach((code, index) => writeFileSync(join(home, `example-${index}.ts`), code));
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    join(home, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { strict: true, exactOptionalPropertyTypes: true, noEmit: true, module: 'nodenext', target: 'es2023', skipLibCheck: true, types: ['node'], typeRoots: [join(root, 'node_modules/@types')] }, include: ['*.ts'] }),
  );
  await expect(run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', home]).catch((error: unknown) => Promise.reject(new Error((error as { stdout: string }).stdout)))).resolves.toBeDefined();
});

it('exports what docs/api.md names, and nothing else', () => {
  const index = readFileSync(join(root, 'src/index.ts'), 'utf8');
  const exported = [...index.matchAll(/\{ (.*?) \} from/g)].flatMap(([, names = '']) => names.split(', ').map((name) => name.replace('type ', '')));
  const table = readDoc('docs/api.md').split('## What there is')[1] ?? '';
  const named = [...table.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, names = '']) => [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  expect(named.sort()).toEqual(exported.sort());
});

it('shows its demo where it is installed: the shop recovers, and nothing is left behind', { timeout: 180_000 }, async () => {
  await demo?.ended;
  expect(demo?.child.exitCode, demo?.said).toBe(0);
  expect(demo?.said).toMatch(/proof from outside: the shop says release v1, healthy; of the last \d+ customers 0 saw an error[\s\S]*The shop has recovered, and nobody was woken\./);
  expect(readdirSync(demo?.folder ?? '')).toEqual([]);
});
