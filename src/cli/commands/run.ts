import { resolve } from 'node:path';
import type { Command } from 'commander';
import { startDaemon } from '../../daemon/daemon.js';
import { exitCodes, type ExitCode } from '../exit-code.js';

/** `belay run`: the daemon, in the foreground. */
export function runCommand(program: Command, done: (code: ExitCode) => void): void {
  program
    .command('run')
    .description('watch, and act when a breach is sustained (the daemon; its log goes to stderr as JSON lines)')
    .option('--log-level <level>', 'debug, info, warn or error', 'info')
    .addHelpText('after', '\nSIGHUP reads the files again; SIGTERM finishes the step in hand, keeps the rest for the next start, and exits 0.')
    .action(async (options: { logLevel: string }, command: Command) => {
      const { config } = command.optsWithGlobals<{ config: string }>();
      // Listened to from the first moment on: by default either would kill a daemon that is still starting.
      const stopAsked = new Promise<string>((asked) => {
        process.on('SIGTERM', () => asked('SIGTERM'));
        process.once('SIGINT', () => asked('SIGINT'));
      });
      const starting = startDaemon({ configFile: resolve(config), logLevel: options.logLevel });
      process.on('SIGHUP', () => {
        starting
          .then((daemon) => daemon.reload('SIGHUP').catch((error: unknown) => daemon.log.error({ err: error }, 'reload refused')))
          // Why it did not start is told below.
          .catch(() => undefined);
      });
      const daemon = await starting;
      process.stderr.write(`belay watches ${daemon.config.targets.map(({ name }) => name).join(', ') || 'nothing yet'} in mode ${daemon.config.mode}; ${daemon.url}\n`);
      const ended = await daemon.stop(await stopAsked);
      // What a step left behind must not keep the process; the journal knows of it.
      if (ended === 'step-left') process.exit(exitCodes.ok);
      done(exitCodes.ok);
    });
}
