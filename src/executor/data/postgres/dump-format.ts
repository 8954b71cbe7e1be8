import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BelayError } from '../../../fault/belay-error.js';

export type DumpFormat = 'custom' | 'directory' | 'tar' | 'plain';

const HEAD_BYTES = 4_096;
const TAIL_BYTES = 2_048;
/** Since PostgreSQL 15.14 a dump ends with `\unrestrict` behind these words. */
const COMPLETE = /\n-- PostgreSQL database dump complete\n/;

/** Tells the format by what is written, not by the name. Throws `backup-unfit` for anything else, and for a plain dump without its end. */
export async function dumpFormat(path: string, shown: string): Promise<DumpFormat> {
  if ((await stat(path)).isDirectory()) {
    await stat(join(path, 'toc.dat')).catch(() => {
      throw new BelayError('backup-unfit', `${shown} is a directory without toc.dat, so it is no dump of pg_dump --format=directory`);
    });
    return 'directory';
  }
  const { head, tail } = await endsOf(path);
  if (head.startsWith('PGDMP')) return 'custom';
  if (head.startsWith('toc.dat\0') && head.slice(257, 262) === 'ustar') return 'tar';
  if (!/^--\s*\n-- PostgreSQL database dump\n/.test(head)) throw new BelayError('backup-unfit', `${shown} is neither an archive of pg_dump nor a plain dump (a compressed plain dump must be unpacked first)`);
  if (!COMPLETE.test(tail)) throw new BelayError('backup-unfit', `${shown} lacks the last line of a plain dump: it is incomplete`);
  return 'plain';
}

async function endsOf(path: string): Promise<{ head: string; tail: string }> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const head = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const tail = await file.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, Math.max(0, size - TAIL_BYTES));
    return { head: head.buffer.toString('latin1', 0, head.bytesRead), tail: tail.buffer.toString('latin1', 0, tail.bytesRead) };
  } finally {
    await file.close();
  }
}
