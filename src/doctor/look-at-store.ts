import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { operatorTokenFile } from '../daemon/operator-token.js';
import { examineStore } from '../store/examine-store.js';
import { type Examination, type Finding, LOOK_TIMEOUT_MS } from './finding.js';

const ROOM_BYTES = 200 * 1024 ** 2;
const OTHERS_READ = 0o044;
const OTHERS_WRITE = 0o022;

/** The store, and the files that others on this machine should not read or write. */
export function storeExaminations({ storePath, file, keyFile }: { readonly storePath: string; readonly file: string; readonly keyFile?: string | undefined }): readonly Examination[] {
  const look = (name: string, of: () => Promise<readonly Finding[]>): Examination => ({ area: 'store', name, timeoutMs: LOOK_TIMEOUT_MS, look: of });
  return [
    look('store', () => storeFindings(storePath)),
    look('files', async () => [
      ...(await modeFindings(file, OTHERS_WRITE, 'can be written by others: whoever writes it decides what Belay runs', 'go-w')),
      ...(await modeFindings(storePath, OTHERS_READ, 'can be read by others', 'go-rwx')),
      ...(await modeFindings(operatorTokenFile(storePath), OTHERS_READ, 'can be read by others, who may then operate Belay', 'go-rwx')),
      ...(keyFile === undefined ? [] : await modeFindings(keyFile, OTHERS_READ, 'can be read by others: it is the key of the certificate', 'go-rwx')),
    ]),
  ];
}

async function storeFindings(storePath: string): Promise<readonly Finding[]> {
  const finding = (status: Finding['status'], message: string, mend?: string): Finding => ({ area: 'store', name: 'store', status, message, mend });
  const folder = dirname(storePath);
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch {
    return [finding('bad', `${folder} is no folder that this user may write`, `make it, and give it to the user that runs Belay: mkdir -p ${folder}`)];
  }
  const { bavail, bsize } = await statfs(folder);
  const examined = examineStore(storePath);
  return [
    examined.problem === undefined ? finding('ok', examined.exists ? `${storePath} is sound` : `${storePath} will be made`) : finding('bad', examined.problem, 'put the file aside, or bring it back from a backup; docs/errors.md tells more under store-unavailable'),
    ...(bavail * bsize < ROOM_BYTES ? [finding('warning', `there are only ${Math.round((bavail * bsize) / 1024 ** 2)} MiB left beside ${storePath}`, 'make room: without it Belay starts nothing')] : []),
  ];
}

async function modeFindings(file: string, forbidden: number, what: string, change: string): Promise<readonly Finding[]> {
  const mode = await stat(file).then(
    (found) => found.mode,
    () => 0, // What is not there yet is nobody's.
  );
  return (mode & forbidden) === 0 ? [] : [{ area: 'store', name: 'files', status: 'warning', message: `${file} ${what}`, mend: `chmod ${change} ${file}` }];
}
