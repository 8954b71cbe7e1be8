const TICK_MS = 50;

/** Takes finished orders, in order, at the pace that the configuration allows; what it has not got to yet is its queue. */
export class Warehouse {
  readonly #queue: string[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(ordersPerSecond: () => number) {
    let allowance = 0;
    this.#timer = setInterval(() => {
      allowance = Math.min(allowance + (ordersPerSecond() * TICK_MS) / 1000, Math.max(1, ordersPerSecond()));
      allowance -= this.#queue.splice(0, Math.floor(allowance)).length;
    }, TICK_MS);
  }

  get depth(): number {
    return this.#queue.length;
  }

  take(orderId: string): void {
    this.#queue.push(orderId);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
