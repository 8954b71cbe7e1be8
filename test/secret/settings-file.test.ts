import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readSettingsFile } from '../../src/secret/settings-file.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-settings-'));
  file = join(folder, 'settings.env');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('reads what a shell would put into the environment', () => {
  writeFileSync(file, `# of staging\n\nURL=http://127.0.0.1:1/a?b=c\nHOME_OF_APP=/srv/app      # its home\nCHANNEL=#alerts\n  export QUOTED='a "b" $c'\nDOUBLE="two words"  # and why\nEMPTY=\nURL=http://127.0.0.1:2\r\n`);
  const read = readSettingsFile(file);
  expect(read).toEqual({ URL: 'http://127.0.0.1:2', HOME_OF_APP: '/srv/app', CHANNEL: '#alerts', QUOTED: 'a "b" $c', DOUBLE: 'two words', EMPTY: '' });
  const shell = execFileSync('sh', ['-c', `tr -d '\\r' < "$1" > "$1.unix"; set -a; . "$1.unix"; env`, 'sh', file], { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
  for (const [name, value] of Object.entries(read)) expect(shell.split('\n')).toContain(`${name}=${value}`);
});

it.each(['two words', 'NAME=two words', 'NAME=$HOME/x', 'NAME="$HOME"', 'NAME=`id`', 'NAME=a\\ b', "NAME='open", 'NAME="a"b', '1NAME=a', 'NAME =a'])('refuses %s, with its line and without its value', (line) => {
  writeFileSync(file, `FINE=yes\n${line}\n`);
  expect(() => readSettingsFile(file)).toThrow(`${file}:2: this is no setting`);
});

it('says that there is no such file', () => expect(() => readSettingsFile(join(folder, 'none.env'))).toThrow(/none\.env cannot be read \(ENOENT\)/));
