import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresShop } from './postgres-shop.js';
import { waitUntil } from './processes.js';

/**
 * Holds a restore in its middle: a table of the shop has a CHECK that waits for a file, so that to copy its rows takes
 * until `open`. It holds through the death of anybody, since nobody keeps a lock.
 */
export class RestoreGate {
  readonly #shop: PostgresShop;
  readonly #file: string;

  private constructor(shop: PostgresShop, file: string) {
    this.#shop = shop;
    this.#file = file;
  }

  /** Adds the table `gate`, and leaves the gate open. */
  static async build(shop: PostgresShop, directory: string): Promise<RestoreGate> {
    // The server runs as another user, who looks for the file in here.
    chmodSync(directory, 0o755);
    const gate = new RestoreGate(shop, join(directory, 'gate-is-open'));
    gate.open();
    await shop.query(`
      CREATE FUNCTION wait_at_gate() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        WHILE (pg_stat_file('${gate.#file}', true)).size IS NULL LOOP PERFORM pg_sleep(0.02); END LOOP;
        RETURN true;
      END $$;
      CREATE TABLE gate (id int CHECK (wait_at_gate()));
      INSERT INTO gate VALUES (1)`);
    return gate;
  }

  open(): void {
    writeFileSync(this.#file, '');
  }

  close(): void {
    if (existsSync(this.#file)) rmSync(this.#file);
  }

  /** Waits until a session stands at the gate, another one than `before`, and gives its process id. */
  async waiting(before?: number): Promise<number> {
    return waitUntil('a restore is in its middle', async () => {
      const [session] = await this.#shop.onServer<{ pid: number }>(`SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid <> ${before ?? 0}`);
      return session?.pid;
    });
  }
}
