import { cp, mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { pointCurrentAt } from './deployment.js';
import { formatFlags } from './flags.js';
import { git } from './git.js';
import { shopLayout, type ShopLayout } from './shop-layout.js';

const SETTINGS_V1 = `# What the shop reads at its start and whenever this file changes.
taxPercent: 20
maxLines: 50
warehouse: { perSecond: 200, unhealthyFrom: 500 }
`;

/**
 * Lays out a shop in a directory, on its good release: releases, `current` → v1, the flag `new-checkout` off, and the
 * configuration in a git repository whose first commit is tagged `config-v1`.
 */
export async function prepareShop(directory: string): Promise<ShopLayout> {
  const layout = shopLayout(directory);
  await mkdir(layout.configuration, { recursive: true });
  await cp(fileURLToPath(new URL('./releases', import.meta.url)), layout.releases, { recursive: true });
  await writeFile(layout.flags, formatFlags({ 'new-checkout': false }));
  await git(layout.configuration, 'init', '--quiet', '--initial-branch=main');
  await git(layout.configuration, 'config', 'user.name', 'Shop');
  await git(layout.configuration, 'config', 'user.email', 'shop@example.com');
  await commitSettings(layout, SETTINGS_V1, 'config-v1');
  // Last, because a shop with a current release counts as laid out.
  await pointCurrentAt(layout, 'v1');
  return layout;
}

/** Writes, commits and tags a state of the configuration. */
export async function commitSettings(layout: ShopLayout, text: string, tag: string): Promise<void> {
  await writeFile(layout.settings, text);
  await git(layout.configuration, 'add', 'shop.yaml');
  await git(layout.configuration, 'commit', '--quiet', '--message', `shop: ${tag}`);
  await git(layout.configuration, 'tag', '--force', tag);
}
