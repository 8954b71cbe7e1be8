/** The statements for one table, with the placeholders of the database: `@key` and `@value`, or `$1` and `$2`. */
export interface FlagStatements {
  readonly select: string;
  readonly update: string;
}

/** A table of flags in one database. Both reject with the signal's reason when it aborts, and nothing is changed then. */
export interface FlagTable {
  /** The value column of every row with this key. */
  select(key: string, signal: AbortSignal): Promise<readonly unknown[]>;
  /** Writes the value where exactly one row has this key, otherwise changes nothing. Resolves to the number of rows. */
  updateOne(key: string, value: string | number | boolean, signal: AbortSignal): Promise<number>;
}
