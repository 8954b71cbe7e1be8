import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

let clone: string;

/** A bare clone of a package without dependencies whose build copies src/a.txt, and a PATH with nothing but Node's own programs. */
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'belay-setup-'));
  for (const folder of ['scripts', 'src', 'bin', 'test/servers/node_modules']) mkdirSync(join(clone, folder), { recursive: true });
  copyFileSync(fileURLToPath(new URL('../../scripts/setup.mjs', import.meta.url)), join(clone, 'scripts/setup.mjs'));
  const build = "node -e \"const fs = require('fs'); if (fs.readFileSync('src/a.txt', 'utf8') === 'broken') throw new Error('cannot build this'); fs.cpSync('src', 'dist', { recursive: true })\"";
  const name = { name: 'clone', version: '1.0.0' };
  writeFileSync(join(clone, 'package.json'), JSON.stringify({ ...name, scripts: { build } }));
  writeFileSync(join(clone, 'package-lock.json'), JSON.stringify({ ...name, lockfileVersion: 3, requires: true, packages: { '': name } }));
  for (const file of ['tsconfig.json', 'tsconfig.build.json', 'scripts/copy-assets.mjs', 'scripts/build-page.mjs', 'test/servers/package-lock.json', 'test/servers/node_modules/.package-lock.json']) writeFileSync(join(clone, file), '');
  writeFileSync(join(clone, 'src/a.txt'), 'first');
  symlinkSync(process.execPath, join(clone, 'bin/node'));
  const npm = (process.env.PATH ?? '').split(':').map((folder) => join(folder, 'npm')).find((path) => existsSync(path));
  for (const program of [npm!, '/bin/sh']) symlinkSync(program, join(clone, 'bin', program.split('/').at(-1)!));
  // npm leaves its note in node_modules only when there is something to install.
  mkdirSync(join(clone, 'node_modules'));
});

afterEach(() => rmSync(clone, { recursive: true, force: true }));

function setup(...argv: string[]): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(clone, 'scripts/setup.mjs'), ...argv], {
    cwd: dirname(clone),
    encoding: 'utf8',
    env: { PATH: join(clone, 'bin'), HOME: clone },
  });
  return { status, said: stdout + stderr };
}

/** As npm leaves it behind; files written before are older. */
function packagesInstalled(): void {
  writeFileSync(join(clone, 'node_modules/.package-lock.json'), '{}');
}

function change(file: string, text: string): void {
  writeFileSync(join(clone, file), text);
  const later = Date.now() / 1000 + 60;
  utimesSync(join(clone, file), later, later);
}

it('installs what a bare clone lacks, and says so', () => {
  const { status, said } = setup();
  expect(status).toBe(0);
  expect(said).toMatch(/installing npm packages .*\n.*done, \d+s\n.*building … \n.*done, \d+s\n$/s);
  expect(readFileSync(join(clone, 'dist/a.txt'), 'utf8')).toBe('first');
});

it('is quiet when there is nothing to do, and builds again when a source has changed', () => {
  packagesInstalled();
  expect(setup().said).toContain('building');
  expect(setup()).toEqual({ status: 0, said: '' });
  change('src/a.txt', 'second');
  expect(setup().said).toContain('building');
  expect(readFileSync(join(clone, 'dist/a.txt'), 'utf8')).toBe('second');
});

it('installs again when the lock file is newer than what is installed', () => {
  packagesInstalled();
  setup();
  change('package-lock.json', readFileSync(join(clone, 'package-lock.json'), 'utf8'));
  expect(setup().said).toContain('installing npm packages');
});

it('shows why the build failed, and does not take it for a build the next time', () => {
  packagesInstalled();
  change('src/a.txt', 'broken');
  for (const attempt of [1, 2]) {
    const { status, said } = setup();
    expect(status, `attempt ${attempt}`).toBe(1);
    expect(said).toContain('cannot build this');
  }
});

it('names the Debian packages that the tests need where it cannot install them', () => {
  packagesInstalled();
  setup();
  const { status, said } = setup('--test');
  expect(status).toBe(1);
  expect(said).toMatch(/^setup: the tests need these Debian packages: prometheus prometheus-alertmanager .*apt-get install.*\n$/);
});
