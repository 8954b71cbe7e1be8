import { readFile, rename, writeFile } from 'node:fs/promises';
import { deployRelease } from './deployment.js';
import { formatFlags, parseFlags } from './flags.js';
import { commitSettings } from './prepare-shop.js';
import type { ShopLayout } from './shop-layout.js';

const SETTINGS_V2 = `# What the shop reads at its start and whenever this file changes.
taxPercent: 20
maxLines: 50
warehouse: { perSecond: 200, unhealthyFrom: 500 }
shipping: { price: 4.9, freeFrom: 60 }
`;

/** Ships release v2 the way a team would: configuration committed, release deployed, then the flag switched on. Resolves when v2 serves. */
export async function shipBadChange(layout: ShopLayout, shopUrl: string): Promise<void> {
  if ((await readFile(layout.settings, 'utf8')) !== SETTINGS_V2) await commitSettings(layout, SETTINGS_V2, 'config-v2');
  await deployRelease(layout, 'v2', { shopUrl });
  await setFlag(layout, 'new-checkout', true);
}

/** Switches a flag of the shop's file. */
export async function setFlag(layout: ShopLayout, key: string, on: boolean): Promise<void> {
  const flags = parseFlags(await readFile(layout.flags, 'utf8'));
  const next = `${layout.flags}.next`;
  await writeFile(next, formatFlags({ ...flags, [key]: on }));
  await rename(next, layout.flags);
}
