/**
 * How much of the users a breach concerns: a share from 0 to 1. `unknown` is what a source that gave no usable answer
 * leaves behind; `why` is half a sentence for people.
 */
export type Impact = { readonly kind: 'known'; readonly share: number } | { readonly kind: 'unknown'; readonly why: string };

/** What nobody declared is as unknown as what nobody answered. */
export const undeclaredImpact: Impact = { kind: 'unknown', why: 'its trigger does not tell' };
