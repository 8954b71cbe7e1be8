import { InvalidArgumentError, type Command } from 'commander';
import { BelayError } from '../../fault/belay-error.js';
import type { RollbackStart } from '../../http/guard-api.js';
import { daemonOf } from '../context.js';
import { exitCodes, type ExitCode } from '../exit-code.js';
import { endText, follow, isWell } from '../follow-rollback.js';
import { Output } from '../output.js';
import { previewOf, stepsText } from '../plan-text.js';
import { tellStarted } from '../started-text.js';

interface RollbackOptions {
  readonly target?: string;
  readonly level?: number;
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly wait: boolean;
  readonly json?: boolean;
}

/** `belay rollback` and `belay cancel`. */
export function rollbackCommands(program: Command, done: (code: ExitCode) => void): void {
  program
    .command('rollback')
    .argument('[plan]', 'a plan by its id, instead of --target and --level')
    .description('start a rollback by hand and follow it to its verification')
    .option('--target <name>', 'the target')
    .option('--level <number>', '1 to 5', level)
    .option('--reason <text>', 'why; it stands on the incident')
    .option('--dry-run', 'read every real state and tell what would be done')
    .option('--no-wait', 'do not follow it')
    .option('--json', 'for scripts')
    .addHelpText('after', '\nExamples:\n  belay rollback checkout-flag-off --reason "orders fail"\n  belay rollback --target checkout --level 3 --reason "v42 is broken"')
    .action(async (plan: string | undefined, options: RollbackOptions, command: Command) => {
      const { reason, dryRun = false } = options;
      if (plan === undefined && reason === undefined) throw new BelayError('wrong-use', '--target and --level need a --reason as well');
      const daemon = await daemonOf(command);
      const started = await daemon.post<RollbackStart>('/api/v1/rollbacks', { ...wanted(plan, options), reason, dryRun });
      const output = new Output();
      if (tellStarted(started, options, output)) return;
      if (!options.wait) {
        if (options.json === true) output.json(started);
        else output.answer(started.executionId);
        return;
      }
      const ended = await follow(daemon, started.executionId, output);
      if (options.json === true) output.json(ended);
      else output.answer([...(dryRun ? [stepsText(ended.steps.map(previewOf), output)] : []), endText(ended)].join('\n'));
      done(isWell(ended) ? exitCodes.ok : exitCodes.bad);
    });

  program
    .command('cancel')
    .argument('<run>', 'the rollback')
    .description('stop a rollback or its verification; the step in hand is ended first')
    .option('--json', 'for scripts')
    .action(async (run: string, options: { json?: boolean }, command: Command) => {
      const daemon = await daemonOf(command);
      await daemon.post(`/api/v1/rollbacks/${encodeURIComponent(run)}/cancel`);
      new Output().done(options, `cancelled ${run}`, { cancelled: run });
    });
}

function wanted(plan: string | undefined, { target, level: number }: RollbackOptions): Record<string, unknown> {
  if (plan !== undefined && target === undefined && number === undefined) return { plan };
  if (plan === undefined && target !== undefined && number !== undefined) return { target, level: number };
  throw new BelayError('wrong-use', 'name either a plan, or --target and --level');
}

function level(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 5) throw new InvalidArgumentError('a level is 1, 2, 3, 4 or 5');
  return number;
}
