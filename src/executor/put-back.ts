import { isDeepStrictEqual } from 'node:util';
import type { Effort, StateChange } from './state-executor.js';

export interface PuttingBack {
  readonly subject: string;
  /** As it came out of the journal. */
  readonly captured: unknown;
  /** Reads what the change overwrites, as it was read for `captured`. */
  capture(signal: AbortSignal): Promise<unknown>;
  putBack(effort: Effort): Promise<void>;
  /** Throws, or resolves to false, while those who use the system have not seen the state that `capture` finds. */
  isSeen?(signal: AbortSignal): Promise<boolean>;
  readonly follow?: StateChange['follow'];
  readonly settles?: boolean | undefined;
}

/** The change that puts back what was captured. It is done when capturing once more finds the same. */
export function putBackChange({ subject, captured, capture, putBack, isSeen, follow, settles }: PuttingBack): StateChange {
  return {
    subject,
    wanted: captured,
    settles,
    follow,
    async read(signal) {
      const actual = await capture(signal);
      const isBack = isDeepStrictEqual(plain(actual), plain(captured)) && (isSeen === undefined || (await isSeen(signal)));
      return { state: isBack ? 'applied' : 'not-applied', actual };
    },
    apply: putBack,
    capture,
  };
}

/** What the journal makes of it. */
function plain(data: unknown): unknown {
  return data === undefined ? undefined : (JSON.parse(JSON.stringify(data)) as unknown);
}
