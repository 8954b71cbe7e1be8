import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { realpath } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { errorText } from '../../fault/belay-error.js';
import type { ShopLayout } from './shop-layout.js';

const LOOK_EVERY_MS = 100;
const RESTART_AFTER_MS = 500;
const STOP_WITHIN_MS = 5_000;

const listeningSchema = z.object({ port: z.int(), version: z.string() });
type Listening = z.infer<typeof listeningSchema>;

const shopEntry = fileURLToPath(new URL('./shop.js', import.meta.url));

export interface SupervisorOptions {
  readonly host: string;
  /** 0: a free one, kept for later releases. */
  readonly port: number;
  /** Called each time that a release serves. */
  readonly onListening?: (listening: Listening) => void;
}

/**
 * Keeps one process of the release that the `current` symlink names: starts it, starts it again when it has died, and
 * replaces it when the link moves to another release. Resolves when the signal has aborted and the process is gone.
 */
export async function supervise(layout: ShopLayout, options: SupervisorOptions, signal: AbortSignal): Promise<void> {
  let port = options.port;
  while (!signal.aborted) {
    const directory = await realpath(layout.current);
    const argv = ['--home', layout.home, '--release-dir', directory, '--host', options.host, '--port', String(port)];
    const child = fork(shopEntry, argv, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    child.once('message', (message) => {
      const listening = listeningSchema.parse(message);
      port = listening.port;
      options.onListening?.(listening);
    });
    try {
      await untilReplaced(layout, directory, child, signal);
    } finally {
      await stopProcess(child);
    }
  }
}

/** Resolves when the link names another release, when the process has died, or when the signal aborts. */
async function untilReplaced(layout: ShopLayout, directory: string, child: ChildProcess, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (child.exitCode !== null || child.signalCode !== null) {
      process.stderr.write(`shop: ended with ${child.signalCode ?? String(child.exitCode)}, starting again\n`);
      await wait(RESTART_AFTER_MS, undefined, { signal }).catch(() => undefined);
      return;
    }
    try {
      if ((await realpath(layout.current)) !== directory) return;
    } catch (error) {
      process.stderr.write(`shop: goes on with ${directory}: ${errorText(error)}\n`);
    }
    await wait(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Asks a process to end, lets it finish, and kills it when it does not. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  child.kill('SIGTERM');
  await exited;
  clearTimeout(killer);
}
