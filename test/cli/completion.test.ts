import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completionScript, type Shell } from '../../src/cli/completion-script.js';
import { createProgram } from '../../src/cli/program.js';

const run = promisify(execFile);
const WITHIN_MS = 60_000;

let home: string;
let environment: NodeJS.ProcessEnv;

/** A home of its own with the three scripts, and a `belay` on the PATH that knows two plans, a target and an incident and otherwise says what it was asked. */
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'belay-completion-'));
  const program = await createProgram([], () => undefined);
  for (const shell of ['bash', 'zsh', 'fish'] satisfies Shell[]) writeFileSync(join(home, `belay.${shell}`), completionScript(program, shell));
  mkdirSync(join(home, 'bin'));
  writeFileSync(join(home, 'bin/belay'), '#!/bin/sh\ncase "$*" in *"--ids targets"*) echo checkout;; *"--ids plans"*) printf "flag-off\\nrelease-back\\n";; *"--ids incidents"*) echo inc-1;; *) echo "asked[$*]";; esac\n');
  chmodSync(join(home, 'bin/belay'), 0o755);
  writeFileSync(join(home, 'shop.yaml'), '');
  environment = { ...process.env, HOME: home, ZDOTDIR: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home, PATH: `${join(home, 'bin')}:${process.env['PATH'] ?? ''}`, TERM: 'dumb' };
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function shellOutput(shell: Shell, argv: readonly string[], script: string): Promise<string> {
  return (await run(shell, [...argv, '-c', script], { cwd: home, env: environment, timeout: WITHIN_MS })).stdout;
}

/** What would follow the word under the cursor, which is the last one. */
async function offered(shell: 'bash' | 'fish', line: string): Promise<readonly string[]> {
  if (shell === 'fish') return (await shellOutput('fish', ['--no-config'], `source belay.fish; complete -C '${line}'`)).trimEnd().split('\n').map((row) => row.split('\t')[0] ?? '');
  const words = line.split(' ');
  const script = `. ./belay.bash; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _belay; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return (await shellOutput('bash', ['--norc'], script)).trimEnd().split('\n');
}

/** What is there to complete, and all that can follow it. */
const cases: readonly (readonly [line: string, follows: readonly string[]])[] = [
  ['belay stat', ['status']],
  ['belay dr', ['drill']],
  ['belay --verb', ['--verbose']],
  ['belay --conf', ['--config']],
  ['belay status --conf', ['--config']],
  ['belay status --w', ['--watch']],
  ['belay audit v', ['verify']],
  ['belay audit verify --exp', ['--expect']],
  ['belay audit export --inc', ['--incident']],
  ['belay export gr', ['grafana']],
  ['belay completion z', ['zsh']],
  ['belay pause --target ch', ['checkout']],
  ['belay plan fl', ['flag-off']],
  ['belay drill ', ['flag-off', 'release-back']],
  ['belay rollback rel', ['release-back']],
  ['belay ack in', ['inc-1']],
  ['belay test shop', ['shop.yaml']],
  ['belay --config shop', ['shop.yaml']],
];

describe.each(['bash', 'fish'] as const)('the script of a real %s', (shell) => {
  it.each(cases)('completes "%s"', { timeout: WITHIN_MS }, async (line, follows) => {
    const found = (await offered(shell, line)).filter((word) => !line.endsWith(' ') || !word.startsWith('-'));
    expect(found.toSorted()).toEqual(follows);
  });

  it('offers nothing of another command, and no hidden option', { timeout: WITHIN_MS }, async () => {
    expect(await offered(shell, 'belay audit export --watch')).toEqual(['']);
    expect(await offered(shell, 'belay audit export gr')).toEqual(['']);
    expect(await offered(shell, 'belay completion --ids')).toEqual(['']);
  });
});

/** Types each line and the tab key into a zsh with a terminal of its own, and resolves with what `belay` was then asked. */
async function askedInZsh(lines: readonly string[]): Promise<readonly string[]> {
  const script = `
    zmodload zsh/zpty
    zpty typist zsh -f -i
    zpty -w typist 'PROMPT= RPROMPT=; unsetopt zle_bracketed_paste 2>/dev/null; . ./belay.zsh; print rea""dy'
    zpty -r -m typist said '*ready*' || exit 1
    for line in ${lines.map((line) => `'${line}'`).join(' ')}; do
      zpty -w -n typist "$line"$'\\t\\n'
      zpty -r -m typist said '*asked\\[*\\]*' || exit 1
      print -r -- "\${\${said##*asked\\[}%%\\]*}"
    done
    zpty -d typist`;
  return (await shellOutput('zsh', ['-f'], script)).trimEnd().split('\n');
}

it('the script of a real zsh completes the same at the tab key, names that belay has to be asked for among them', { timeout: WITHIN_MS }, async () => {
  const unique = cases.filter(([, follows]) => follows.length === 1);
  expect(await askedInZsh(unique.map(([line]) => line))).toEqual(unique.map(([line, [word = '']]) => `${line.replace(/^belay /, '').replace(/\S*$/, '')}${word}`));
});
