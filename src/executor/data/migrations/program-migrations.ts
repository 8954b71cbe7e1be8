import { resolve } from 'node:path';
import { BelayError } from '../../../fault/belay-error.js';
import { runProviderCommandWell } from '../../calls/provider-command.js';
import type { Effort } from '../../state-executor.js';
import { filesOf, namesInTable } from './migration-table.js';
import type { MigrationTool } from './migration-tool.js';
import type { MigrationsBinding } from './migrations-binding.js';

/** Calls a tool; the address with its password goes by the environment. */
export function caller({ url, cwd, env, program, tool }: MigrationsBinding, base: string): (args: readonly string[], effort: Effort) => Promise<string> {
  const place = { directory: base, cwd, env: { DATABASE_URL: url, ...env } };
  return (args, effort) => runProviderCommandWell([...(program ?? [tool]), ...args], place, undefined, effort);
}

export function dbmateMigrations(binding: MigrationsBinding, base: string): MigrationTool {
  const { url, table = 'schema_migrations' } = binding;
  const directory = resolve(base, binding.directory);
  const call = caller(binding, base);
  const options = ['--no-dump-schema', `--migrations-dir=${directory}`, `--migrations-table=${table}`];
  const known = (): Promise<string[]> => filesOf(directory, /^\d+.*\.sql$/);
  return {
    async applied(signal) {
      const versions = await namesInTable({ url, table, column: 'version', order: 'version' }, signal);
      const files = await known();
      return versions.map((version) => files.find((file) => /^\d+/.exec(file)?.[0] === version) ?? version);
    },
    known,
    down: (_name, effort) => call([...options, 'rollback'], effort),
    up: (_names, effort) => call([...options, 'migrate'], effort),
  };
}

export function knexMigrations(binding: MigrationsBinding, base: string): MigrationTool {
  const { url, table = 'knex_migrations' } = binding;
  const call = caller(binding, base);
  return {
    applied: (signal) => namesInTable({ url, table, column: 'name', order: 'id' }, signal),
    known: () => filesOf(resolve(base, binding.directory), /\.[cm]?[jt]s$/),
    down: (name, effort) => call(['migrate:down', name], effort),
    async up(names, effort) {
      for (const name of names) await call(['migrate:up', name], effort);
    },
  };
}

export function nodePgMigrations(binding: MigrationsBinding, base: string): MigrationTool {
  const { url, table = 'pgmigrations' } = binding;
  const directory = resolve(base, binding.directory);
  const call = caller(binding, base);
  const options = [`--migrations-dir=${directory}`, `--migrations-table=${table}`];
  return {
    applied: (signal) => namesInTable({ url, table, column: 'name', order: 'id' }, signal),
    known: async () => (await filesOf(directory, /\.(?:sql|[cm]?[jt]s)$/)).map((name) => name.replace(/\.[^.]+$/, '')),
    down: (_name, effort) => call(['down', '1', ...options], effort),
    up: (names, effort) => call(['up', String(names.length), ...options], effort),
  };
}

/** Any other tool, behind three argument lists. */
export function commandMigrations(binding: MigrationsBinding, base: string): MigrationTool {
  const { status, down, up, cwd, env } = binding;
  if (status === undefined || down === undefined || up === undefined) throw new BelayError('parameter-invalid', 'the tool "command" needs status, down and up');
  const place = { directory: base, cwd, env };
  const listed = async (signal: AbortSignal): Promise<{ name: string; isApplied: boolean }[]> => {
    const printed = await runProviderCommandWell(status, place, undefined, { signal });
    return printed.split('\n').flatMap((line) => {
      const [, mark, name] = /^\s*\[([ xX])\]\s+(.*\S)\s*$/.exec(line) ?? [];
      return name === undefined ? [] : [{ name, isApplied: mark !== ' ' }];
    });
  };
  return {
    applied: async (signal) => (await listed(signal)).filter(({ isApplied }) => isApplied).map(({ name }) => name),
    known: async (signal) => (await listed(signal)).map(({ name }) => name),
    down: (migration, effort) => runProviderCommandWell(down, place, { migration }, effort),
    async up(names, effort) {
      for (const migration of names) await runProviderCommandWell(up, place, { migration }, effort);
    },
  };
}
