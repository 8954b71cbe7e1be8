import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A real repository on branch `main`, driven as a person would. */
export class GitRepo {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory, { recursive: true });
    this.git('init', '--quiet', '--initial-branch=main');
  }

  git(...args: string[]): string {
    return execFileSync('git', ['-c', 'user.name=Ana', '-c', 'user.email=ana@example.com', ...args], { cwd: this.directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.directory, path)), { recursive: true });
    writeFileSync(join(this.directory, path), text);
  }

  /** Writes the files (`undefined` removes one) and commits them, under a tag if one is named. */
  commit(files: Record<string, string | undefined>, tag?: string): string {
    for (const [path, text] of Object.entries(files)) {
      if (text === undefined) this.git('rm', '--quiet', path);
      else this.write(path, text);
    }
    this.git('add', '--all');
    this.git('commit', '--quiet', '--message', tag ?? 'change');
    if (tag !== undefined) this.git('tag', tag);
    return this.git('rev-parse', 'HEAD');
  }
}
