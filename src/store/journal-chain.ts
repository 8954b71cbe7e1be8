import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { sql, type Transaction } from 'kysely';
import type { JournalTable, Tables } from './tables.js';

/** A line as it is stored, with the number that it has or gets. */
export type ChainedLine = Omit<{ readonly [Column in keyof JournalTable]: JournalTable[Column] }, 'seq' | 'hash'> & { readonly seq: number };

/** What the first line is chained to, and a line behind lines that were removed before there were hashes. */
export const CHAIN_START = '0'.repeat(64);

/** The SHA-256, in hexadecimal digits, of the hash before and of the columns as a JSON list. */
export function lineHash(before: string, { seq, at, type, incident_id, target, execution_id, data }: ChainedLine): string {
  return createHash('sha256').update(`${before}\n${JSON.stringify([seq, at, type, incident_id, target, execution_id, data])}`).digest('hex');
}

export interface ChainHead {
  /** The newest number that was ever given; 0 before the first. */
  readonly seq: number;
  readonly hash: string;
}

/** Where the next line is chained on, whether the newest line is still there or was removed. */
export async function chainHead(transaction: Transaction<Tables>): Promise<ChainHead> {
  const { rows } = await sql<{ seq: number | null; hash: string | null }>`
    select (select seq from sqlite_sequence where name = 'journal') as seq,
      (select hash from (
        select * from (select seq, hash from journal order by seq desc limit 1)
        union all select * from (select last_seq as seq, last_hash as hash from journal_gap order by last_seq desc limit 1)
      ) order by seq desc limit 1) as hash`.execute(transaction);
  return { seq: rows[0]?.seq ?? 0, hash: rows[0]?.hash ?? CHAIN_START };
}

/** Chains the lines of a store that was written before there were hashes. */
export function chainOldLines(database: Database): void {
  if (database.prepare('select 1 from journal where hash is null limit 1').get() === undefined) return;
  const gaps = new Map((database.prepare('select last_seq, last_hash from journal_gap').all() as { last_seq: number; last_hash: string | null }[]).map(({ last_seq, last_hash }) => [last_seq, last_hash]));
  const lines = database.prepare('select seq, at, type, incident_id, target, execution_id, data, hash from journal order by seq').all() as (ChainedLine & { hash: string | null })[];
  const write = database.prepare('update journal set hash = ? where seq = ?');
  database
    .transaction(() => {
      let before = CHAIN_START;
      for (const line of lines) {
        if (gaps.has(line.seq - 1)) before = gaps.get(line.seq - 1) ?? CHAIN_START;
        if (line.hash === null) write.run(lineHash(before, line), line.seq);
        before = line.hash ?? lineHash(before, line);
      }
    })
    .immediate();
}
