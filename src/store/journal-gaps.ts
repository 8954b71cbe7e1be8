import type { Transaction } from 'kysely';
import type { Tables } from './tables.js';

/** Removes lines and books the gaps that they leave; gaps that touch become one. Line numbers never change. */
export async function removeJournalLines(transaction: Transaction<Tables>, seqs: readonly number[], at: number): Promise<void> {
  const there = await transaction.selectFrom('journal').select('seq').where('seq', 'in', seqs).orderBy('seq').execute();
  for (const { first, last } of stretches(there.map(({ seq }) => seq))) {
    await transaction.deleteFrom('journal').where('seq', '>=', first).where('seq', '<=', last).execute();
    const before = await transaction.deleteFrom('journal_gap').where('last_seq', '=', first - 1).returning('first_seq').executeTakeFirst();
    const after = await transaction.deleteFrom('journal_gap').where('first_seq', '=', last + 1).returning('last_seq').executeTakeFirst();
    await transaction.insertInto('journal_gap').values({ first_seq: before?.first_seq ?? first, last_seq: after?.last_seq ?? last, removed_at: at }).execute();
  }
}

function stretches(seqs: readonly number[]): readonly { readonly first: number; readonly last: number }[] {
  const found: { first: number; last: number }[] = [];
  for (const seq of seqs) {
    const current = found.at(-1);
    if (current !== undefined && current.last + 1 === seq) current.last = seq;
    else found.push({ first: seq, last: seq });
  }
  return found;
}
