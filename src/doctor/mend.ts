import { BelayError, errorText } from '../fault/belay-error.js';
import { DeadlineError } from '../source/deadline.js';

/** What usually mends a fault, told by what was answered. `undefined` where the answer says all that there is to say. */
export function mendOf(error: unknown): string | undefined {
  if (error instanceof DeadlineError) return 'see whether a firewall, or a proxy, stands between this machine and it';
  const text = errorText(error);
  const status = error instanceof BelayError ? error.context['status'] : undefined;
  if (status === 401 || /HTTP 401|\b401\b.*nauthori|authentication failed/i.test(text)) return 'the credentials are not accepted: see whether they are these, and whether they have expired';
  if (status === 403 || /HTTP 403|forbidden|permission denied|EACCES/i.test(text)) return 'the credentials are known and may not do this: give them the right that docs/providers.md names for this type';
  if (status === 404 || /HTTP 404/.test(text)) return 'the address leads to something else: see the address, and the names in it';
  if (/refused the connection|ECONNREFUSED/.test(text)) return 'see whether it runs, and whether address and port are right';
  if (/does not resolve|ENOTFOUND|EAI_AGAIN/.test(text)) return 'see the name in the address, and the name resolution of this machine';
  if (/certificate/i.test(text)) return 'have the certificate signed by an authority that this machine knows, or name that one in NODE_EXTRA_CA_CERTS';
  if (/ENOENT|there is no such program|cannot be found|not found|does not exist|no such file/i.test(text)) return 'see the path or the name of the program; relative paths start at the folder of belay.yaml, and programs are found by the PATH of the user that runs Belay';
  return undefined;
}
