import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { Clock } from '../../src/time/clock.js';
import { startPostgres, type PostgresServer } from './postgres-server.js';
import { PostgresShop } from './postgres-shop.js';
import { StepRunner } from './step-runner.js';

/** One PostgreSQL for the tests of a file, and for each of them a database, and a folder that is gone afterwards. */
export class ShopDatabases {
  #server: PostgresServer | undefined;
  #shop: PostgresShop | undefined;
  #directory = '';
  #count = 0;

  /** Registers what starts and stops it all, in the file or the `describe` that calls it. */
  constructor() {
    beforeAll(async () => {
      this.#server = await startPostgres();
    });
    afterAll(() => this.server.stop());
    beforeEach(async () => {
      this.#directory = mkdtempSync(join(tmpdir(), 'belay-shop-'));
      this.#count += 1;
      this.#shop = await PostgresShop.create(this.server.url, `shop${this.#count}`);
    });
    afterEach(() => rmSync(this.#directory, { recursive: true, force: true }));
  }

  get server(): PostgresServer {
    return there(this.#server);
  }

  get shop(): PostgresShop {
    return there(this.#shop);
  }

  path(...names: readonly string[]): string {
    return join(this.#directory, ...names);
  }

  /** Steps of the type `data` for `shop-db`, with backups in the folder that may be an hour old, unless `binding` says otherwise. */
  runner({ backups = {}, ...binding }: Record<string, unknown> = {}, options: { executionId?: string; rpoMs?: number; clock?: Clock } = {}): StepRunner {
    const ownBackups = typeof backups === 'object' ? { directory: this.#directory, maxAge: '1h', ...backups } : backups;
    const whole = { type: 'postgres', url: this.shop.url, backups: ownBackups, ...binding };
    return new StepRunner({ directory: this.#directory, executionId: 'rollback-1', bindings: { databases: { 'shop-db': whole } }, ...options });
  }
}

function there<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the hooks have not run yet');
  return value;
}
