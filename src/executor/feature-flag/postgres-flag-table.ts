import { withPostgres } from '../calls/postgres-connection.js';
import type { FlagRow, FlagStatements, FlagTable } from './flag-table.js';

/** A flag table in PostgreSQL, over a connection per question. */
export function openPostgres(url: string, statements: FlagStatements): FlagTable {
  const placeOf = ({ key, segment }: FlagRow): (string | null)[] => (statements.hasSegment ? [key, segment] : [key]);
  return {
    select: (row, signal) =>
      withPostgres({ url }, signal, async (client) => (await client.query<{ value: unknown }>(statements.select, placeOf(row))).rows.map(({ value }) => value)),
    updateOne: (row, value, signal) =>
      withPostgres({ url }, signal, async (client) => {
        await client.query('BEGIN');
        const rows = (await client.query(statements.update, [...placeOf(row), value])).rowCount ?? 0;
        await client.query(rows === 1 ? 'COMMIT' : 'ROLLBACK');
        return rows;
      }),
  };
}
