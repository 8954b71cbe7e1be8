import { Argument, type Command } from 'commander';
import { daemonOf } from '../context.js';
import { Output } from '../output.js';

/** `belay mark deploy|good`. */
export function markCommand(program: Command): void {
  program
    .command('mark')
    .addArgument(new Argument('<kind>', 'a version was deployed, or is known to be good').choices(['deploy', 'good']))
    .description('tell Belay of a change; plans reach the last good one as ${rollbackPoint.version}')
    .requiredOption('--target <name>', 'the target')
    .requiredOption('--version <version>', 'the version')
    .action(async (kind: string, options: { target: string; version: string }, command: Command) => {
      const daemon = await daemonOf(command);
      await daemon.post('/api/v1/changes', { kind, ...options });
      new Output().answer(`marked ${options.version} of ${options.target} as ${kind}`);
    });
}
