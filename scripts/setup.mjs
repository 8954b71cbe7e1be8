// Gets a bare clone ready: npm packages, the build, and with --test the servers that the tests start.
// Plain Node without packages, because it runs before there are any. Says nothing when there is nothing to do.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const builtMark = join(root, 'dist', '.built');
const OLDEST_NODE = [20, 19];
const SAY_EVERY_MS = 15_000;
const forTests = process.argv.includes('--test');

/** Debian package → whether what the tests need of it is there. */
const DEBIAN_PACKAGES = {
  prometheus: () => onPath('prometheus') && onPath('promtool'),
  'prometheus-alertmanager': () => onPath('prometheus-alertmanager') && onPath('amtool'),
  postgresql: () => existsSync('/usr/lib/postgresql') && readdirSync('/usr/lib/postgresql').some((version) => existsSync(`/usr/lib/postgresql/${version}/bin/initdb`)),
  'etcd-server': () => onPath('etcd'),
  'nginx-light': () => onPath('nginx') || existsSync('/usr/sbin/nginx'),
  chromium: () => onPath('chromium'),
  git: () => onPath('git'),
  zsh: () => onPath('zsh'),
  fish: () => onPath('fish'),
  libfaketime: () => existsSync('/usr/lib') && readdirSync('/usr/lib').some((folder) => existsSync(`/usr/lib/${folder}/faketime/libfaketime.so.1`)),
  procps: () => onPath('ps'),
};

try {
  checkNode();
  const missing = forTests ? missingServers() : [];
  // They wait for different things, so together they take as long as the longest.
  const project = providePackages(root, 'installing npm packages (better-sqlite3 may be compiled, which takes about a minute)', ['ci']).then(build);
  await all(forTests ? [project, provideServerPackages(), provideServers(missing)] : [project]);
} catch (error) {
  process.stderr.write(`setup: ${error.message}\n`);
  process.exitCode = 1;
}

/** Waits for the end of each, whatever becomes of the others, so that nothing is cut off half installed. */
async function all(parts) {
  const failed = (await Promise.allSettled(parts)).filter(({ status }) => status === 'rejected');
  if (failed.length > 0) throw new Error(failed.map(({ reason }) => reason.message).join('\nsetup: '));
}

async function build() {
  if (!buildIsMissing()) return;
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  await run('building', npm, ['run', '--silent', 'build']);
  mkdirSync(dirname(builtMark), { recursive: true });
  writeFileSync(builtMark, '');
}

// Not "ci": a registry may lack the programs of other platforms, which the lock file then cannot list, and "ci" insists on them.
function provideServerPackages() {
  return providePackages(join(root, 'test', 'servers'), 'installing the npm packages of servers that the tests start', ['install', '--no-save']);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw new Error(`this is Node ${process.versions.node}; Belay needs ${OLDEST_NODE.join('.')} or newer`);
  }
}

async function providePackages(folder, what, how) {
  // npm writes this file at the very end, so a broken-off installation is not taken for a whole one.
  const installed = join(folder, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && changedAt(join(folder, 'package-lock.json')) <= changedAt(installed)) return;
  // node-gyp compiles with as many jobs as there are cores.
  await run(what, npm, [...how, '--no-audit', '--no-fund'], { JOBS: 'max', ...process.env }, folder);
}

function buildIsMissing() {
  if (!existsSync(builtMark)) return true;
  const sources = ['src', 'tsconfig.json', 'tsconfig.build.json', 'package.json', 'scripts/copy-assets.mjs', 'scripts/build-page.mjs', 'node_modules/.package-lock.json'];
  return Math.max(...sources.map((source) => newestChange(join(root, source)))) > changedAt(builtMark);
}

/** Of a file, or of a folder and all in it: a removed file shows as a change of its folder. */
function newestChange(path) {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  return readdirSync(path).reduce((newest, name) => Math.max(newest, newestChange(join(path, name))), status.mtimeMs);
}

function changedAt(path) {
  return statSync(path).mtimeMs;
}

/** Names the Debian packages that are missing; throws where they cannot be installed from here. */
function missingServers() {
  const missing = Object.entries(DEBIAN_PACKAGES).filter(([, isThere]) => !isThere()).map(([name]) => name);
  if (missing.length > 0 && (process.getuid?.() !== 0 || !onPath('apt-get'))) {
    throw new Error(`the tests need these Debian packages: ${missing.join(' ')} (as root: apt-get install --no-install-recommends ${missing.join(' ')})`);
  }
  return missing;
}

async function provideServers(missing) {
  if (missing.length === 0) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('updating the list of Debian packages', 'apt-get', ['update'], env);
  await run(`installing ${missing.join(', ')}`, 'apt-get', ['install', '--yes', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120', ...missing], env);
  const stillMissing = missing.filter((name) => !DEBIAN_PACKAGES[name]());
  if (stillMissing.length > 0) throw new Error(`installed, but their programs are not found: ${stillMissing.join(' ')}`);
}

function onPath(program) {
  return (process.env.PATH ?? '').split(':').some((folder) => folder !== '' && existsSync(join(folder, program)));
}

/** Runs a command and shows that it is at work; its own output only when it fails. */
async function run(what, command, argv, env = process.env, cwd = root) {
  const startedAt = Date.now();
  const seconds = () => `${Math.round((Date.now() - startedAt) / 1000)}s`;
  // A line can be written over only where nobody else writes.
  const live = process.stderr.isTTY === true && !forTests;
  const say = (text, end = '\n') => process.stderr.write(`${live ? '\r\u001b[2K' : ''}setup: ${what} … ${text}${end}`);
  say('', live ? '' : '\n');
  const ticker = setInterval(() => say(seconds(), live ? '' : '\n'), live ? 1_000 : SAY_EVERY_MS);
  try {
    const { status, output } = await outcomeOf(command, argv, env, cwd);
    if (status !== 0) {
      process.stderr.write(`\n${output}\n`);
      throw new Error(`${what}: ${command} ${argv.join(' ')} failed (${status})`);
    }
    say(`done, ${seconds()}`);
  } finally {
    clearInterval(ticker);
  }
}

function outcomeOf(command, argv, env, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, argv, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ status: signal ?? code, output }));
  });
}
