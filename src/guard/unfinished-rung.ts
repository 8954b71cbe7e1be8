import type { Rung } from '../incident/incident.js';

/** What a restart has left to do about the newest rung of an incident. */
export type RungRemainder =
  /** Its steps go on where they were; with `stopped`, the one that runs is ended and no other begins. */
  | { readonly kind: 'carry-on'; readonly stopped: string | undefined }
  /** It was decided, and no step of it has begun. */
  | { readonly kind: 'begin' }
  | { readonly kind: 'call-off'; readonly stopped: string }
  | { readonly kind: 'verify' }
  /** It has ended; what that means is left to be written down. */
  | { readonly kind: 'settle'; readonly stopped?: string };

/** `stopped` says what has stopped it for good; absent where nothing has. */
export function remainderOf({ outcome, begun, verification }: Rung, stopped: string | undefined): RungRemainder {
  if (outcome === undefined) return begun ? { kind: 'carry-on', stopped } : stopped === undefined ? { kind: 'begin' } : { kind: 'call-off', stopped };
  if (verification?.result !== undefined) return { kind: 'settle' };
  if (stopped !== undefined) return { kind: 'settle', stopped };
  return { kind: outcome === 'success' || outcome === 'failed' ? 'verify' : 'settle' };
}
