import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { ShopLayout } from './shop-layout.js';
import { stopProcess } from './supervisor.js';

const START_WITHIN_MS = 30_000;

export interface RunningShop {
  readonly url: string;
  readonly port: number;
  /** The supervisor's process; the shop itself is its child. */
  readonly pid: number;
  /** Ends both processes; resolves when they are gone. */
  stop(): Promise<void>;
}

export interface StartShopOptions {
  /** 0, the default: a free one. */
  readonly port?: number;
  /** Where the processes' own words go; nowhere by default. */
  readonly output?: 'inherit' | 'ignore';
}

/** Starts the shop under its supervisor, on the loopback address, and resolves once it serves. It ends with the process that started it. */
export async function startShop(layout: ShopLayout, options: StartShopOptions = {}): Promise<RunningShop> {
  const entry = fileURLToPath(new URL('./shopctl.js', import.meta.url));
  const output = options.output ?? 'ignore';
  const supervisor = fork(entry, ['run', '--home', layout.home, '--port', String(options.port ?? 0)], {
    stdio: ['ignore', output, output, 'ipc'],
  });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the shop does not serve after ${START_WITHIN_MS / 1000}s`)), START_WITHIN_MS);
      supervisor.once('message', (message) => {
        clearTimeout(timer);
        resolve(z.object({ port: z.int() }).parse(message).port);
      });
      supervisor.once('error', reject);
      supervisor.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`the shop ended at its start with ${String(code)}`));
      });
    });
    const { pid } = supervisor;
    if (pid === undefined) throw new Error('the shop has no process');
    return { url: `http://127.0.0.1:${port}`, port, pid, stop: () => stopProcess(supervisor) };
  } catch (error) {
    await stopProcess(supervisor);
    throw error;
  }
}
