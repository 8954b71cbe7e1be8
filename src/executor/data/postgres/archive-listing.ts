/** What `pg_restore --list` says of an archive. */
export interface ArchiveListing {
  readonly database: string | undefined;
  /** The wall clock of the machine that made it: `2026-11-25 10:15:53`. */
  readonly wallClock: string | undefined;
  /** The major version of the server that it was dumped from. */
  readonly serverMajor: number | undefined;
  /** The tables whose rows it has, as `schema table`. */
  readonly tables: ReadonlySet<string>;
}

export function parseListing(text: string): ArchiveListing {
  const header = (pattern: RegExp): string | undefined => pattern.exec(text)?.[1]?.trim();
  const major = header(/^;\s+Dumped from database version: (\d+)/m);
  const tables = new Set<string>();
  for (const line of text.split('\n')) {
    const [, rest] = /^\d+; \d+ \d+ TABLE DATA (.+)$/s.exec(line) ?? [];
    if (rest !== undefined) tables.add(rest.split(' ').slice(0, -1).join(' '));
  }
  return {
    database: header(/^;\s+dbname: (.*)$/m),
    wallClock: header(/^; Archive created at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)/m),
    serverMajor: major === undefined ? undefined : Number(major),
    tables,
  };
}
