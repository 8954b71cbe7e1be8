import { Command } from 'commander';
import { version } from '../daemon/version.js';
import { commandsOf } from './command-paths.js';
import { addCommands } from './commands.js';
import { examples } from './examples.js';
import type { ExitCode } from './exit-code.js';

/** The command line with those commands that `argv` may ask for; `done` hears of an exit code other than 0. */
export async function createProgram(argv: readonly string[], done: (code: ExitCode) => void): Promise<Command> {
  const program = new Command('belay')
    .description('An unattended production guard: it watches, waits until a breach is sustained, rolls back, proves recovery and tells people.')
    // `--version` alone is for main.ts: the commands need it for the version of a target.
    .version(version, '-V')
    .option('-c, --config <file>', 'the belay.yaml to use', './belay.yaml')
    .option('--verbose', 'show where an error came from')
    .showHelpAfterError('(--help after the command tells more)')
    .exitOverride()
    .addHelpText('after', '\nExit codes: 0 well, 1 the answer is bad, 2 wrong use, 3 the daemon could not be reached.');
  await addCommands(program, argv, done);
  for (const { command, path } of commandsOf(program)) {
    const own = examples[path];
    if (own !== undefined) command.addHelpText('after', `\n${own.length === 1 ? 'Example' : 'Examples'}:\n${own.map((example) => `  ${example}`).join('\n')}`);
  }
  return program;
}
