import { CommanderError } from 'commander';
import { shortList } from '../config/closest-word.js';
import { version } from '../daemon/version.js';
import { BelayError, errorText } from '../fault/belay-error.js';
import { exitCodes, type ExitCode } from './exit-code.js';
import { Output } from './output.js';
import { createProgram } from './program.js';

/** Runs one command line and resolves with its exit code. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  if (argv.length === 1 && argv[0] === '--version') {
    process.stdout.write(`${version}\n`);
    return exitCodes.ok;
  }
  let code: ExitCode = exitCodes.ok;
  const done = (result: ExitCode): void => {
    code = result;
  };
  const program = await createProgram(argv, done);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    // Commander has said what was wrong, or shown the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.wrongUse;
    const output = new Output(process.stderr);
    output.talk(`belay: ${program.opts<{ verbose?: boolean }>().verbose === true && error instanceof Error ? (error.stack ?? error.message) : errorText(error)}`);
    const known = knownNames(error);
    if (known !== undefined) output.talk(`  known: ${known}`);
    return exitCodeFor(error);
  }
}

/** What could have been named instead, where the error says so. */
function knownNames(error: unknown): string | undefined {
  const known: unknown = error instanceof BelayError ? error.context['known'] : undefined;
  if (!Array.isArray(known)) return undefined;
  return known.length === 0 ? 'none' : shortList(known.map(String));
}

function exitCodeFor(error: unknown): ExitCode {
  if (!(error instanceof BelayError)) return exitCodes.bad;
  if (error.code === 'daemon-unreachable') return exitCodes.unreachable;
  return error.code === 'wrong-use' ? exitCodes.wrongUse : exitCodes.bad;
}
