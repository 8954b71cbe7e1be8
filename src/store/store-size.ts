import { stat } from 'node:fs/promises';
import type { StoreConnection } from './store-connection.js';

export const storeTables = ['journal', 'alert', 'outbox', 'received_message', 'received_alert'] as const;

export interface StoreSize {
  /** The file and its write-ahead log. */
  readonly bytes: number;
  readonly rows: Readonly<Record<(typeof storeTables)[number], number>>;
}

export async function storeSize(connection: StoreConnection, path: string): Promise<StoreSize> {
  const bytes = await Promise.all([path, `${path}-wal`].map((file) => stat(file).then(({ size }) => size, () => 0)));
  const counted = await Promise.all(
    storeTables.map(async (table) => {
      const row = await connection.read((database) => database.selectFrom(table).select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow());
      return [table, row.count] as const;
    }),
  );
  return { bytes: bytes.reduce((sum, size) => sum + size, 0), rows: Object.fromEntries(counted) as StoreSize['rows'] };
}
