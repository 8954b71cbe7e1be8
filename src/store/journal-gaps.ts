import type { Transaction } from 'kysely';
import type { JournalTable, Tables } from './tables.js';

/** A statement takes so many values and not many more. */
const LINES_A_STATEMENT = 500;

/** Removes lines and books the gaps that they leave, with the hash of the newest line of each; gaps that touch become one. Line numbers never change. */
export async function removeJournalLines(transaction: Transaction<Tables>, seqs: readonly number[], at: number): Promise<void> {
  for (let start = 0; start < seqs.length; start += LINES_A_STATEMENT) await removeFew(transaction, seqs.slice(start, start + LINES_A_STATEMENT), at);
}

async function removeFew(transaction: Transaction<Tables>, seqs: readonly number[], at: number): Promise<void> {
  const there = await transaction.selectFrom('journal').select(['seq', 'hash']).where('seq', 'in', seqs).orderBy('seq').execute();
  for (const { first, last, hash } of stretches(there)) {
    await transaction.deleteFrom('journal').where('seq', '>=', first).where('seq', '<=', last).execute();
    const before = await transaction.deleteFrom('journal_gap').where('last_seq', '=', first - 1).returning('first_seq').executeTakeFirst();
    const after = await transaction.deleteFrom('journal_gap').where('first_seq', '=', last + 1).returning(['last_seq', 'last_hash']).executeTakeFirst();
    await transaction.insertInto('journal_gap').values({ first_seq: before?.first_seq ?? first, last_seq: after?.last_seq ?? last, last_hash: after === undefined ? hash : after.last_hash, removed_at: at }).execute();
  }
}

type Line = Pick<JournalTable, 'hash'> & { readonly seq: number };

/** `hash`: of the last. */
function stretches(lines: readonly Line[]): readonly { readonly first: number; readonly last: number; readonly hash: string | null }[] {
  const found: { first: number; last: number; hash: string | null }[] = [];
  for (const { seq, hash } of lines) {
    const current = found.at(-1);
    if (current !== undefined && current.last + 1 === seq) Object.assign(current, { last: seq, hash });
    else found.push({ first: seq, last: seq, hash });
  }
  return found;
}
