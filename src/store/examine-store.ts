import { existsSync } from 'node:fs';
import SqliteDatabase from 'better-sqlite3';
import { errorText } from '../fault/belay-error.js';

/** Looks whether a store file is sound, beside a daemon that may be using it. Changes nothing. */
export function examineStore(path: string): { readonly exists: boolean; readonly problem?: string | undefined } {
  if (!existsSync(path)) return { exists: false };
  try {
    const database = new SqliteDatabase(path, { readonly: true, fileMustExist: true });
    try {
      const verdict = String(database.pragma('quick_check(1)', { simple: true }));
      return { exists: true, problem: verdict === 'ok' ? undefined : `${path} is damaged: ${verdict}` };
    } finally {
      database.close();
    }
  } catch (error) {
    return { exists: true, problem: `${path} cannot be read: ${errorText(error)}` };
  }
}
