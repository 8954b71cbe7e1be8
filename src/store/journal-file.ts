import { existsSync } from 'node:fs';
import SqliteDatabase, { type Database } from 'better-sqlite3';
import { BelayError } from '../fault/belay-error.js';
import type { JournalEvent } from '../incident/incident-event.js';
import { toStoreFault } from './store-fault.js';
import { parseTagged } from './tagged-json.js';
import { type ChainAnchor, type ChainVerdict, type StoredChain, type StoredGap, verifyChain } from './verify-chain.js';

/** A line of the journal with its place in the chain. */
export interface AuditLine {
  readonly seq: number;
  readonly hash: string;
  readonly event: JournalEvent;
}

export interface AuditFilter {
  /** Instants in milliseconds since the epoch. */
  readonly fromAt?: number | undefined;
  readonly toAt?: number | undefined;
  readonly target?: string | undefined;
  readonly incidentId?: string | undefined;
}

/** The journal of a store file, read beside the daemon that writes it, or without one. Nothing is changed. */
export class JournalFile {
  readonly #database: Database;
  readonly #path: string;

  private constructor(database: Database, path: string) {
    this.#database = database;
    this.#path = path;
  }

  /** Throws BelayError `store-unavailable` for what is no store of this Belay, or one that has no chain yet. */
  static open(path: string): JournalFile {
    if (!existsSync(path)) throw new BelayError('store-unavailable', `there is no store at ${path}; name the belay.yaml of the daemon with --config, or the file with --store`, { context: { path } });
    try {
      const database = new SqliteDatabase(path, { readonly: true, fileMustExist: true });
      const columns = database.prepare("select name from pragma_table_info('journal')").all() as { name: string }[];
      if (columns.some(({ name }) => name === 'hash')) return new JournalFile(database, path);
      database.close();
    } catch (error) {
      throw toStoreFault(error, path);
    }
    throw new BelayError('store-unavailable', `${path} has no chain of hashes yet: it gets one when this version's daemon is first started on it`, { context: { path } });
  }

  verify(anchor?: ChainAnchor): ChainVerdict {
    return this.#read(() => {
      // One transaction: what a daemon appends meanwhile is not half in it.
      const chain = this.#database.transaction(() => verifyChain(this.#chain(), anchor));
      return chain.deferred();
    });
  }

  /** In the order of the journal. */
  *lines({ fromAt, toAt, target, incidentId }: AuditFilter): Generator<AuditLine> {
    const conditions = [
      ...(fromAt === undefined ? [] : ['at >= @fromAt']),
      ...(toAt === undefined ? [] : ['at < @toAt']),
      ...(target === undefined ? [] : ['target = @target']),
      ...(incidentId === undefined ? [] : ['incident_id = @incidentId']),
    ];
    const statement = this.#database.prepare(`select seq, hash, data from journal${conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`} order by seq`);
    const given = Object.fromEntries(Object.entries({ fromAt, toAt, target, incidentId }).filter(([, value]) => value !== undefined));
    for (const row of statement.iterate(given)) {
      const { seq, hash, data } = row as { seq: number; hash: string | null; data: string };
      yield { seq, hash: hash ?? '', event: parseTagged(data) as JournalEvent };
    }
  }

  close(): void {
    this.#database.close();
  }

  #chain(): StoredChain {
    const given = this.#database.prepare("select seq from sqlite_sequence where name = 'journal'").get() as { seq: number } | undefined;
    return {
      lines: this.#database.prepare('select seq, at, type, incident_id, target, execution_id, data, hash from journal order by seq').iterate() as StoredChain['lines'],
      gaps: this.#database.prepare('select first_seq, last_seq, last_hash from journal_gap order by first_seq').all() as StoredGap[],
      lastGivenSeq: given?.seq ?? 0,
    };
  }

  #read<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw toStoreFault(error, this.#path);
    }
  }
}
