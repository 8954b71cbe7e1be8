import { execa } from 'execa';

/** Runs git in a repository and gives its trimmed output; rejects with git's own words. Settings of the machine and of an outer git are kept out. */
export async function git(repository: string, ...argv: readonly string[]): Promise<string> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_')));
  const { stdout } = await execa('git', ['-C', repository, ...argv], {
    env: { ...env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    extendEnv: false,
  });
  return stdout.trim();
}
