import type { Path } from './problem.js';

/** Keys whose values people are meant to read in messages and logs. Everything else that is read by reference is a secret. */
const OPEN_KEYS: ReadonlySet<string | number> = new Set(['environment', 'store', 'listen', 'path', 'repo', 'cwd', 'branch', 'remote', 'channel', 'from', 'to', 'apiUrl']);

/** Whether what stands at a path is no secret. Addresses are open unless they carry a login or a query. */
export function isOpenPlace(path: Path, text: string): boolean {
  const key = path.findLast((part) => typeof part === 'string');
  if (key === 'url' || key === 'store') return isOpenAddress(text);
  return key !== undefined && OPEN_KEYS.has(key);
}

function isOpenAddress(text: string): boolean {
  if (!URL.canParse(text)) return true;
  const { username, password, search } = new URL(text);
  return username === '' && password === '' && search === '';
}
