import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Flags } from './flags.js';
import { basketSchema, type Release } from './release.js';
import type { Settings } from './settings.js';
import { createShopMetrics } from './shop-metrics.js';
import { Warehouse } from './warehouse.js';

/** What the shop runs on; settings and flags are asked at each request, so a change counts at once. */
export interface ShopParts {
  readonly release: Release;
  settings(): Settings;
  flags(): Flags;
}

/** The shop's HTTP service, not yet listening. `close()` lets requests under way finish. */
export function buildShop({ release, settings, flags }: ShopParts): FastifyInstance {
  const shop = Fastify({ logger: false });
  const warehouse = new Warehouse(() => settings().warehouse.perSecond);
  const metrics = createShopMetrics(release.version, () => warehouse.depth);

  shop.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    // Probes are not customers: counted, they would thin out the ratio of errors.
    if (route !== '/metrics' && route !== '/health') {
      metrics.observeRequest({ method: request.method, route, status: reply.statusCode, seconds: reply.elapsedTime / 1000 });
    }
    done();
  });
  shop.addHook('onClose', (_shop, done) => {
    warehouse.close();
    metrics.registry.clear();
    done();
  });

  shop.get('/products', () => release.products());

  shop.post('/checkout', (request, reply) => {
    const basket = basketSchema.safeParse(request.body);
    if (!basket.success) return reply.code(400).send({ error: 'not a basket' });
    if (basket.data.lines.length > settings().maxLines) return reply.code(422).send({ error: 'too many lines' });
    const order = release.checkout(basket.data, { settings: settings(), isOn: (flag) => flags()[flag] ?? false });
    const id = randomUUID();
    warehouse.take(id);
    return reply.send({ id, ...order });
  });

  shop.get('/health', (_request, reply) => {
    const healthy = warehouse.depth < settings().warehouse.unhealthyFrom;
    return reply.code(healthy ? 200 : 503).send({
      status: healthy ? 'healthy' : 'unhealthy',
      version: release.version,
      flags: flags(),
      queueDepth: warehouse.depth,
    });
  });

  shop.get('/metrics', async (_request, reply) => reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()));

  return shop;
}
