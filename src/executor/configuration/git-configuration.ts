import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import type { ConfigurationMemory, ConfigurationProvider, ConfigurationRequest } from './configuration-provider.js';
import { filePath } from '../calls/command-line.js';
import { GitRepository, pathInside, RESTORED } from './git-repository.js';
import { captureItems, hasItems, itemFormat, itemFormatSchema, type ItemFile, readItems, withItems, withItemsBack } from './item-file.js';
import { capturedItems } from './item-memory.js';
import { reloading } from './reload.js';
import { oneAtATime } from '../calls/one-at-a-time.js';
import { type Effort, isAsCaptured, type Reading } from '../state-executor.js';
import type { StepParameters } from '../step-parameters.js';
import { editFile } from '../text/replace-file.js';

export const gitConfigurationBinding = z.strictObject({
  type: z.literal('git'),
  repo: filePath.describe('A working copy.'),
  /** What is brought back, relative to the repository. */
  paths: z.array(filePath).min(1).describe('What is brought back, relative to the repository.'),
  /** Where `configItems` are set: one file of the repository. Without it the binding takes `configVersion` only. */
  itemsFile: z.strictObject({
    path: filePath.describe('The file of the repository in which `configItems` are set. Without `itemsFile` the binding takes `configVersion` only.'),
    format: itemFormatSchema.describe('Without it the file\'s name tells.'),
  }).optional().describe('The file that steps with `configItems` change.'),
  branch: filePath.optional().meta({ title: 'name', description: 'The branch that must be checked out; without it, whichever is.' }),
  push: z.boolean().default(false).describe('Brings the branch up to its remote first, and pushes the commit.'),
  remote: filePath.default('origin').meta({ title: 'name', description: 'Where to push.' }),
  ...reloading,
});
type GitBinding = z.infer<typeof gitConfigurationBinding>;

/**
 * Configuration in a git repository. A version (any reference to a commit) is brought back at the binding's paths as a
 * new commit on the branch that is checked out, so history only ever grows; single items are set in one file and
 * committed as well. With `push`, the branch is first brought up to its remote, which must take the commit. What was
 * there before is put back in the same way, by one more commit.
 */
export function gitConfiguration(binding: GitBinding, directory: string): ConfigurationProvider {
  const repo = new GitRepository(resolve(directory, binding.repo), binding.env);

  async function committing(effort: Effort, commit: () => Promise<void>): Promise<void> {
    await oneAtATime(repo.directory, effort.signal, async () => {
      const branch = await checkedBranch(repo, binding, effort);
      if (!binding.push) {
        await commit();
        return;
      }
      for (let push = 1; ; push += 1) {
        await catchUp(repo, binding.remote, branch, effort);
        const before = await repo.commitOf('HEAD', effort);
        await commit();
        try {
          await repo.run(['push', '--quiet', '--end-of-options', binding.remote, `HEAD:refs/heads/${branch}`], effort);
          return;
        } catch (error) {
          effort.signal.throwIfAborted();
          const isTakenBack = await takeBack(repo, binding, branch, before, effort);
          if (push === MOST_PUSHES || !isTakenBack) throw error;
        }
      }
    });
  }

  const memory: ConfigurationMemory = {
    async capture({ parameters: { configItems } }, signal) {
      if (configItems !== undefined) return await captureItems((await checkedItemsFile(repo, binding)).file, Object.keys(configItems));
      const commit = await repo.commitOf('HEAD', { signal });
      return { commit, objects: await repo.objectsAt(commit, await checkedPaths(repo, binding), { signal }) };
    },
    async putBack(request, captured, effort) {
      await committing(effort, async () => {
        if (request.parameters.configItems === undefined) {
          const { commit } = capturedPaths(request, captured);
          await restoreCommit(repo, binding, commit, `as at ${commit.slice(0, 10)}`, effort);
          return;
        }
        const { file, path } = await checkedItemsFile(repo, binding);
        const items = capturedItems(request, captured);
        await editItems(repo, path, `Put back ${Object.keys(request.parameters.configItems).join(', ')} in ${path}`, (text) => withItemsBack(text, file, items), effort);
      });
    },
    async read(request, captured, signal) {
      const back = await isBack(request, captured, { signal });
      return back ? await pushed(repo, binding, { state: 'applied' }, { signal }) : { state: 'not-applied' };
    },
  };

  async function isBack(request: ConfigurationRequest, captured: unknown, effort: Effort): Promise<boolean> {
    if (request.parameters.configItems !== undefined) {
      const { path } = await checkedItemsFile(repo, binding);
      return isAsCaptured(await memory.capture(request, effort.signal), captured) && (await repo.dirtyFiles([path], effort)).length === 0;
    }
    const { objects } = capturedPaths(request, captured);
    const paths = await checkedPaths(repo, binding);
    return isAsCaptured(await repo.objectsAt('HEAD', paths, effort), objects) && (await repo.dirtyFiles(paths, effort)).length === 0;
  }

  return {
    async read({ parameters }, signal) {
      return await pushed(repo, binding, await readLocal(repo, binding, parameters, { signal }), { signal });
    },
    apply: ({ parameters }, effort) =>
      committing(effort, async () => {
        if (parameters.configVersion === undefined) await setItems(repo, binding, parameters, effort);
        else await restoreVersion(repo, binding, parameters.configVersion, effort);
      }),
    memory,
  };
}

/** Somebody else's push may come between the fetch and Belay's own, so often. */
const MOST_PUSHES = 3;

const capturedPathsSchema = z.strictObject({ commit: z.string().regex(/^[0-9a-f]{40,64}$/), objects: z.record(z.string(), z.string().nullable()) });

function capturedPaths({ parameters: { service } }: ConfigurationRequest, captured: unknown): z.infer<typeof capturedPathsSchema> {
  const read = capturedPathsSchema.safeParse(captured);
  if (read.success) return read.data;
  throw new BelayError('undo-impossible', `configuration of ${service}: what was captured does not name a commit`);
}

/** With `push`, the state is there once the remote has it as well. */
async function pushed(repo: GitRepository, binding: GitBinding, local: Reading, effort: Effort): Promise<Reading> {
  if (local.state !== 'applied' || !binding.push) return local;
  const branch = await checkedBranch(repo, binding, effort);
  const remoteHead = (await repo.run(['ls-remote', '--end-of-options', binding.remote, `refs/heads/${branch}`], effort)).split('\t')[0];
  if (remoteHead === (await repo.commitOf('HEAD', effort))) return local;
  return { state: 'not-applied', problem: `${binding.remote} has another commit on ${branch}` };
}

async function readLocal(repo: GitRepository, binding: GitBinding, parameters: StepParameters<'configuration'>, effort: Effort): Promise<Reading> {
  if (parameters.configVersion !== undefined) {
    const paths = await checkedPaths(repo, binding);
    const commit = await repo.versionOf(parameters.configVersion, effort);
    if (await repo.isAt(commit, paths, effort)) return { state: 'applied', actual: parameters.configVersion };
    const head = await repo.run(['rev-parse', '--short', 'HEAD'], effort);
    return { state: 'not-applied', actual: `${head}${(await repo.dirtyFiles(paths, effort)).length > 0 ? ' with local changes' : ''}` };
  }
  const { file, path } = await checkedItemsFile(repo, binding);
  const wanted = parameters.configItems ?? {};
  const actual = await readItems(file, Object.keys(wanted));
  const asWanted = hasItems(actual, wanted, file.format) && (await repo.dirtyFiles([path], effort)).length === 0;
  return { state: asWanted ? 'applied' : 'not-applied', actual };
}

async function restoreVersion(repo: GitRepository, binding: GitBinding, version: string, effort: Effort): Promise<void> {
  const commit = await repo.versionOf(version, effort);
  if ((await pathsIn(repo, [commit], await checkedPaths(repo, binding), effort)).length === 0) {
    throw new BelayError('provider-refused', `version ${version} has nothing at ${binding.paths.join(', ')}`);
  }
  await restoreCommit(repo, binding, commit, `at ${version}`, effort);
}

/** `how` follows the paths in the first line of the message. */
async function restoreCommit(repo: GitRepository, binding: GitBinding, commit: string, how: string, effort: Effort): Promise<void> {
  const paths = await pathsIn(repo, [commit, 'HEAD'], await checkedPaths(repo, binding), effort);
  // An attempt that was cut off before its commit left exactly the wanted files; all other changes are somebody's work.
  const isHalfDone = await filesAreAt(repo, commit, paths, effort);
  if (!isHalfDone) await refuseDirty(repo, paths, effort);
  await commitOrPutBack(repo, paths, `Restore ${paths.join(', ')} ${how}\n\n${RESTORED}: ${commit}`, effort, async () => {
    await repo.run(['restore', `--source=${commit}`, '--staged', '--worktree', '--', ...paths], effort);
  });
}

async function setItems(repo: GitRepository, binding: GitBinding, { configItems = {} }: StepParameters<'configuration'>, effort: Effort): Promise<void> {
  const { file, path } = await checkedItemsFile(repo, binding);
  await editItems(repo, path, `Set ${Object.keys(configItems).join(', ')} in ${path}`, (text) => withItems(text, file, configItems), effort);
}

async function editItems(repo: GitRepository, path: string, message: string, edit: (text: string) => string, effort: Effort): Promise<void> {
  const absolute = join(repo.directory, path);
  const isHalfDone = (await readFile(absolute, 'utf8')) === edit(await repo.output(['show', `HEAD:${path}`], effort));
  if (!isHalfDone) await refuseDirty(repo, [path], effort);
  await commitOrPutBack(repo, [path], message, effort, () => editFile(absolute, effort.signal, edit));
}

/** Commits what `change` does to the paths and nothing else; when that fails, the paths are put back to HEAD. */
async function commitOrPutBack(repo: GitRepository, paths: readonly string[], message: string, effort: Effort, change: () => Promise<void>): Promise<void> {
  try {
    await change();
    if ((await repo.dirtyFiles(paths, effort)).length === 0) return;
    // Checks that hooks make on people's commits must not stand in the way of a rollback.
    await repo.run(['commit', '--quiet', '--no-verify', '--cleanup=whitespace', `--message=${message}`, '--only', '--', ...paths], effort);
  } catch (error) {
    if (!effort.signal.aborted) await putBack(repo, paths, error, effort);
    throw error;
  }
}

async function putBack(repo: GitRepository, paths: readonly string[], reason: unknown, effort: Effort): Promise<void> {
  try {
    const known: string[] = [];
    for (const path of paths) if ((await repo.run(['ls-files', '--', path], effort)) !== '') known.push(path);
    const inHead = await pathsIn(repo, ['HEAD'], paths, effort);
    await repo.run(['restore', '--source=HEAD', '--staged', '--worktree', '--', ...new Set([...known, ...inHead])], effort);
  } catch (error) {
    throw new AggregateError([reason, error]);
  }
}

/** Those of the paths that at least one of the commits has; git refuses to be asked for others. */
async function pathsIn(repo: GitRepository, commits: readonly string[], paths: readonly string[], effort: Effort): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    for (const commit of commits) {
      if ((await repo.run(['ls-tree', '--name-only', commit, '--', path], effort)) === '') continue;
      found.push(path);
      break;
    }
  }
  return found;
}

/** Whether the working copy is at the commit, whatever HEAD is. */
async function filesAreAt(repo: GitRepository, commit: string, paths: readonly string[], effort: Effort): Promise<boolean> {
  const hasUntracked = (await repo.dirtyFiles(paths, effort)).some((entry) => entry.startsWith('??'));
  return !hasUntracked && (await repo.holds(['diff', '--quiet', commit, '--', ...paths], effort));
}

async function refuseDirty(repo: GitRepository, paths: readonly string[], effort: Effort): Promise<void> {
  const dirty = await repo.dirtyFiles(paths, effort);
  if (dirty.length === 0) return;
  const shown = dirty.slice(0, 5).map((entry) => entry.slice(3)).join(', ');
  throw new BelayError('provider-refused', `${repo.directory} has changes that are not committed: ${shown}${dirty.length > 5 ? ' …' : ''}; commit or remove them`);
}

async function catchUp(repo: GitRepository, remote: string, branch: string, effort: Effort): Promise<void> {
  await repo.run(['fetch', '--quiet', '--tags', '--end-of-options', remote, `refs/heads/${branch}`], effort);
  const isBehind = await repo.holds(['merge-base', '--is-ancestor', 'HEAD', 'FETCH_HEAD'], effort);
  const isAhead = await repo.holds(['merge-base', '--is-ancestor', 'FETCH_HEAD', 'HEAD'], effort);
  if (!isBehind && !isAhead) throw new BelayError('provider-refused', `${branch} and ${remote}/${branch} have gone different ways; bring them together first`);
  if (!isAhead) await repo.run(['merge', '--quiet', '--ff-only', 'FETCH_HEAD'], effort);
}

/**
 * Takes back the commit that the remote has refused, and that nobody else has, where the remote has only moved on
 * elsewhere since: it is made anew on top. Where others have changed the same paths, both sides stay as they are, for a person.
 */
async function takeBack(repo: GitRepository, binding: GitBinding, branch: string, before: string, effort: Effort): Promise<boolean> {
  await repo.run(['fetch', '--quiet', '--tags', '--end-of-options', binding.remote, `refs/heads/${branch}`], effort);
  const hasMovedOn = !(await repo.holds(['merge-base', '--is-ancestor', 'FETCH_HEAD', 'HEAD'], effort)) && (await repo.holds(['merge-base', '--is-ancestor', before, 'FETCH_HEAD'], effort));
  const paths = [...(await checkedPaths(repo, binding)), ...(binding.itemsFile === undefined ? [] : [await pathInside(repo.directory, binding.itemsFile.path)])];
  if (!hasMovedOn || !(await repo.holds(['diff', '--quiet', before, 'FETCH_HEAD', '--', ...paths], effort))) return false;
  // Keeps what is in the working copy and not committed.
  await repo.run(['reset', '--quiet', '--keep', before], effort);
  return true;
}

async function checkedBranch(repo: GitRepository, binding: GitBinding, effort: Effort): Promise<string> {
  const branch = await repo.branch(effort);
  if (binding.branch === undefined || branch === binding.branch) return branch;
  throw new BelayError('provider-refused', `${repo.directory} is on branch ${branch}, not on ${binding.branch}`);
}

async function checkedPaths(repo: GitRepository, binding: GitBinding): Promise<string[]> {
  return await Promise.all(binding.paths.map((path) => pathInside(repo.directory, path)));
}

async function checkedItemsFile(repo: GitRepository, binding: GitBinding): Promise<{ file: ItemFile; path: string }> {
  if (binding.itemsFile === undefined) throw new BelayError('parameter-invalid', `the binding of ${binding.repo} has no itemsFile, so it takes configVersion only`);
  const path = await pathInside(repo.directory, binding.itemsFile.path);
  return { path, file: { path: join(repo.directory, path), shown: path, format: itemFormat(path, binding.itemsFile.format) } };
}
