/** The row of a flag: for one segment, or for everybody. */
export interface FlagRow {
  readonly key: string;
  readonly segment: string | null;
}

/** The statements for one table, with the placeholders of the database: `@key`, `@segment` and `@value`, or `$1`, `$2` … in this order. */
export interface FlagStatements {
  readonly select: string;
  readonly update: string;
  /** The statements have a place for the segment. */
  readonly hasSegment: boolean;
}

/** A table of flags in one database. Both reject with the signal's reason when it aborts, and nothing is changed then. */
export interface FlagTable {
  /** The value column of every such row. */
  select(row: FlagRow, signal: AbortSignal): Promise<readonly unknown[]>;
  /** Writes the value where there is exactly one such row, otherwise changes nothing. Resolves to the number of rows. */
  updateOne(row: FlagRow, value: string | number | boolean | null, signal: AbortSignal): Promise<number>;
}
