import { CommanderError } from 'commander';
import { version } from '../daemon/version.js';
import { BelayError, errorText } from '../fault/belay-error.js';
import { exitCodes, type ExitCode } from './exit-code.js';
import { Output } from './output.js';
import { createProgram } from './program.js';

const MOST_KNOWN = 20;

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
    const talk = new Output(process.stderr);
    talk.talk(`belay: ${program.opts<{ verbose?: boolean }>().verbose === true && error instanceof Error ? (error.stack ?? error.message) : errorText(error)}`);
    const known = knownNames(error);
    if (known !== undefined) talk.talk(`  known: ${known}`);
    return exitCodeFor(error);
  }
}

/** What could have been named instead, where the error says so. */
function knownNames(error: unknown): string | undefined {
  const known: unknown = error instanceof BelayError ? error.context['known'] : undefined;
  if (!Array.isArray(known)) return undefined;
  if (known.length === 0) return 'none';
  return `${known.slice(0, MOST_KNOWN).join(', ')}${known.length > MOST_KNOWN ? `, and ${known.length - MOST_KNOWN} more` : ''}`;
}

function exitCodeFor(error: unknown): ExitCode {
  if (!(error instanceof BelayError)) return exitCodes.bad;
  if (error.code === 'daemon-unreachable') return exitCodes.unreachable;
  return error.code === 'wrong-use' ? exitCodes.wrongUse : exitCodes.bad;
}
