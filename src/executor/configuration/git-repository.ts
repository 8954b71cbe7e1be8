import { realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, relative, sep } from 'node:path';
import { BelayError } from '../../fault/belay-error.js';
import { runCommand, type CommandResult } from '../../process/run-command.js';
import { commandFailed } from '../calls/provider-command.js';
import type { Effort } from '../state-executor.js';

/** Commits are Belay's own, so that the history tells who made them; nothing waits for a password or an editor. */
const GIT_ENVIRONMENT = {
  GIT_AUTHOR_NAME: 'Belay',
  GIT_AUTHOR_EMAIL: 'belay@localhost',
  GIT_COMMITTER_NAME: 'Belay',
  GIT_COMMITTER_EMAIL: 'belay@localhost',
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_EDITOR: 'true',
  LC_ALL: 'C',
};

/** The trailer of commits that bring paths back to an earlier commit, which it names. */
export const RESTORED = 'Belay-Restored';

const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

/** One working copy, asked through the git program. Paths are literal, never patterns. */
export class GitRepository {
  readonly directory: string;
  readonly #env: Readonly<Record<string, string>>;

  constructor(directory: string, env: Readonly<Record<string, string>> = {}) {
    this.directory = directory;
    this.#env = { ...GIT_ENVIRONMENT, ...env };
  }

  /** Throws `command-failed` with git's words unless it exits with 0. */
  async run(args: readonly string[], effort: Effort): Promise<string> {
    return (await this.output(args, effort)).trim();
  }

  /** As `run`, with every blank that git prints. */
  async output(args: readonly string[], effort: Effort): Promise<string> {
    const result = await this.#ask(args, effort);
    if (result.exitCode !== 0) throw commandFailed(`git ${args[0] ?? ''}`, result);
    if (result.truncated) throw new BelayError('command-failed', `git ${args[0] ?? ''} printed more than can be kept`);
    return result.stdout;
  }

  /** For git commands that answer by exit code: 0 is true, 1 is false. */
  async holds(args: readonly string[], effort: Effort): Promise<boolean> {
    const result = await this.#ask(args, effort);
    if (result.exitCode === 0 || result.exitCode === 1) return result.exitCode === 0;
    throw commandFailed(`git ${args[0] ?? ''}`, result);
  }

  /** The id of the commit that a reference names. Throws `provider-refused` when there is none. */
  async commitOf(reference: string, effort: Effort): Promise<string> {
    const result = await this.#ask(['rev-parse', '--verify', '--quiet', '--end-of-options', `${reference}^{commit}`], effort);
    if (result.exitCode === 0) return result.stdout.trim();
    throw new BelayError('provider-refused', `${this.directory} has no version ${JSON.stringify(reference)}`);
  }

  /**
   * As `commitOf`, for what a person names: `HEAD~1` counts from the last commit that is not a restoration by Belay, so
   * that it names the same commit before and after Belay's own.
   */
  async versionOf(reference: string, effort: Effort): Promise<string> {
    const [, start, rest] = /^([^~^@]+|@)(.*)$/.exec(reference) ?? [];
    if (start === undefined || !['HEAD', '@', await this.branch(effort)].includes(start)) return await this.commitOf(reference, effort);
    return await this.commitOf(`${await this.#lastOfPeople(effort)}${rest ?? ''}`, effort);
  }

  async #lastOfPeople(effort: Effort): Promise<string> {
    const lines = (await this.run(['log', '--first-parent', '--max-count=1000', `--format=%H %(trailers:key=${RESTORED},valueonly,separator=%x20)`, 'HEAD', '--'], effort)).split('\n');
    const found = lines.find((line) => !line.trim().includes(' '));
    return found?.trim() ?? 'HEAD';
  }

  /** The ids of the paths' contents in a commit, `null` for those that it lacks. */
  async objectsAt(commit: string, paths: readonly string[], effort: Effort): Promise<Record<string, string | null>> {
    const entries: [string, string | null][] = [];
    for (const path of paths) {
      const listed = await this.run(['ls-tree', '--format=%(objectname)', commit, '--', path], effort);
      entries.push([path, listed === '' ? null : listed]);
    }
    return Object.fromEntries(entries);
  }

  async branch(effort: Effort): Promise<string> {
    const result = await this.#ask(['symbolic-ref', '--quiet', '--short', 'HEAD'], effort);
    if (result.exitCode === 0) return result.stdout.trim();
    if (result.exitCode === 1) throw new BelayError('provider-refused', `${this.directory} has no branch checked out`);
    throw commandFailed('git symbolic-ref', result);
  }

  /** Whether the paths are the same, additions and removals included, in a commit and in HEAD, the index and the working copy. */
  async isAt(commit: string, paths: readonly string[], effort: Effort): Promise<boolean> {
    return (await this.holds(['diff', '--quiet', commit, 'HEAD', '--', ...paths], effort)) && (await this.dirtyFiles(paths, effort)).length === 0;
  }

  /** Files in the paths that differ from HEAD or are untracked, with git's two letters before them. */
  async dirtyFiles(paths: readonly string[], effort: Effort): Promise<string[]> {
    const output = await this.output(['status', '--porcelain=v1', '-z', '--no-renames', '--untracked-files=all', '--', ...paths], effort);
    return output.split('\0').filter((entry) => entry !== '');
  }

  async #ask(args: readonly string[], { signal, attemptId }: Effort): Promise<CommandResult> {
    const isDirectory = await stat(this.directory).then((found) => found.isDirectory(), () => false);
    if (!isDirectory) throw new BelayError('provider-refused', `the repository ${this.directory} does not exist`);
    return await runCommand({ argv: ['git', '--literal-pathspecs', '--no-pager', ...args], cwd: this.directory, env: this.#env, signal, attemptId, maxOutputBytes: MAX_OUTPUT_BYTES });
  }
}

/**
 * A relative path that stays inside its root, also through links. Throws `parameter-invalid` otherwise, and for git's
 * own directory.
 */
export async function pathInside(root: string, path: string): Promise<string> {
  const normal = normalize(path);
  const parts = normal.split(sep);
  if (isAbsolute(path) || parts[0] === '..') throw new BelayError('parameter-invalid', `${path} lies outside of ${root}`);
  if (parts.includes('.git')) throw new BelayError('parameter-invalid', `${path} lies in git's own directory`);
  const realRoot = await realpath(root);
  const fromRoot = relative(realRoot, await realPathOfNearest(join(realRoot, normal)));
  if (isAbsolute(fromRoot) || fromRoot.split(sep)[0] === '..') throw new BelayError('parameter-invalid', `${path} leads outside of ${root} through a link`);
  return normal;
}

/** What may be missing (a removed file is brought back) is judged by the nearest directory that is there. */
async function realPathOfNearest(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    return await realPathOfNearest(dirname(path));
  }
}
