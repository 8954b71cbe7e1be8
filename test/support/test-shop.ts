import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareShop } from '../../src/demo/shop/prepare-shop.js';
import type { ShopLayout } from '../../src/demo/shop/shop-layout.js';
import type * as StartShop from '../../src/demo/shop/start-shop.js';
import { programs } from './programs.js';

export interface TestShop extends StartShop.RunningShop {
  readonly layout: ShopLayout;
}

/** The demo's real shop in a folder of its own, on release v1; `stop()` ends its processes and removes the folder. */
export async function startTestShop(): Promise<TestShop> {
  const home = await mkdtemp(join(tmpdir(), 'belay-shop-'));
  const layout = await prepareShop(home);
  // Compiled, because its processes are the modules beside it.
  const { startShop } = (await import(join(programs, 'demo/shop/start-shop.js'))) as typeof StartShop;
  const shop = await startShop(layout);
  return {
    ...shop,
    layout,
    async stop() {
      await shop.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}
