import { createReadStream } from 'node:fs';
import type pg from 'pg';

/** The rows of one table as a dump writes them: `COPY schema.table (columns) FROM stdin;`, lines, `\.`. */
export interface DumpedRows {
  readonly columns: readonly string[];
  readonly encoding: string;
  /** Where the lines are in the file: from the first byte up to the line `\.`. */
  readonly startsAt: number;
  readonly endsAt: number;
}

const HEADER = /^COPY (?<table>.+?) \((?<columns>.*)\) FROM stdin;$/;
const ENCODING = /^SET client_encoding = '([A-Za-z0-9_]+)';$/;
const NEWLINE = 0x0a;
const END = '\\.';

/** Looks through the text of a dump for the rows of one table; `undefined` where it has none of it. */
export async function findRows(path: string, schema: string, table: string, signal: AbortSignal): Promise<DumpedRows | undefined> {
  const wanted = JSON.stringify([schema, table]);
  let encoding = 'UTF8';
  let found: { columns: readonly string[]; startsAt: number } | undefined;
  let inOtherRows = false;
  for await (const { line, at } of linesOf(path, signal)) {
    if (found !== undefined) {
      if (line === END) return { ...found, encoding, endsAt: at };
    } else if (inOtherRows) {
      inOtherRows = line !== END;
    } else {
      encoding = ENCODING.exec(line)?.[1] ?? encoding;
      const { table: name, columns } = HEADER.exec(line)?.groups ?? {};
      if (name === undefined || columns === undefined) continue;
      if (JSON.stringify(namesIn(name)) === wanted) found = { columns: namesIn(columns), startsAt: at + Buffer.byteLength(line, 'latin1') + 1 };
      else inOtherRows = true;
    }
  }
  return undefined;
}

/** Only what can be the start of a command matters, so long lines are cut. Bytes, not characters: one byte is one letter. */
async function* linesOf(path: string, signal: AbortSignal): AsyncGenerator<{ line: string; at: number }> {
  const MOST_BYTES = 1 << 16;
  let line = '';
  let at = 0;
  let position = 0;
  for await (const chunk of createReadStream(path, { signal, highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      if (line.length < MOST_BYTES) line += chunk.toString('latin1', from, Math.min(end, from + MOST_BYTES));
      yield { line, at };
      from = end + 1;
      at = position + from;
      line = '';
    }
    if (line.length < MOST_BYTES) line += chunk.toString('latin1', from, Math.min(chunk.length, from + MOST_BYTES));
    position += chunk.length;
  }
  if (line !== '') yield { line, at };
}

/** The names of a list with commas or dots between them, quoted or not. */
function namesIn(list: string): string[] {
  return [...list.matchAll(/"((?:[^"]|"")*)"|([^\s,."]+)/g)].map(([, quoted, plain]) => Buffer.from(quoted?.replaceAll('""', '"') ?? plain ?? '', 'latin1').toString('utf8'));
}

/** What pg calls on a query under way, as far as copying needs it; its types leave most of it out. */
interface CopyConnection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  stream: { write: unknown; writableNeedDrain: boolean; once(event: 'drain' | 'close', listener: () => void): void };
}

/** Sends a part of a file as the rows of `COPY … FROM STDIN`. Rejects with PostgreSQL's error, and the rows are not there then. */
export function copyFile(client: pg.Client, statement: string, path: string, { startsAt, endsAt }: DumpedRows): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined;
    const send = async (connection: CopyConnection): Promise<void> => {
      if (endsAt > startsAt) {
        for await (const chunk of createReadStream(path, { start: startsAt, end: endsAt - 1 }) as AsyncIterable<Buffer>) {
          if (failure !== undefined) return;
          connection.sendCopyFromChunk(chunk);
          if (connection.stream.writableNeedDrain) await new Promise<void>((drained) => {
            connection.stream.once('drain', drained);
            connection.stream.once('close', drained);
          });
        }
      }
      connection.endCopyFrom();
    };
    const copy = {
      submit: (connection: unknown) => (connection as CopyConnection).query(statement),
      handleCopyInResponse: (connection: CopyConnection) => {
        send(connection).catch((error: unknown) => {
          failure = error as Error;
          client.connection.stream.destroy();
        });
      },
      handleError: (error: Error) => {
        failure ??= error;
        // A refused COPY is followed by ReadyForQuery; a broken connection by nothing more.
        reject(failure);
      },
      handleReadyForQuery: () => (failure === undefined ? resolve() : reject(failure)),
      handleCommandComplete: () => undefined,
      handleRowDescription: () => undefined,
      handleDataRow: () => undefined,
      handleEmptyQuery: () => undefined,
    };
    client.query(copy as unknown as pg.Submittable);
  });
}
