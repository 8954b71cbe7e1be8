/** What is known of a source's sight. Plain data; instants in milliseconds since the epoch. */
export interface Sight {
  /** Since when no answer of the source was of use; absent while it sees. */
  readonly unknownSince?: number | undefined;
  /** True once people have been told. */
  readonly blind: boolean;
}

export type SightFact =
  | { readonly kind: 'blind'; readonly since: number; readonly message: string }
  | { readonly kind: 'seeing'; readonly blindForMs: number };

export const clearSight: Sight = { blind: false };

/**
 * How long a source may be unknown before people are told: four of its intervals, and at least a minute, so that a
 * restart of a Prometheus or a short fault of the network is not worth a message.
 */
export function blindAfterMs(intervalMs: number): number {
  return Math.max(60_000, 4 * intervalMs);
}

/**
 * One answer of a source, whichever trigger asked: any usable one means that the source sees. Gives a fact once when
 * blindness has lasted for `thresholdMs`, and once when it ends; shorter blindness is never spoken of.
 */
export function advanceSight(
  sight: Sight,
  answer: { readonly at: number; readonly sees: boolean; readonly message: string },
  thresholdMs: number,
): { readonly sight: Sight; readonly fact?: SightFact } {
  const { unknownSince = answer.at, blind } = sight;
  if (answer.sees) return blind ? { sight: clearSight, fact: { kind: 'seeing', blindForMs: Math.max(0, answer.at - unknownSince) } } : { sight: clearSight };
  // When the clock was set back, blindness begins at the first answer of the new time.
  const since = Math.min(unknownSince, answer.at);
  if (blind || answer.at - since < thresholdMs) return { sight: { unknownSince: since, blind } };
  return { sight: { unknownSince: since, blind: true }, fact: { kind: 'blind', since, message: answer.message } };
}
