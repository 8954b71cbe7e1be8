// The shop's process: serves one release until it is told to stop.
import cluster from 'node:cluster';
import { parseArgs } from 'node:util';
import { parseFlags } from './flags.js';
import { loadRelease } from './release.js';
import { parseSettings } from './settings.js';
import { shopLayout } from './shop-layout.js';
import { buildShop } from './shop-server.js';
import { WatchedFile } from './watched-file.js';

const { values } = parseArgs({
  options: {
    home: { type: 'string' },
    'release-dir': { type: 'string' },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: process.env.PORT ?? '3000' },
  },
});
if (values.home === undefined) throw new TypeError('--home is missing');
const layout = shopLayout(values.home);

const release = await loadRelease(values['release-dir'] ?? layout.current);
const settings = new WatchedFile(layout.settings, parseSettings);
const flags = new WatchedFile(layout.flags, parseFlags);
const shop = buildShop({ release, settings: () => settings.value, flags: () => flags.value });
const url = await shop.listen({ host: values.host, port: Number(values.port) });
process.stderr.write(`shop: release ${release.version} listens on ${url}\n`);

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  settings.close();
  flags.close();
  await shop.close();
  // In a cluster a customer may just have been handed over: the primary hears of it before the channel closes, and finds another instance.
  if (cluster.worker !== undefined) cluster.worker.disconnect();
  else if (process.connected) process.disconnect();
}
process.once('SIGTERM', () => void stop());
process.once('SIGINT', () => void stop());
// Whoever started the shop has gone, however it went: nothing is left behind.
process.once('disconnect', () => void stop());
const address = shop.server.address();
process.send?.({ port: typeof address === 'object' ? address?.port : undefined, version: release.version });
