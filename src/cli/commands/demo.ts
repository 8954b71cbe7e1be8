import type { Command } from 'commander';
import { runDemo } from '../../demo/demo.js';
import { exitCodes, type ExitCode } from '../exit-code.js';

/** `belay demo`: the whole thing on a small shop, in about a minute. */
export function demoCommand(program: Command, done: (code: ExitCode) => void): void {
  program
    .command('demo')
    .description('start a small shop, ship a bad change, and watch Belay roll it back (about a minute)')
    .option('--once', 'end after the story; exit 0 only if the shop really recovered (the default)')
    .option('--keep', 'go on running after the story')
    .action(async (options: { keep?: boolean }) => {
      const stopping = new AbortController();
      const stop = (): void => stopping.abort();
      process.once('SIGINT', stop);
      process.once('SIGTERM', stop);
      const recovered = await runDemo({ keep: options.keep === true, stopped: stopping.signal });
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      done(recovered ? exitCodes.ok : exitCodes.bad);
    });
}
