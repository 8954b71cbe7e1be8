import { randomUUID } from 'node:crypto';
import { lstat, readdir, readlink, realpath, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { BelayError, errorText } from '../../fault/belay-error.js';
import { filePath } from '../calls/command-line.js';
import { oneAtATime } from '../calls/one-at-a-time.js';
import type { Effort } from '../state-executor.js';
import { syncDirectory } from '../text/replace-file.js';
import { withWayBack } from './way-back.js';

/** How a binding names its releases: a directory with one directory per version, and the link to the one that counts. */
export const releaseLinkSettings = {
  releases: filePath.describe('The directory of the releases, one directory per version.'),
  link: filePath.describe('The symlink to the release that counts.'),
};

/** What the link says. `unfinished`: it was moved, and nothing says that what runs has followed. */
export interface LinkState {
  /** Absent where there is no link. */
  readonly version?: string | undefined;
  readonly unfinished?: { readonly from?: string | undefined; readonly to: string } | undefined;
}

export function unfinishedText({ from, to }: NonNullable<LinkState['unfinished']>): string {
  return `a switch from ${from ?? 'no release'} to ${to} that was not finished`;
}

/** Makes a release run, once the link names it. `isHurried`: the step's time is over, so it is only told to run. */
export type BringUp = (version: string, effort: Effort, isHurried: boolean) => Promise<void>;

const SHOWN_RELEASES = 20;

/**
 * Releases in a directory, and the symlink that names the current one. While a switch is under way, a second link beside
 * it (`.current.switching`) tells from where to where, so that it is known after a crash. Throws `provider-refused` for
 * a version that is not there and for a link that is none.
 */
export class ReleaseLink {
  readonly path: string;
  readonly #releases: string;

  constructor({ releases, link }: { readonly releases: string; readonly link: string }, directory: string) {
    this.path = resolve(directory, link);
    this.#releases = resolve(directory, releases);
  }

  async read(): Promise<LinkState> {
    const version = await this.#version();
    const mark = await linkText(this.#markPath);
    const [from, to] = mark?.split('/') ?? [];
    // Who has moved the link elsewhere since then has finished it in their own way.
    if (to === undefined || (version !== to && version !== nameOf(from))) return { version };
    return { version, unfinished: { from: nameOf(from), to } };
  }

  /** The version to go back to: what the link names, or named before a switch that was not finished. */
  async before(): Promise<string | undefined> {
    const { version, unfinished } = await this.read();
    return unfinished === undefined ? version : unfinished.from;
  }

  /** When the link was moved last; milliseconds since the epoch. */
  async movedAt(): Promise<number> {
    return (await lstat(this.path)).ctimeMs;
  }

  /** The real path of a release. */
  async pathOf(version: string): Promise<string> {
    const names = await this.#names();
    if (!names.includes(version)) {
      const shown = names.slice(0, SHOWN_RELEASES).join(', ') || 'none at all';
      const more = names.length > SHOWN_RELEASES ? ` and ${names.length - SHOWN_RELEASES} more` : '';
      throw new BelayError('provider-refused', `there is no release ${shortened(version)} in ${this.#releases}; there are ${shown}${more}`);
    }
    return await realpath(join(this.#releases, version));
  }

  /** The version whose directory holds a path; `undefined` for a path elsewhere. */
  async versionAt(path: string): Promise<string | undefined> {
    const [version = ''] = relative(await realpath(this.#releases), path).split(sep);
    return version === '' || version === '..' ? undefined : version;
  }

  /**
   * Moves the link and has `bringUp` make it run. When that fails or is aborted, the link is moved back and the release
   * before is brought up again, before the error is thrown on.
   */
  async switchTo(version: string, effort: Effort, bringUp: BringUp): Promise<void> {
    await oneAtATime(this.path, effort.signal, async () => {
      await this.pathOf(version);
      const from = await this.before();
      await this.#place(this.#markPath, `${from ?? '.'}/${version}`);
      const forward = async (): Promise<void> => {
        await this.#pointAt(version);
        await bringUp(version, effort, false);
      };
      await (from === version ? forward() : withWayBack(from, effort, forward, (within, isHurried) => this.#goBack(from, within, isHurried, bringUp)));
      await this.#unmark();
    });
  }

  async #goBack(from: string | undefined, effort: Effort, isHurried: boolean, bringUp: BringUp): Promise<void> {
    if (from === undefined) await rm(this.path, { force: true });
    else {
      await this.#pointAt(from);
      await bringUp(from, effort, isHurried);
    }
    await this.#unmark();
  }

  async #version(): Promise<string | undefined> {
    const found = await lstat(this.path).catch(unlessMissing);
    if (found === undefined) return undefined;
    if (!found.isSymbolicLink()) throw new BelayError('provider-refused', `${this.path} is not a symlink, so it cannot be moved to another release`);
    const target = resolve(dirname(this.path), await readlink(this.path));
    // A release that was removed is still named by the link.
    const real = await realpath(target).catch(() => target);
    const version = await this.versionAt(real);
    if (version === undefined) throw new BelayError('provider-refused', `${this.path} leads to ${target}, which is not in ${this.#releases}`);
    return version;
  }

  async #names(): Promise<string[]> {
    const entries = await readdir(this.#releases, { withFileTypes: true }).catch((error: unknown) => {
      throw new BelayError('provider-refused', `the releases in ${this.#releases} cannot be read: ${errorText(error)}`);
    });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name).toSorted();
  }

  async #pointAt(version: string): Promise<void> {
    if ((await this.#version()) === version) return;
    const home = await realpath(dirname(this.path));
    await this.#place(this.path, relative(home, await this.pathOf(version)));
  }

  get #markPath(): string {
    return join(dirname(this.path), `.${basename(this.path)}.switching`);
  }

  async #unmark(): Promise<void> {
    await rm(this.#markPath, { force: true });
    await syncDirectory(dirname(this.path));
  }

  /** In one step, so that whoever looks finds the old link or the new one, and so does a machine that loses power. */
  async #place(path: string, target: string): Promise<void> {
    const temporaryPath = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
    try {
      await symlink(target, temporaryPath);
      await rename(temporaryPath, path);
    } finally {
      await rm(temporaryPath, { force: true });
    }
    await syncDirectory(dirname(path));
  }
}

function nameOf(text: string | undefined): string | undefined {
  return text === '.' ? undefined : text;
}

function shortened(version: string): string {
  return JSON.stringify(version.length > 100 ? `${version.slice(0, 100)}…` : version);
}

async function linkText(path: string): Promise<string | undefined> {
  return await readlink(path).catch(unlessMissing);
}

function unlessMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}
