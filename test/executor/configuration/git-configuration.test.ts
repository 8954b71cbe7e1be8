import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GitRepo } from '../../support/git-repo.js';
import { waitFor } from '../../support/processes.js';
import { StepRunner } from '../../support/step-runner.js';

let directory: string;
let repo: GitRepo;

beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'belay-git-')));
  repo = new GitRepo(join(directory, 'config'));
  repo.commit({ 'gateway/routes.yaml': 'route: mono\n', 'gateway/old.yaml': 'old: true\n', 'other.txt': 'one\n' }, 'mono-v3');
  repo.commit({ 'gateway/routes.yaml': 'route: split\n', 'gateway/old.yaml': undefined, 'gateway/new.yaml': 'new: true\n', 'other.txt': 'two\n' }, 'split-v1');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const mono = { service: 'api-gateway', configVersion: 'mono-v3' };
const runner = (binding: Record<string, unknown> = {}): StepRunner =>
  new StepRunner({ directory, bindings: { configurations: { 'api-gateway': { type: 'git', repo: 'config', paths: ['gateway'], ...binding } } } });
const read = (path: string): string => readFileSync(join(repo.directory, path), 'utf8');
const commits = (): string[] => repo.git('log', '--format=%s').split('\n');

describe('a version', () => {
  it('is brought back as a new commit that holds the paths and nothing else', async () => {
    const head = repo.git('rev-parse', 'HEAD');
    repo.write('unrelated.txt', 'somebody is at work here');
    repo.write('other.txt', 'and staged something');
    repo.git('add', 'other.txt');
    expect((await runner().describe('configuration', mono)).summary).toBe(`configuration of api-gateway: ${repo.git('rev-parse', '--short', 'HEAD')} → mono-v3`);
    expect(await runner().state('configuration', mono)).toBe('not-applied');
    await runner().execute('configuration', mono);
    expect(await runner().state('configuration', mono)).toBe('applied');
    expect(read('gateway/routes.yaml')).toBe('route: mono\n');
    expect(read('gateway/old.yaml')).toBe('old: true\n');
    expect(existsSync(join(repo.directory, 'gateway/new.yaml'))).toBe(false);
    expect(repo.git('rev-parse', 'HEAD~1')).toBe(head);
    expect(repo.git('log', '-1', '--format=%an: %s')).toBe('Belay: Restore gateway at mono-v3');
    expect(repo.git('diff', '--name-only', 'HEAD~1', 'HEAD').split('\n')).toEqual(['gateway/new.yaml', 'gateway/old.yaml', 'gateway/routes.yaml']);
    expect(repo.git('status', '--porcelain').split('\n').map((line) => line.trim())).toEqual(['M  other.txt', '?? unrelated.txt']);
  });

  it('that is there already makes no commit', async () => {
    await runner().execute('configuration', { ...mono, configVersion: 'split-v1' });
    expect(commits()).toEqual(['split-v1', 'mono-v3']);
  });

  it('can be of several paths, of which one exists on one side only', async () => {
    await runner({ paths: ['gateway/old.yaml', 'gateway/new.yaml', './other.txt'] }).execute('configuration', mono);
    expect(existsSync(join(repo.directory, 'gateway/new.yaml'))).toBe(false);
    expect([read('gateway/old.yaml'), read('other.txt'), read('gateway/routes.yaml')]).toEqual(['old: true\n', 'one\n', 'route: split\n']);
    expect(await runner({ paths: ['.'] }).state('configuration', mono)).toBe('not-applied');
    await runner({ paths: ['.'] }).execute('configuration', mono);
    expect(read('gateway/routes.yaml')).toBe('route: mono\n');
  });

  it('is not brought back over work that is not committed', async () => {
    for (const [path, text] of [['gateway/routes.yaml', 'route: half\n'], ['gateway/untracked.yaml', 'x: 1\n']] as const) {
      repo.write(path, text);
      await expect(runner().execute('configuration', mono)).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringMatching(new RegExp(`not committed: ${path}`)) as string });
      expect(read(path)).toBe(text);
      repo.git('checkout', '--quiet', '--', 'gateway/routes.yaml');
    }
    expect(commits()).toEqual(['split-v1', 'mono-v3']);
    expect((await runner().describe('configuration', mono)).before).toMatch(/ with local changes$/);
  });

  it.each(['mono-v4', '; rm -rf /', '$(touch pwned)', '--output=pwned', '-h', '../../etc', 'two\nlines', 'HEAD:gateway', 'x'.repeat(4_000)])('that does not exist (%s) is refused', async (configVersion) => {
    await expect(runner().execute('configuration', { ...mono, configVersion })).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringContaining('has no version') as string });
    expect(repo.git('status', '--porcelain')).toBe('');
    expect(existsSync(join(repo.directory, 'pwned'))).toBe(false);
    expect(commits()).toEqual(['split-v1', 'mono-v3']);
  });

  it('that has nothing at the paths is refused rather than emptying them', async () => {
    await expect(runner({ paths: ['gateway/new.yaml'] }).execute('configuration', mono)).rejects.toThrow('version mono-v3 has nothing at gateway/new.yaml');
    expect(read('gateway/new.yaml')).toBe('new: true\n');
  });

  it('is finished when an earlier attempt was cut off before its commit', async () => {
    repo.git('restore', '--source=mono-v3', '--staged', '--worktree', '--', 'gateway');
    expect(await runner().state('configuration', mono)).toBe('not-applied');
    await runner().execute('configuration', mono);
    expect(commits()).toEqual(['Restore gateway at mono-v3', 'split-v1', 'mono-v3']);
    expect(repo.git('status', '--porcelain')).toBe('');
  });

  it('leaves the files as they were when the commit fails', async () => {
    const hook = join(repo.directory, '.git/hooks/prepare-commit-msg');
    writeFileSync(hook, '#!/bin/sh\necho no commits today >&2\nexit 1\n');
    chmodSync(hook, 0o755);
    await expect(runner().execute('configuration', mono)).rejects.toMatchObject({ code: 'command-failed', message: expect.stringContaining('no commits today') as string });
    expect(read('gateway/routes.yaml')).toBe('route: split\n');
    expect(repo.git('status', '--porcelain')).toBe('');
  });

  it('is taken up again after an abort in the middle of the commit', async () => {
    const hook = join(repo.directory, '.git/hooks/prepare-commit-msg');
    writeFileSync(hook, '#!/bin/sh\ntouch ../waiting\nsleep 1000\n');
    chmodSync(hook, 0o755);
    const abort = new AbortController();
    const reason = new Error('time is over');
    const running = runner().execute('configuration', mono, abort.signal).catch((error: unknown) => error);
    await waitFor(() => existsSync(join(directory, 'waiting')));
    abort.abort(reason);
    expect(await running).toBe(reason);
    rmSync(hook);
    await runner().execute('configuration', mono);
    expect(await runner().state('configuration', mono)).toBe('applied');
  });

  it.each([['../outside', 'outside'], ['/etc/passwd', 'outside'], ['gateway/../../x', 'outside'], ['.git/config', 'git\'s own directory'], ['link/x', 'through a link']])('never touches the path %s', async (path, message) => {
    symlinkSync('/etc', join(repo.directory, 'link'));
    await expect(runner({ paths: [path] }).execute('configuration', mono)).rejects.toMatchObject({ code: 'parameter-invalid', message: expect.stringContaining(message) as string });
  });

  it('refuses another branch, a detached head, and what is no repository', async () => {
    await expect(runner({ branch: 'production' }).execute('configuration', mono)).rejects.toThrow('is on branch main, not on production');
    repo.git('checkout', '--quiet', '--detach');
    await expect(runner().execute('configuration', mono)).rejects.toThrow('has no branch checked out');
    await expect(runner({ repo: 'gone' }).execute('configuration', mono)).rejects.toThrow(/repository .*gone does not exist/);
    await expect(runner({ repo: '.' }).execute('configuration', mono)).rejects.toThrow('not a git repository');
  });
});

describe('the reload', () => {
  const reload = ['sh', '-c', 'cat config/gateway/routes.yaml >> reloads'];
  const reloads = (): string => readFileSync(join(directory, 'reloads'), 'utf8');

  it('sees the new files, and runs again where nothing tells whether it has', async () => {
    await runner({ reload }).execute('configuration', mono);
    expect(reloads()).toBe('route: mono\n');
    expect(await runner({ reload }).state('configuration', mono)).toBe('unknown');
    await runner({ reload }).execute('configuration', mono);
    expect(reloads()).toBe('route: mono\nroute: mono\n');
    expect(commits()).toHaveLength(3);
  });

  it('fails the step when it fails', async () => {
    await expect(runner({ reload: ['sh', '-c', 'echo bad config >&2; exit 1'] }).execute('configuration', mono)).rejects.toMatchObject({ code: 'command-failed', message: 'sh exited with 1: bad config' });
  });
});

describe('a remote', () => {
  const bare = (): string => join(directory, 'remote.git');
  const remoteGit = (...args: string[]): string => execFileSync('git', ['--git-dir', bare(), ...args], { encoding: 'utf8' }).trim();
  const pushing = (): StepRunner => runner({ push: true });

  beforeEach(() => {
    execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', bare()]);
    repo.git('remote', 'add', 'origin', bare());
    repo.git('push', '--quiet', 'origin', 'main', '--tags');
  });

  /** Somebody else pushes a commit. */
  function pushElsewhere(files: Record<string, string>): void {
    execFileSync('git', ['clone', '--quiet', bare(), join(directory, 'clone')]);
    const clone = new GitRepo(join(directory, 'clone'));
    clone.commit(files);
    clone.git('push', '--quiet', 'origin', 'main');
  }

  it('gets the commit', async () => {
    await pushing().execute('configuration', mono);
    expect(remoteGit('show', 'main:gateway/routes.yaml')).toBe('route: mono');
    expect(await pushing().state('configuration', mono)).toBe('applied');
  });

  it('keeps what others have pushed meanwhile', async () => {
    pushElsewhere({ 'other.txt': 'three\n' });
    await pushing().execute('configuration', mono);
    expect(remoteGit('show', 'main:other.txt')).toBe('three');
    expect(remoteGit('show', 'main:gateway/routes.yaml')).toBe('route: mono');
    expect(remoteGit('log', '--format=%s', 'main').split('\n')).toEqual(['Restore gateway at mono-v3', 'change', 'split-v1', 'mono-v3']);
  });

  it('is never forced: histories that went apart are a person\'s matter', async () => {
    pushElsewhere({ 'other.txt': 'three\n' });
    repo.commit({ 'local.txt': 'x\n' });
    const remoteHead = remoteGit('rev-parse', 'main');
    await expect(pushing().execute('configuration', mono)).rejects.toThrow('have gone different ways');
    expect(remoteGit('rev-parse', 'main')).toBe(remoteHead);
    expect(read('gateway/routes.yaml')).toBe('route: split\n');
  });

  it.each<[string, number, RegExp | undefined]>([['once', 1, undefined], ['again and again', 9, /git push .*(rejected|failed to push)/s]])('that moves on elsewhere between fetch and push (%s) gets the commit on top, or refuses it clearly', async (_how, times, refusal) => {
    execFileSync('git', ['clone', '--quiet', bare(), join(directory, 'clone')]);
    const hook = join(repo.directory, '.git/hooks/pre-push');
    const theirs = `cd ${join(directory, 'clone')} && unset GIT_DIR && n=$(cat ../races 2>/dev/null || echo 0) && if [ $n -lt ${times} ]; then echo $((n + 1)) > ../races; echo $n > other.txt; git -c user.name=eve -c user.email=e@x commit --quiet -am race$n && git push --quiet origin main; fi`;
    writeFileSync(hook, `#!/bin/sh\n${theirs}\n`, { mode: 0o755 });
    writeFileSync(join(repo.directory, 'unrelated.txt'), 'work');
    const failure: unknown = await pushing().execute('configuration', mono).then(() => undefined, (error: unknown) => error);
    rmSync(hook);
    if (refusal === undefined) {
      expect(failure).toBeUndefined();
      expect(remoteGit('log', '--format=%s', 'main').split('\n')).toEqual(['Restore gateway at mono-v3', 'race0', 'split-v1', 'mono-v3']);
    } else {
      expect(failure).toMatchObject({ code: 'command-failed', message: expect.stringMatching(refusal) as string });
      expect(remoteGit('log', '--format=%s', 'main')).not.toContain('Restore');
      await pushing().execute('configuration', mono);
    }
    expect(await pushing().state('configuration', mono)).toBe('applied');
    expect([remoteGit('show', 'main:other.txt'), read('unrelated.txt')]).toEqual([String(Math.min(times, 3) - 1), 'work']);
  });

  it('that refused the commit gets it at the next attempt', async () => {
    const hook = join(bare(), 'hooks/pre-receive');
    writeFileSync(hook, '#!/bin/sh\necho frozen >&2\nexit 1\n');
    chmodSync(hook, 0o755);
    await expect(pushing().execute('configuration', mono)).rejects.toMatchObject({ code: 'command-failed', message: expect.stringContaining('frozen') as string });
    expect(await pushing().state('configuration', mono)).toBe('not-applied');
    rmSync(hook);
    await pushing().execute('configuration', mono);
    expect(remoteGit('log', '--format=%s', 'main').split('\n')).toEqual(['Restore gateway at mono-v3', 'split-v1', 'mono-v3']);
  });
});

describe('a conflict', () => {
  it('with a push at the same moment loses nothing of either side, and says what to do', async () => {
    const bare = join(directory, 'remote.git');
    execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', bare]);
    repo.git('remote', 'add', 'origin', bare);
    repo.git('push', '--quiet', 'origin', 'main', '--tags');
    execFileSync('git', ['clone', '--quiet', bare, join(directory, 'clone')]);
    new GitRepo(join(directory, 'clone')).commit({ 'gateway/routes.yaml': 'route: theirs\n' });
    // Somebody's push comes in between Belay's fetch and its own push.
    const hook = join(repo.directory, '.git/hooks/pre-push');
    writeFileSync(hook, `#!/bin/sh\nunset GIT_DIR\ngit -C ${join(directory, 'clone')} push --quiet origin main\n`);
    chmodSync(hook, 0o755);
    await expect(runner({ push: true }).execute('configuration', mono)).rejects.toMatchObject({ code: 'command-failed', message: expect.stringMatching(/git push .*(rejected|failed to push)/s) as string });
    rmSync(hook);
    const theirs = execFileSync('git', ['--git-dir', bare, 'show', 'main:gateway/routes.yaml'], { encoding: 'utf8' });
    expect(theirs).toBe('route: theirs\n');
    expect(read('gateway/routes.yaml')).toBe('route: mono\n');
    expect(repo.git('status', '--porcelain')).toBe('');
    await expect(runner({ push: true }).execute('configuration', mono)).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringContaining('have gone different ways; bring them together first') as string });
    expect(await runner({ push: true }).state('configuration', mono)).toBe('not-applied');
  });

  it('with a remote that is gone is an error before anything is changed', async () => {
    repo.git('remote', 'add', 'origin', join(directory, 'nowhere.git'));
    await expect(runner({ push: true }).execute('configuration', mono)).rejects.toMatchObject({ code: 'command-failed', message: expect.stringContaining('git fetch') as string });
    expect(read('gateway/routes.yaml')).toBe('route: split\n');
    expect(commits()).toEqual(['split-v1', 'mono-v3']);
  });
});

describe('undo', () => {
  const bare = (): string => join(directory, 'remote.git');
  const remoteGit = (...args: string[]): string => execFileSync('git', ['--git-dir', bare(), ...args], { encoding: 'utf8' }).trim();

  it('is one more commit, pushed, that brings the paths back as they were; nothing is rewritten', async () => {
    execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', bare()]);
    repo.git('remote', 'add', 'origin', bare());
    repo.commit({ 'gateway/new.yaml': 'added: later\n' });
    repo.git('push', '--quiet', 'origin', 'main', '--tags');
    const before = repo.git('rev-parse', 'HEAD:gateway');
    const head = repo.git('rev-parse', 'HEAD');
    const captured = await runner({ push: true }).capture('configuration', mono);
    await runner({ push: true }).execute('configuration', mono);
    expect(existsSync(join(repo.directory, 'gateway/new.yaml'))).toBe(false);
    await runner({ push: true }).undo('configuration', mono, captured);
    expect(repo.git('rev-parse', 'HEAD:gateway')).toBe(before);
    expect(repo.git('rev-parse', 'HEAD~2')).toBe(head);
    expect(remoteGit('rev-parse', 'main')).toBe(repo.git('rev-parse', 'HEAD'));
    expect(remoteGit('log', '-1', '--format=%s', 'main')).toBe(`Restore gateway as at ${head.slice(0, 10)}`);
    // Done already: no further commit.
    await runner({ push: true }).undo('configuration', mono, captured);
    expect(repo.git('rev-parse', 'HEAD~2')).toBe(head);
  });

  it('takes paths out that were not there', async () => {
    repo.commit({ 'gateway/routes.yaml': undefined });
    const captured = await runner().capture('configuration', mono);
    await runner().execute('configuration', mono);
    expect(read('gateway/routes.yaml')).toBe('route: mono\n');
    await runner().undo('configuration', mono, captured);
    expect(existsSync(join(repo.directory, 'gateway/routes.yaml'))).toBe(false);
    expect(repo.git('status', '--porcelain')).toBe('');
  });

  it('refuses where the paths have changed since, and over what is not committed', async () => {
    const captured = await runner().capture('configuration', mono);
    await runner().execute('configuration', mono);
    await expect(runner().undo('configuration', mono, { commit: '--upload-pack=x', objects: {} })).rejects.toMatchObject({ code: 'undo-impossible' });
    repo.write('gateway/routes.yaml', 'route: mine\n');
    await expect(runner().undo('configuration', mono, captured)).rejects.toMatchObject({ code: 'state-drifted' });
    repo.commit({});
    const head = repo.git('rev-parse', 'HEAD');
    await expect(runner().undo('configuration', mono, captured)).rejects.toMatchObject({ code: 'state-drifted' });
    expect(repo.git('rev-parse', 'HEAD')).toBe(head);
    expect(read('gateway/routes.yaml')).toBe('route: mine\n');
  });

  it('takes single items back in a commit, and keeps what others have committed to the file', async () => {
    const itemRunner = runner({ itemsFile: { path: 'gateway/routes.yaml' } });
    const items = { service: 'api-gateway', configItems: { route: 'mono', 'limits.rps': 50 } };
    const captured = await itemRunner.capture('configuration', items);
    await itemRunner.execute('configuration', items);
    repo.commit({ 'gateway/routes.yaml': `${read('gateway/routes.yaml')}other: 1\n` });
    await itemRunner.undo('configuration', items, captured);
    expect(read('gateway/routes.yaml')).toBe('route: split\nother: 1\n');
    expect(commits()[0]).toBe('Put back route, limits.rps in gateway/routes.yaml');
    expect(repo.git('status', '--porcelain')).toBe('');
  });
});

describe('a version counted from HEAD', () => {
  it.each(['HEAD~1', 'HEAD^', '@~1', 'main~1'])('%s names the same commit before and after Belay\'s own', async (configVersion) => {
    const previous = { service: 'api-gateway', configVersion };
    expect(await runner().state('configuration', previous)).toBe('not-applied');
    const captured = await runner().capture('configuration', previous);
    await runner().execute('configuration', previous);
    expect(read('gateway/routes.yaml')).toBe('route: mono\n');
    // After a crash, and a second time: it is there already.
    expect(await runner().state('configuration', previous)).toBe('applied');
    await runner().execute('configuration', previous);
    expect(commits()[0]).toBe(`Restore gateway at ${configVersion}`);
    await runner().undo('configuration', previous, captured);
    expect(read('gateway/routes.yaml')).toBe('route: split\n');
    expect(await runner().state('configuration', previous)).toBe('not-applied');
  });

  it('is refused where history does not go back that far', async () => {
    await expect(runner().execute('configuration', { service: 'api-gateway', configVersion: 'HEAD~9' })).rejects.toMatchObject({ code: 'provider-refused', message: expect.stringContaining('has no version') as string });
  });
});

describe('single items', () => {
  const items = { service: 'api-gateway', configItems: { 'limits.rps': 50, route: 'mono' } };
  const itemRunner = (): StepRunner => runner({ itemsFile: { path: 'gateway/routes.yaml' } });

  it('are set in their file and committed', async () => {
    repo.commit({ 'gateway/routes.yaml': '# who goes where\nroute: split # since May\nlimits:\n  rps: 500\n' });
    expect(await itemRunner().describe('configuration', items)).toMatchObject({ before: { route: 'split', 'limits.rps': 500 }, after: items.configItems });
    await itemRunner().execute('configuration', items);
    expect(read('gateway/routes.yaml')).toBe('# who goes where\nroute: mono # since May\nlimits:\n  rps: 50\n');
    expect(repo.git('log', '-1', '--format=%s')).toBe('Set limits.rps, route in gateway/routes.yaml');
    expect(await itemRunner().state('configuration', items)).toBe('applied');
    expect(repo.git('status', '--porcelain')).toBe('');
  });

  it('are finished when an attempt was cut off, and refused over somebody\'s work', async () => {
    const route = { service: 'api-gateway', configItems: { route: 'mono' } };
    repo.write('gateway/routes.yaml', 'route: mono\n');
    expect(await itemRunner().state('configuration', route)).toBe('not-applied');
    await itemRunner().execute('configuration', route);
    expect(commits()[0]).toBe('Set route in gateway/routes.yaml');
    repo.write('gateway/routes.yaml', 'route: mono\nmine: 1\n');
    await expect(itemRunner().execute('configuration', items)).rejects.toThrow('not committed');
    expect(read('gateway/routes.yaml')).toBe('route: mono\nmine: 1\n');
  });

  it('need an itemsFile in the binding, inside of the repository', async () => {
    await expect(runner().execute('configuration', items)).rejects.toThrow('has no itemsFile');
    symlinkSync('/etc/hostname', join(repo.directory, 'link.yaml'));
    await expect(runner({ itemsFile: { path: 'link.yaml' } }).execute('configuration', items)).rejects.toThrow('through a link');
  });
});
