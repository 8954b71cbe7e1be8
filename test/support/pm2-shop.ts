import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepareShop } from '../../src/demo/shop/prepare-shop.js';
import type { ShopLayout } from '../../src/demo/shop/shop-layout.js';
import { pointCurrentAt } from '../../src/demo/shop/deployment.js';
import { freePort } from './free-port.js';
import { startPm2, type Pm2Daemon } from './pm2-daemon.js';
import { shopProgram } from './programs.js';

export interface Pm2Shop extends Pm2Daemon {
  readonly layout: ShopLayout;
  readonly url: string;
  /** Adds a release with this code. */
  addRelease(version: string, code: string): void;
}

/** The demo's shop, on its release v2, as so many instances of the pm2 process `shop`, started through `current`. */
export async function startPm2Shop(instances: number): Promise<Pm2Shop> {
  const daemon = await startPm2();
  const layout = await prepareShop(join(daemon.home, 'shop'));
  await pointCurrentAt(layout, 'v2');
  const port = await freePort();
  // The shop's own entry; only what is in the releases differs between versions.
  writeFileSync(join(layout.home, 'start.mjs'), `await import(${JSON.stringify(shopProgram)});\n`);
  const app = {
    name: 'shop',
    script: join(layout.home, 'start.mjs'),
    cwd: layout.current,
    args: ['--home', layout.home, '--port', String(port)],
    exec_mode: 'cluster',
    instances,
    listen_timeout: 4_000,
    kill_timeout: 5_000,
  };
  writeFileSync(join(layout.home, 'ecosystem.config.cjs'), `module.exports = ${JSON.stringify({ apps: [app] })};\n`);
  await daemon.pm2('start', join(layout.home, 'ecosystem.config.cjs'));
  return {
    ...daemon,
    layout,
    url: `http://127.0.0.1:${port}`,
    addRelease(version, code) {
      mkdirSync(join(layout.releases, version));
      writeFileSync(join(layout.releases, version, 'release.mjs'), code);
    },
  };
}
