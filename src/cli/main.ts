import { Command, CommanderError } from 'commander';
import { version } from '../daemon/version.js';
import { BelayError, errorText } from '../fault/belay-error.js';
import { approvalCommands } from './commands/approve.js';
import { backtestCommand } from './commands/backtest.js';
import { checkCommand } from './commands/check.js';
import { demoCommand } from './commands/demo.js';
import { exportCommand } from './commands/export.js';
import { incidentCommands } from './commands/incidents.js';
import { markCommand } from './commands/mark.js';
import { pauseCommands } from './commands/pause.js';
import { reportCommand } from './commands/report.js';
import { planCommand } from './commands/plan.js';
import { rollbackCommands } from './commands/rollback.js';
import { runCommand } from './commands/run.js';
import { statusCommand } from './commands/status.js';
import { testCommand } from './commands/test.js';
import { undoCommands } from './commands/undo.js';
import { exitCodes, type ExitCode } from './exit-code.js';
import { Output } from './output.js';

/** Runs one command line and resolves with its exit code. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  if (argv.length === 1 && argv[0] === '--version') {
    process.stdout.write(`${version}\n`);
    return exitCodes.ok;
  }
  let code: ExitCode = exitCodes.ok;
  const program = new Command('belay')
    .description('An unattended production guard: it watches, waits until a breach is sustained, rolls back, proves recovery and tells people.')
    // `--version` alone is ours below: the commands need it for the version of a target.
    .version(version, '-V')
    .option('-c, --config <file>', 'the belay.yaml to use', './belay.yaml')
    .option('--verbose', 'show where an error came from')
    .showHelpAfterError()
    .exitOverride()
    .addHelpText('after', '\nExit codes: 0 well, 1 the answer is bad, 2 wrong use, 3 the daemon could not be reached.');
  const done = (result: ExitCode): void => {
    code = result;
  };
  runCommand(program, done);
  checkCommand(program, done);
  testCommand(program, done);
  backtestCommand(program, done);
  statusCommand(program);
  planCommand(program, done);
  rollbackCommands(program, done);
  undoCommands(program, done);
  approvalCommands(program);
  incidentCommands(program);
  reportCommand(program);
  pauseCommands(program);
  markCommand(program);
  exportCommand(program, done);
  demoCommand(program, done);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    // Commander has said what was wrong, or shown the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.wrongUse;
    new Output(process.stderr).talk(`belay: ${program.opts<{ verbose?: boolean }>().verbose === true && error instanceof Error ? (error.stack ?? error.message) : errorText(error)}`);
    return exitCodeFor(error);
  }
}

function exitCodeFor(error: unknown): ExitCode {
  if (!(error instanceof BelayError)) return exitCodes.bad;
  if (error.code === 'daemon-unreachable') return exitCodes.unreachable;
  return error.code === 'wrong-use' ? exitCodes.wrongUse : exitCodes.bad;
}
