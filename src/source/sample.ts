export type Labels = Readonly<Record<string, string>>;

/**
 * Why there is no number: nothing matched, the number was NaN, or there is not yet enough history to compute one; or
 * the source has answered and Belay itself withholds the number: too little goes on for it to mean anything, there is
 * nothing to compare it with, triggers that it is about are unknown, no Alertmanager has told of anything yet, or what
 * one has told can be asked of nobody.
 */
export type NoDataReason = 'empty' | 'nan' | 'too-few-samples' | WithheldReason;
export type WithheldReason = 'too-little-traffic' | 'no-baseline' | 'members-unknown' | 'nothing-received' | 'unconfirmable';

/** Why a source could not answer. A closed list: it labels metrics and decides what people are told. */
export type SourceErrorReason =
  | 'unreachable'
  | 'timeout'
  | 'http-status'
  | 'bad-answer'
  | 'query-refused'
  | 'wrong-type'
  | 'our-side'
  | 'shared-fate';

/**
 * One typed observation of one series at one instant (`at`, milliseconds since the epoch: the nominal time of the
 * data, not of its arrival). Never a bare number: NaN is `no-data`; ±Infinity is a value like any other.
 */
export type Sample =
  | { readonly kind: 'value'; readonly at: number; readonly value: number }
  | { readonly kind: 'no-data'; readonly at: number; readonly reason: NoDataReason }
  | { readonly kind: 'stale'; readonly at: number }
  | { readonly kind: 'error'; readonly at: number; readonly reason: SourceErrorReason; readonly message: string };

export interface SeriesSample {
  readonly labels: Labels;
  readonly sample: Sample;
}

/** The whole answer to one question. An empty `series` of a `vector` means that nothing matched. */
export type Observation =
  | { readonly kind: 'vector'; readonly at: number; readonly series: readonly SeriesSample[]; readonly warnings: readonly string[] }
  | { readonly kind: 'error'; readonly at: number; readonly reason: SourceErrorReason; readonly message: string };
