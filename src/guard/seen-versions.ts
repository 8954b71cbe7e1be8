import type { Observation } from '../source/sample.js';

/** Which versions run, as a metric tells it. */
export type VersionLook = { readonly kind: 'known'; readonly versions: readonly string[] } | { readonly kind: 'unknown'; readonly why: string };

/** A version that was seen to run, until it has been gone for a while. */
export interface SeenVersion {
  readonly version: string;
  /** Since when no known answer has had it. */
  readonly missingSince?: number | undefined;
  /** It came up while a rollback was under way, so that nobody can say yet whose doing it is. */
  readonly undecided?: true | undefined;
}

export interface SeenFacts {
  /** What the markers say. */
  readonly running: string | undefined;
  readonly isRollingBack: boolean;
}

export interface SeenStep {
  readonly seen: readonly SeenVersion[];
  /** Versions whose deployment has begun since the look before. */
  readonly deployed: readonly string[];
  /** What runs and was there before anybody looked: known, and no change. */
  readonly found?: string | undefined;
}

/** More at once are no versions: the label is that of something else. */
const MOST_VERSIONS = 20;
const LONGEST_VERSION = 200;
/** An instance that restarts, or that a scrape misses, is not gone. Prometheus, too, looks so far back. */
const GONE_AFTER_MS = 300_000;

/** The values of `label` among the series whose value is not 0, in order. */
export function readVersions(observation: Observation, label: string): VersionLook {
  if (observation.kind === 'error') return { kind: 'unknown', why: observation.message };
  const series = observation.series.filter(({ sample }) => sample.kind === 'value' && sample.value !== 0);
  if (series.length === 0) return { kind: 'unknown', why: 'the answer has no series with a value' };
  const versions = [...new Set(series.map(({ labels }) => labels[label] ?? ''))].filter((version) => version !== '').sort();
  if (versions.length === 0) return { kind: 'unknown', why: `no series has the label "${label}"` };
  if (versions.length > MOST_VERSIONS) return { kind: 'unknown', why: `the label "${label}" has ${versions.length} values at once; more than ${MOST_VERSIONS} are no versions` };
  if (!versions.every(isVersion)) return { kind: 'unknown', why: `a value of the label "${label}" is no version: one line of at most ${LONGEST_VERSION} characters` };
  return { kind: 'known', versions };
}

/**
 * What one more known answer means. A version that was not there before has been deployed, beside what else runs or in
 * its place, unless the markers say that it runs. One that has been missing for five minutes is gone; if it is the one
 * that was deployed last, what alone is left was gone back to. What comes up during a rollback is looked at once that
 * has ended.
 */
export function advanceSeen(before: readonly SeenVersion[] | undefined, versions: readonly string[], at: number, { running, isRollingBack }: SeenFacts): SeenStep {
  const [alone, ...besides] = versions;
  const isNew = before === undefined ? alone !== running : running === undefined;
  const found = besides.length === 0 && isNew && !isRollingBack ? alone : undefined;
  if (before === undefined) return { seen: versions.map((version) => ({ version })), deployed: [], found };
  const isThere = (version: string): boolean => versions.includes(version);
  const aged = before.map((known): SeenVersion => (isThere(known.version) ? { ...known, missingSince: undefined } : { ...known, missingSince: known.missingSince ?? at }));
  const gone = aged.filter(({ missingSince = Infinity }) => at - missingSince >= GONE_AFTER_MS);
  const kept = aged.filter((known) => !gone.includes(known));
  const fresh = versions.filter((version) => !before.some((known) => known.version === version));
  if (isRollingBack) return { seen: [...kept, ...fresh.map((version) => ({ version, undecided: true as const }))], deployed: [] };
  const undecided = kept.flatMap(({ version, undecided: open }) => (open === true && isThere(version) ? [version] : []));
  const wentBack = besides.length === 0 && alone !== undefined && gone.some(({ version }) => version === running) ? [alone] : [];
  const deployed = [...new Set([...undecided, ...fresh, ...wentBack])].filter((version) => version !== running && version !== found);
  return { seen: [...kept.map(({ version, missingSince }) => ({ version, missingSince })), ...fresh.map((version) => ({ version }))], deployed, found };
}

function isVersion(text: string): boolean {
  return text.length <= LONGEST_VERSION && !/\p{Cc}/u.test(text) && text.trim() === text;
}
