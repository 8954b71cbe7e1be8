#!/usr/bin/env node
// The shop's own tool: runs it, switches its releases, and tells which one runs.
import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { errorText } from '../../fault/belay-error.js';
import { shipBadChange } from './bad-change.js';
import { askHealth, deployRelease } from './deployment.js';
import { prepareShop } from './prepare-shop.js';
import { shopLayout } from './shop-layout.js';
import { supervise } from './supervisor.js';
import { startTraffic } from './traffic.js';

interface ShopOptions {
  readonly home: string;
  readonly url: string;
}

const program = new Command('shopctl').description('runs the demo shop and switches its releases').showHelpAfterError();

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('not a positive number');
  return value;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidArgumentError('not a port');
  return port;
}

function shopCommand(name: string): Command {
  return program
    .command(name)
    .requiredOption('--home <directory>', 'where the shop lives (SHOP_HOME)', process.env.SHOP_HOME)
    .requiredOption('--url <url>', 'where the shop listens (SHOP_URL)', process.env.SHOP_URL ?? 'http://127.0.0.1:3000');
}

program
  .command('run')
  .description('serves the current release, and another one as soon as `current` names it; lays the shop out when it is not there')
  .requiredOption('--home <directory>', 'where the shop lives (SHOP_HOME)', process.env.SHOP_HOME)
  .option('--host <address>', 'listen address (HOST)', process.env.HOST ?? '127.0.0.1')
  .option('--port <number>', 'listen port (PORT), 0 for a free one', portNumber, portNumber(process.env.PORT ?? '3000'))
  .action(async ({ home, host, port }: { home: string; host: string; port: number }) => {
    const layout = shopLayout(home);
    if (!existsSync(layout.current)) await prepareShop(home);
    const stop = stopSignal();
    await supervise(layout, { host, port, onListening: (listening) => process.send?.(listening) }, stop);
    if (process.connected) process.disconnect();
  });

shopCommand('deploy')
  .argument('<version>', 'the release, such as v1')
  .description('switches to a release and waits until it serves')
  .action(async (version: string, { home, url }: ShopOptions) => {
    await deployRelease(shopLayout(home), version, { shopUrl: url });
    process.stdout.write(`${version}\n`);
  });

program
  .command('current')
  .description('prints the release that the running process is of')
  .requiredOption('--url <url>', 'where the shop listens (SHOP_URL)', process.env.SHOP_URL ?? 'http://127.0.0.1:3000')
  .action(async ({ url }: { url: string }) => {
    process.stdout.write(`${(await askHealth(url)).version}\n`);
  });

shopCommand('ship-bad-change')
  .description('ships release v2, which has a bug: configuration, release and flag')
  .action(async ({ home, url }: ShopOptions) => {
    await shipBadChange(shopLayout(home), url);
  });

program
  .command('traffic')
  .description('sends customers until it is stopped, and counts what they got every ten seconds')
  .requiredOption('--url <url>', 'where the shop listens (SHOP_URL)', process.env.SHOP_URL ?? 'http://127.0.0.1:3000')
  .option('--rate <number>', 'requests per second', positiveNumber, 30)
  .action(async ({ url, rate }: { url: string; rate: number }) => {
    const traffic = startTraffic({ shopUrl: url, requestsPerSecond: rate });
    const stop = stopSignal();
    while (!stop.aborted) {
      await wait(10_000, undefined, { signal: stop }).catch(() => undefined);
      process.stdout.write(`${JSON.stringify(traffic.counts())}\n`);
    }
    await traffic.stop();
  });

/** Aborts when the process is asked to end, or when the one that started it has gone. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.once(event, () => controller.abort());
  return controller.signal;
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`shopctl: ${errorText(error)}\n`);
  process.exitCode = 1;
}
