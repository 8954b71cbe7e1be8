import type { Command } from 'commander';
import { BelayError } from '../../fault/belay-error.js';
import type { Pause } from '../../guard/pauses.js';
import type { StatusView } from '../../http/guard-api.js';
import { daemonOf } from '../context.js';
import { instantText } from '../../time/instant-text.js';
import { Output } from '../output.js';

/** `belay pause`, `belay resume` and `belay reset`. */
export function pauseCommands(program: Command): void {
  program
    .command('pause')
    .description('start nothing by itself until resumed, and stop what is under way before its next step: on one target, or on all')
    .option('--target <name>', 'one target only')
    .option('--for <duration>', 'end the pause by itself, such as 2h')
    .option('--now', 'abort the running step as well')
    .requiredOption('--reason <text>', 'why')
    .option('--json', 'for scripts')
    .action(async ({ json, ...request }: { target?: string; for?: string; now?: boolean; reason: string; json?: boolean }, command: Command) => {
      const daemon = await daemonOf(command);
      const pause = await daemon.post<Pause>('/api/v1/pauses', request);
      new Output().done({ json }, `paused ${pause.target ?? 'all targets'}${pause.until === undefined ? '' : ` until ${instantText(pause.until)}`}  ${pause.id}`, pause);
    });

  program
    .command('resume')
    .description('end the pauses of one target, or the pauses of all')
    .option('--target <name>', 'one target only')
    .option('--reason <text>', 'why; it is kept and told')
    .option('--json', 'for scripts')
    .action(async (options: { target?: string; reason?: string; json?: boolean }, command: Command) => {
      const daemon = await daemonOf(command);
      const { pauses } = await daemon.get<StatusView>('/api/v1/status');
      const ended = pauses.filter((pause) => pause.target === options.target);
      if (ended.length === 0) throw new BelayError('not-found', options.target === undefined ? 'there is no pause of all targets' : `${options.target} is not paused by itself`);
      for (const { id } of ended) await daemon.delete(`/api/v1/pauses/${encodeURIComponent(id)}`, { reason: options.reason });
      new Output().done(options, `resumed ${options.target ?? 'all targets'}`, { resumed: ended });
    });

  program
    .command('reset')
    .description('make a spent rollback budget whole again')
    .option('--target <name>', 'one target only')
    .option('--json', 'for scripts')
    .action(async ({ json, target }: { target?: string; json?: boolean }, command: Command) => {
      const daemon = await daemonOf(command);
      await daemon.post('/api/v1/resets', { target });
      new Output().done({ json }, `reset ${target ?? 'all targets'}`, { reset: target ?? null });
    });
}
