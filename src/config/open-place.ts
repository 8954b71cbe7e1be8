import type { Path } from './problem.js';

/** Keys whose values people are meant to read in messages and logs. Everything else that is read by reference is a secret. */
const OPEN_KEYS: ReadonlySet<string | number> = new Set(['environment', 'store', 'listen', 'path', 'directory', 'file', 'include', 'projectDirectory', 'envFile', 'releases', 'link', 'home', 'repo', 'cwd', 'branch', 'remote', 'channel', 'from', 'to', 'apiUrl', 'cert', 'key', 'clientCa']);
/** Below these, keys are whatever people call them. */
const FREE_KEYS: ReadonlySet<string | number> = new Set(['env', 'headers', 'body', 'parameters']);
/** Whose addresses are meant to be read. A webhook's address, for one, may be all the secret that it has. */
const ADDRESS_OWNERS: ReadonlySet<string | number> = new Set(['sources', 'targets']);

/** Whether what stands at a path is no secret. Addresses are open unless they carry a login or a query. */
export function isOpenPlace(path: Path, text: string): boolean {
  const key = path.findLast((part) => typeof part === 'string');
  if (key === undefined || path.some((part) => FREE_KEYS.has(part))) return false;
  if (key === 'url') return ADDRESS_OWNERS.has(path[0] ?? '') && isOpenAddress(text);
  return OPEN_KEYS.has(key) && isOpenAddress(text);
}

function isOpenAddress(text: string): boolean {
  if (!URL.canParse(text)) return true;
  const { username, password, search } = new URL(text);
  return username === '' && password === '' && search === '';
}
