import { Argument, InvalidArgumentError, type Command } from 'commander';
import { daemonOf } from '../context.js';
import { Output } from '../output.js';

interface MarkOptions {
  readonly target: string;
  readonly version: string;
  readonly configVersion?: string;
  readonly snapshot?: string;
  readonly migration?: string;
  readonly flag: Readonly<Record<string, boolean>>;
  readonly json?: boolean;
}

/** `belay mark deploy|good`. */
export function markCommand(program: Command): void {
  program
    .command('mark')
    .addArgument(new Argument('<kind>', 'a version was deployed, or is known to be good').choices(['deploy', 'good']))
    .description('tell Belay of a change; plans reach the last good one as ${rollbackPoint.version}')
    .requiredOption('--target <name>', 'the target')
    .requiredOption('--version <version>', 'the version')
    .option('--config-version <version>', 'the version of its configuration: ${rollbackPoint.configVersion}')
    .option('--snapshot <id>', 'the backup that belongs to it: ${rollbackPoint.snapshotId}')
    .option('--migration <name>', 'the newest migration of its database: ${rollbackPoint.migration}')
    .option('--flag <key=on|off>', 'a feature flag, several times for several: ${rollbackPoint.flags.KEY}', flag, {})
    .option('--json', 'for scripts')
    .addHelpText('after', '\nExamples:\n  belay mark deploy --target checkout --version v42 --config-version 7f3a --flag new-checkout=on\n  belay mark good --target checkout --version v41')
    .action(async (kind: string, { json, target, version, configVersion, snapshot: snapshotId, migration, flag: flags }: MarkOptions, command: Command) => {
      const daemon = await daemonOf(command);
      const change = { kind, target, version, configVersion, snapshotId, migration, ...(Object.keys(flags).length === 0 ? {} : { flags }) };
      await daemon.post('/api/v1/changes', change);
      new Output().done({ json }, `marked ${version} of ${target} as ${kind}`, change);
    });
}

/** `new-checkout=on`; a key may have an equals sign itself. */
function flag(text: string, others: Readonly<Record<string, boolean>>): Readonly<Record<string, boolean>> {
  const [, key, state] = /^(.+)=(on|off)$/s.exec(text) ?? [];
  if (key === undefined) throw new InvalidArgumentError('a flag is KEY=on or KEY=off');
  return Object.fromEntries([...Object.entries(others), [key, state === 'on']]);
}
