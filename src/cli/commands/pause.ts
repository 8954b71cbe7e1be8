import type { Command } from 'commander';
import { BelayError } from '../../fault/belay-error.js';
import type { Pause } from '../../guard/pauses.js';
import type { StatusView } from '../../http/guard-api.js';
import { daemonOf } from '../context.js';
import { instant } from '../incident-text.js';
import { Output } from '../output.js';

/** `belay pause`, `belay resume` and `belay reset`. */
export function pauseCommands(program: Command): void {
  program
    .command('pause')
    .description('start nothing by itself until resumed: on one target, or on all')
    .option('--target <name>', 'one target only')
    .option('--for <duration>', 'end the pause by itself, such as 2h')
    .requiredOption('--reason <text>', 'why')
    .action(async (options: { target?: string; for?: string; reason: string }, command: Command) => {
      const daemon = await daemonOf(command);
      const pause = await daemon.post<Pause>('/api/v1/pauses', options);
      new Output().answer(`paused ${pause.target ?? 'all targets'}${pause.until === undefined ? '' : ` until ${instant(pause.until)}`}  ${pause.id}`);
    });

  program
    .command('resume')
    .description('end the pauses of one target, or the pauses of all')
    .option('--target <name>', 'one target only')
    .option('--reason <text>', 'why; it stands in the journal')
    .action(async (options: { target?: string; reason?: string }, command: Command) => {
      const daemon = await daemonOf(command);
      const { pauses } = await daemon.get<StatusView>('/api/v1/status');
      const ended = pauses.filter((pause) => pause.target === options.target);
      if (ended.length === 0) throw new BelayError('not-found', options.target === undefined ? 'there is no pause of all targets' : `${options.target} is not paused by itself`);
      const why = options.reason === undefined ? '' : `?${new URLSearchParams({ reason: options.reason }).toString()}`;
      for (const { id } of ended) await daemon.delete(`/api/v1/pauses/${encodeURIComponent(id)}${why}`);
      new Output().answer(`resumed ${options.target ?? 'all targets'}`);
    });

  program
    .command('reset')
    .description('make a spent rollback budget whole again')
    .option('--target <name>', 'one target only')
    .action(async (options: { target?: string }, command: Command) => {
      const daemon = await daemonOf(command);
      await daemon.post('/api/v1/resets', options);
      new Output().answer(`reset ${options.target ?? 'all targets'}`);
    });
}
