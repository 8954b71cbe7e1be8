import { execFile } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const program = join(fileURLToPath(new URL('../servers', import.meta.url)), 'node_modules/.bin/pm2');
const run = promisify(execFile);

export interface Pm2Daemon {
  /** What a binding calls `pm2`. */
  readonly program: string;
  readonly home: string;
  /** Runs the pm2 program and gives what it printed. */
  pm2(...args: readonly string[]): Promise<string>;
  /** Ends the daemon with all its processes, and removes its home. */
  stop(): Promise<void>;
}

/** A pm2 daemon with a home of its own. */
export async function startPm2(): Promise<Pm2Daemon> {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'belay-pm2-')));
  // Without these two it asks the internet for newer versions of itself.
  const env = { ...process.env, PM2_HOME: home, PM2_DISCRETE_MODE: 'true', PM2_DISABLE_VERSION_CHECK: 'true' };
  const pm2 = async (...args: readonly string[]): Promise<string> => (await run(program, args, { env, cwd: home, maxBuffer: 64 * 1024 * 1024 })).stdout;
  await pm2('ping');
  return {
    program,
    home,
    pm2,
    async stop() {
      await pm2('kill');
      rmSync(home, { recursive: true, force: true });
    },
  };
}
