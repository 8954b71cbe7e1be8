import { randomUUID } from 'node:crypto';
import { access, readdir, readlink, rename, symlink } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import axios from 'axios';
import { z } from 'zod';
import type { ShopLayout } from './shop-layout.js';

const ASK_EVERY_MS = 100;
const ANSWER_WITHIN_MS = 2_000;

const healthSchema = z.object({
  status: z.enum(['healthy', 'unhealthy']),
  version: z.string(),
  flags: z.record(z.string(), z.boolean()),
  queueDepth: z.number(),
});
export type ShopHealth = z.infer<typeof healthSchema>;

/** What the running process says of itself. Rejects when it cannot be reached. */
export async function askHealth(shopUrl: string): Promise<ShopHealth> {
  const answer = await axios.get<unknown>(`${shopUrl}/health`, { timeout: ANSWER_WITHIN_MS, proxy: false, validateStatus: () => true });
  return healthSchema.parse(answer.data);
}

/**
 * Points `current` at a release and waits until the running process is of that release and healthy. Doing it twice does
 * no harm. Rejects when there is no such release, or when it does not serve within `timeoutMs`.
 */
export async function deployRelease(
  layout: ShopLayout,
  version: string,
  { shopUrl, timeoutMs = 20_000 }: { readonly shopUrl: string; readonly timeoutMs?: number },
): Promise<void> {
  const known = await readdir(layout.releases);
  if (!known.includes(version)) throw new RangeError(`there is no release ${version}; there are ${known.join(', ')}`);
  await access(join(layout.releases, version, 'release.mjs'));
  if ((await linkedVersion(layout)) !== version) await pointCurrentAt(layout, version);
  const giveUpAt = Date.now() + timeoutMs;
  for (;;) {
    const health = await askHealth(shopUrl).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
    if (!(health instanceof Error) && health.version === version && health.status === 'healthy') return;
    if (Date.now() >= giveUpAt) {
      const seen = health instanceof Error ? health.message : `it is ${health.version}, ${health.status}`;
      throw new Error(`release ${version} does not serve after ${timeoutMs / 1000}s: ${seen}`);
    }
    await wait(ASK_EVERY_MS);
  }
}

async function linkedVersion(layout: ShopLayout): Promise<string> {
  return basename(await readlink(layout.current));
}

/** In one step (rename), so that `current` always names a release. */
export async function pointCurrentAt(layout: ShopLayout, version: string): Promise<void> {
  const next = join(layout.home, `.current-${randomUUID()}`);
  await symlink(join(relative(layout.home, layout.releases), version), next);
  await rename(next, layout.current);
}
