import { Agent } from 'node:http';
import axios from 'axios';
import type { Basket } from './release.js';

const ANSWER_WITHIN_MS = 2_000;
/** A shop that answers slowly gets fewer customers, not ever more of them at once. */
const MOST_AT_ONCE = 50;
/** Of five baskets, two come from old apps, which send no coupon at all. */
const BASKETS: readonly Basket[] = [
  { lines: [{ sku: 'tea', quantity: 2 }], coupon: { code: '', percent: 0 } },
  { lines: [{ sku: 'pot', quantity: 1 }] },
  { lines: [{ sku: 'cup', quantity: 4 }], coupon: { code: 'SPRING', percent: 10 } },
  { lines: [{ sku: 'tin', quantity: 1 }, { sku: 'tea', quantity: 1 }] },
  { lines: [{ sku: 'cup', quantity: 1 }], coupon: { code: '', percent: 0 } },
];
/** Every so often somebody only looks. */
const LOOK_EACH = 5;

interface TrafficCounts {
  readonly ok: number;
  /** Answers of 500 and above. */
  readonly failed: number;
  /** No answer: refused, reset or too slow. */
  readonly unreachable: number;
}

export interface Traffic {
  counts(): TrafficCounts;
  /** Sends nothing more and resolves when the last request has ended. */
  stop(): Promise<void>;
}

export interface TrafficOptions {
  readonly shopUrl: string;
  readonly requestsPerSecond?: number;
  /** Whether customers come over connections that are kept, as through a proxy; otherwise each opens its own. */
  readonly keepAlive?: boolean;
}

/** Sends a steady stream of customers to the shop. */
export function startTraffic({ shopUrl, requestsPerSecond = 30, keepAlive = true }: TrafficOptions): Traffic {
  const agent = new Agent({ keepAlive, maxSockets: MOST_AT_ONCE });
  const customer = axios.create({ baseURL: shopUrl, httpAgent: agent, proxy: false, timeout: ANSWER_WITHIN_MS, validateStatus: () => true });
  const counts = { ok: 0, failed: 0, unreachable: 0 };
  const underWay = new Set<Promise<void>>();
  let sent = 0;

  async function visit(number: number): Promise<void> {
    try {
      const basket = BASKETS[number % BASKETS.length];
      const answer = await (number % LOOK_EACH === LOOK_EACH - 1 && number % 2 === 0 ? customer.get('/products') : customer.post('/checkout', basket));
      counts[answer.status >= 500 ? 'failed' : 'ok'] += 1;
    } catch {
      counts.unreachable += 1;
    }
  }

  const timer = setInterval(() => {
    if (underWay.size >= MOST_AT_ONCE) return;
    const request = visit(sent++).finally(() => underWay.delete(request));
    underWay.add(request);
  }, 1000 / requestsPerSecond);

  return {
    counts: () => ({ ...counts }),
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
      agent.destroy();
    },
  };
}
