import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort } from '../support/free-port.js';
import { codeBlocks, readDoc } from '../support/markdown.js';
import { programs } from '../support/programs.js';

const SHOP_PORT = '3000';
const BELAY_PORT = '9797';

/** What a person at a terminal has, and a script has not: jobs in groups of their own, a moment's patience, ctrl-c. */
const AT_A_TERMINAL = `
set -meuo pipefail
trap 'for job in $(jobs -p); do kill -KILL -- "-$job" 2>/dev/null || true; done' EXIT
served() { until (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do kill -0 %% || exit 1; sleep 0.1; done; }
watched() { "$@" > watched.txt & until grep -q "guards" watched.txt; do kill -0 %% || exit 1; sleep 0.1; done; kill -INT %%; wait %% || true; }
`;

let home: string;
let running: ChildProcess | undefined;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'belay-tutorial-'));
  await symlink(programs, join(home, 'dist'));
});
afterEach(async () => {
  running?.kill();
  await rm(home, { recursive: true, force: true });
});

it('every command of the tutorial works, typed one after the other', { timeout: 240_000 }, async () => {
  const ports = new Map([[SHOP_PORT, String(await freePort())], [BELAY_PORT, String(await freePort())]]);
  const commands = codeBlocks(readDoc('docs/tutorial.md')).map(({ info, text, line }) => {
    expect(info, `line ${line}`).toBe('sh');
    return text;
  });
  const here = commands.join('').replaceAll(/\b(?:3000|9797)\b/g, (port) => ports.get(port) ?? port);
  const belayPort = ports.get(BELAY_PORT) ?? '';
  const typed = here
    .replace(/^shopctl run .*$/m, `$&\nserved ${ports.get(SHOP_PORT) ?? ''}`)
    .replace(/^belay init .*$/m, `$&\necho 'http: { listen: "127.0.0.1:${belayPort}" }' >> belay.yaml`)
    .replace(/^belay run .*$/m, `$&\nserved ${belayPort}`)
    .replace(/^.* --watch$/m, 'watched $&')
    .replace(/^kill -HUP .*$/m, "$&\nuntil grep -q configuration-reloaded belay.log; do kill -0 %3 || exit 1; sleep 0.1; done");

  const { code, said } = await bash(`${AT_A_TERMINAL}\n${typed}`);
  expect(code, said).toBe(0);
  const folder = join(home, 'belay-tutorial');
  expect(await readFile(join(folder, 'watched.txt'), 'utf8')).toContain('in mode DRY RUN');
  expect(await readFile(join(folder, 'report.md'), 'utf8')).toContain('Deploy the last good release: would-have');
  expect(said).toContain('in mode enforce');
});

async function bash(script: string): Promise<{ readonly code: number | null; readonly said: string }> {
  const shell = spawn('bash', ['-c', script], { cwd: home, env: { ...process.env, HOME: home }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [shell.stdout, shell.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  running = shell;
  const [code] = (await once(shell, 'close')) as [number | null];
  return { code, said };
}
