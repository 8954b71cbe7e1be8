import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareShop } from '../../src/demo/shop/prepare-shop.js';
import type { ShopLayout } from '../../src/demo/shop/shop-layout.js';
import { startShop, type RunningShop } from '../../src/demo/shop/start-shop.js';

/** What runs the TypeScript sources as they are. */
export const nodeArguments: readonly string[] = ['--import', 'tsx'];

export interface TestShop extends RunningShop {
  readonly layout: ShopLayout;
}

/** The demo's real shop in a folder of its own, on release v1; `stop()` ends its processes and removes the folder. */
export async function startTestShop(): Promise<TestShop> {
  const home = await mkdtemp(join(tmpdir(), 'belay-shop-'));
  const layout = await prepareShop(home);
  const shop = await startShop(layout, { nodeArguments });
  return {
    ...shop,
    layout,
    async stop() {
      await shop.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}
