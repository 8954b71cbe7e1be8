import { CHAIN_START, type ChainedLine, lineHash } from './journal-chain.js';

export interface StoredGap {
  readonly first_seq: number;
  readonly last_seq: number;
  readonly last_hash: string | null;
}

/** A line and its hash that were noted somewhere else, some time ago. */
export interface ChainAnchor {
  readonly seq: number;
  readonly hash: string;
}

export interface ChainVerdict {
  /** Lines that are there and fit. */
  readonly lines: number;
  /** Numbers whose lines were removed, as it is booked. */
  readonly removed: number;
  /** The newest line or removed line that fits: to be noted somewhere else, and held against the chain later. */
  readonly head: ChainAnchor;
  /** The first that does not fit. */
  readonly unfit?: { readonly seq: number; readonly why: string } | undefined;
}

export interface StoredChain {
  /** In order. */
  readonly lines: Iterable<ChainedLine & { readonly hash: string | null }>;
  readonly gaps: readonly StoredGap[];
  /** The newest number that was ever given. */
  readonly lastGivenSeq: number;
}

/** Goes along the chain up to the first line that does not fit. */
export function verifyChain({ lines, gaps, lastGivenSeq }: StoredChain, anchor?: ChainAnchor): ChainVerdict {
  const gapAt = new Map(gaps.map((gap) => [gap.first_seq, gap]));
  let head: ChainAnchor = { seq: 0, hash: CHAIN_START };
  let [count, removed] = [0, 0];
  let anchorSeen = anchor === undefined || anchor.seq === 0;
  const verdict = (seq: number, why: string): ChainVerdict => ({ lines: count, removed, head, unfit: { seq, why } });
  const skipGap = (): void => {
    const gap = gapAt.get(head.seq + 1);
    if (gap === undefined) return;
    head = { seq: gap.last_seq, hash: gap.last_hash ?? CHAIN_START };
    removed += gap.last_seq - gap.first_seq + 1;
  };
  const contradicted = (): string | undefined => {
    if (anchor === undefined || anchorSeen || head.seq < anchor.seq) return undefined;
    anchorSeen = true;
    if (head.seq > anchor.seq) return 'it was removed since, so what was noted of it says nothing; note a newer line';
    return head.hash === anchor.hash ? undefined : `its hash was noted as ${anchor.hash} and is ${head.hash}: the journal was written anew up to here`;
  };

  for (const line of lines) {
    skipGap();
    const inGap = contradicted();
    if (anchor !== undefined && inGap !== undefined) return verdict(anchor.seq, inGap);
    if (line.seq !== head.seq + 1) return verdict(head.seq + 1, line.seq > head.seq + 1 ? `${missingText(head.seq + 1, line.seq - 1)} missing, and no removal of it is booked` : 'it stands where lines are booked as removed');
    if (line.hash === null) return verdict(line.seq, 'it has no hash: it was written by an older Belay, or by something else');
    if (line.hash !== lineHash(head.hash, line)) return verdict(line.seq, 'its hash is not that of what it says behind the line before it: one of the two was changed, or a line between them is gone');
    head = { seq: line.seq, hash: line.hash };
    count += 1;
    const unlike = contradicted();
    if (unlike !== undefined) return verdict(line.seq, unlike);
  }
  skipGap();
  const last = contradicted();
  if (anchor !== undefined && last !== undefined) return verdict(anchor.seq, last);
  if (head.seq < lastGivenSeq) return verdict(head.seq + 1, `${missingText(head.seq + 1, lastGivenSeq)} missing at the end, and no removal of it is booked`);
  if (!anchorSeen && anchor !== undefined) return verdict(anchor.seq, 'it is not there, though it was noted');
  return { lines: count, removed, head };
}

function missingText(first: number, last: number): string {
  return first === last ? `line ${first} is` : `the lines ${first} to ${last} are`;
}
