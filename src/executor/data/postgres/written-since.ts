import { setTimeout as waitMs } from 'node:timers/promises';
import type pg from 'pg';
import { z } from 'zod';

/** How much has been written to the tables of one database, as the server itself counts it. */
export const writeCountsSchema = z.object({ inserted: z.number(), updated: z.number(), deleted: z.number(), files: z.string() });
export type WriteCounts = z.infer<typeof writeCountsSchema>;

const ALONE_POLL_MS = 50;
const ALONE_POLLS = 60;

/** Reads the counts of the database that the client is in. They have everything that sessions wrote that have ended. */
export async function readWriteCounts(client: pg.Client): Promise<WriteCounts> {
  const { rows } = await client.query<Record<'inserted' | 'updated' | 'deleted', string> & { files: string }>(`
    SELECT coalesce(sum(n_tup_ins), 0) AS inserted, coalesce(sum(n_tup_upd), 0) AS updated, coalesce(sum(n_tup_del), 0) AS deleted,
      md5(coalesce(string_agg(format('%s %s', c.oid, pg_relation_filenode(c.oid)), ',' ORDER BY c.oid), '')) AS files
    FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid WHERE c.relkind = 'r' AND c.relpersistence <> 't'`);
  const [{ inserted, updated, deleted, files } = { inserted: 0, updated: 0, deleted: 0, files: '' }] = rows;
  return { inserted: Number(inserted), updated: Number(updated), deleted: Number(deleted), files };
}

/**
 * Resolves once no other session is in the database that the client is in: each has then told what it wrote. Who stays for
 * seconds, such as a monitoring agent, is not one that restores.
 */
export async function awaitAlone(client: pg.Client, signal: AbortSignal): Promise<void> {
  for (let poll = 0; poll < ALONE_POLLS; poll += 1) {
    const { rows } = await client.query(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`);
    if (rows.length === 0) return;
    await waitMs(ALONE_POLL_MS, undefined, { signal });
  }
}

/** What has been written between two counts, for people; `undefined` where nothing has. */
export function writtenBetween(left: WriteCounts, now: WriteCounts): string | undefined {
  const [inserted, updated, deleted] = [now.inserted - left.inserted, now.updated - left.updated, now.deleted - left.deleted];
  if (Math.min(inserted, updated, deleted) < 0) return 'whether rows were written cannot be told, because the server has lost its counts (it crashed, or tables were dropped)';
  if (inserted + updated + deleted > 0) return `${inserted} rows were inserted, ${updated} updated and ${deleted} deleted`;
  return now.files === left.files ? undefined : 'tables were made, dropped, truncated or rewritten';
}
