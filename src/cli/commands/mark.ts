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
    .option('--json', 'for scripts')
    .action(async (kind: string, { json, target, version }: { target: string; version: string; json?: boolean }, command: Command) => {
      const daemon = await daemonOf(command);
      const change = { kind, target, version };
      await daemon.post('/api/v1/changes', change);
      new Output().done({ json }, `marked ${version} of ${target} as ${kind}`, change);
    });
}
