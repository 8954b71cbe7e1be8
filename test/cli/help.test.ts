import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { main } from '../../src/cli/main.js';
import { Output } from '../../src/cli/output.js';
import { commandsOf } from '../../src/cli/command-paths.js';
import { createProgram } from '../../src/cli/program.js';
import { configFolder, goodFiles } from '../support/config-folder.js';
import { readDoc } from '../support/markdown.js';

let stdout = '';
let stderr = '';

beforeEach(() => {
  [stdout, stderr] = ['', ''];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true));
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** The whole help of each command, as it is shown where lines are 100 characters long. */
async function helps(): Promise<ReadonlyMap<string, string>> {
  const program = await createProgram([], () => undefined);
  const all = [{ command: program, path: '' }, ...commandsOf(program)];
  return new Map(
    all.map(({ command, path }) => {
      let text = '';
      command.configureOutput({ writeOut: (piece) => (text += piece), getOutHelpWidth: () => 100, getOutHasColors: () => false });
      command.outputHelp();
      return [path, text.trimEnd()];
    }),
  );
}

it('docs/cli.md has the help of every command (npx vitest run -u writes it), and each command has an example', async () => {
  const all = await helps();
  const sections = [...all].map(([path, text]) => `## belay${path === '' ? '' : ` ${path}`}\n\n\`\`\`\n${text}\n\`\`\`\n`);
  const intro = '# The command line\n\nWritten by a test from the commands themselves: each section is what `--help` says. What `--json` answers is in [cli-json.md](cli-json.md).\n';
  await expect([intro, ...sections].join('\n')).toMatchFileSnapshot('../../docs/cli.md');
  for (const [path, text] of all) if (!text.includes('\nCommands:\n')) expect(text, path).toMatch(/\nExamples?:\n {2}belay /);
});

it('docs/cli-json.md says what every command with --json answers', async () => {
  const program = await createProgram([], () => undefined);
  const withJson = commandsOf(program).filter(({ command }) => command.options.some(({ long }) => long === '--json')).map(({ path }) => path);
  const documented = [...readDoc('docs/cli-json.md').matchAll(/^\| `belay ([^`]*)`/gm)].map(([, path]) => path);
  expect(documented.map((path) => path?.split(/ (?=[A-Z[-])/)[0])).toEqual(expect.arrayContaining(withJson));
});

it.each(['check', 'doctor'])('belay %s --json answers with the keys that are documented', async (name) => {
  await main([name, '--config', configFolder({ ...goodFiles, 'rules/checkout.yaml': 'target: nobody\ntriggers: []\n' }), '--json']);
  const [, documented = ''] = new RegExp(`^\\| \`belay ${name}\` \\| \`(.*?)\``, 'm').exec(readDoc('docs/cli-json.md')) ?? [];
  const words = new Set(documented.match(/\w+/g));
  const keys = [...stdout.matchAll(/"(\w+)":/g)].map(([, key = '']) => key);
  expect(keys.length).toBeGreaterThan(4);
  expect(keys.filter((key) => !words.has(key))).toEqual([]);
});

it('a wrong use is told in two lines, with where to find more, and an error without its stack', async () => {
  expect(await main(['ack'])).toBe(2);
  expect(stderr).toBe("error: missing required argument 'id'\n(--help after the command tells more)\n");
  stderr = '';
  expect(await main(['stats'])).toBe(2);
  expect(stderr).toContain('Did you mean status?');
  stderr = '';
  expect(await main(['export', 'prometheus-rules', '--config', '/nowhere/belay.yaml'])).toBe(1);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(await main(['--verbose', 'export', 'prometheus-rules', '--config', '/nowhere/belay.yaml'])).toBe(1);
  expect(stderr).toMatch(/\n\s+at /);
});

it.each([
  [true, {}, true], [false, {}, false], [true, { NO_COLOR: '1' }, false], [true, { NO_COLOR: '' }, true], [false, { FORCE_COLOR: '1' }, true],
  [true, { FORCE_COLOR: '0' }, false], [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, false], [true, { TERM: 'dumb' }, false],
])('terminal %s with %j: colours %s', (isTTY, environment, colours) => {
  expect(new Output({ isTTY }, environment).colour).toBe(colours);
});

it('tells the ids that a completion asks for, quickly or not at all', async () => {
  const file = configFolder(goodFiles);
  expect(await main(['completion', '--ids', 'targets', '--config', file])).toBe(0);
  expect(await main(['completion', '--ids', 'plans', '--config', file])).toBe(0);
  expect(await main(['completion', '--ids', 'plans', '--config', '/nowhere/belay.yaml'])).toBe(0);
  expect(stdout).toBe('checkout\nflag-off\n');
  expect(await main(['completion'])).toBe(2);
});
