import { join } from 'node:path';
import { BelayError } from '../../../fault/belay-error.js';
import { runCommand } from '../../../process/run-command.js';
import { postgresEnvironment, type PostgresAddress } from '../../calls/postgres-connection.js';
import { commandFailed } from '../../calls/provider-command.js';
import type { Effort } from '../../state-executor.js';

const LISTING_BYTES = 64 * 1024 * 1024;

/** PostgreSQL's own programs, with every value in the environment or as an argument of its own. */
export class PostgresPrograms {
  readonly #address: PostgresAddress;
  readonly #directory: string | undefined;
  readonly #env: Readonly<Record<string, string>>;

  /** `directory`: where the programs are; without it they are looked up in PATH. */
  constructor(address: PostgresAddress, directory: string | undefined, env: Readonly<Record<string, string>> = {}) {
    this.#address = address;
    this.#directory = directory;
    this.#env = env;
  }

  /** Runs a program against a database of the server. Throws `command-failed` with its words. */
  async run(program: 'pg_restore' | 'psql', args: readonly string[], database: string, effort: Effort): Promise<void> {
    await this.#run(program, args, { ...postgresEnvironment({ ...this.#address, database }), ...this.#env }, effort);
  }

  /** What `pg_restore` prints of an archive, without any server; wall clocks come out as they were written. */
  async readArchive(args: readonly string[], effort: Effort): Promise<string> {
    return await this.#run('pg_restore', args, { TZ: 'UTC' }, effort);
  }

  async #run(program: string, args: readonly string[], env: Record<string, string>, { signal, attemptId }: Effort): Promise<string> {
    const path = this.#directory === undefined ? program : join(this.#directory, program);
    const result = await runCommand({ argv: [path, ...args], env: { ...env, LC_ALL: 'C', LC_MESSAGES: 'C' }, signal, attemptId, maxOutputBytes: LISTING_BYTES });
    if (result.exitCode !== 0) throw commandFailed(program, result);
    if (result.truncated) throw new BelayError('command-failed', `${program} printed more than can be kept`);
    return result.stdout;
  }
}
