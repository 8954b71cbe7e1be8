import type { Alert, RecentSample } from '../trigger/alert.js';

const MAX_AGE_MS = 3_600_000;
const MAX_POINTS = 600;
const FIRST_POINTS = 32;
/** Some 40 MB when all are full. Alerts beyond that are not remembered, until others are forgotten. */
const MAX_SERIES = 4_000;

/** The newest points of one alert, oldest overwritten first. */
class Ring {
  #at = new Float64Array(FIRST_POINTS);
  #values = new Float64Array(FIRST_POINTS);
  /** Where a value is NaN: why. */
  readonly #unknown = new Map<number, string>();
  #first = 0;
  #count = 0;

  get newestAt(): number {
    return this.#count === 0 ? -Infinity : this.#atOf(this.#count - 1);
  }

  add(sample: RecentSample): void {
    if (this.#count === this.#at.length && this.#count < MAX_POINTS) this.#grow();
    const size = this.#at.length;
    const place = (this.#first + this.#count) % size;
    if (this.#count === size) this.#first = (this.#first + 1) % size;
    else this.#count += 1;
    this.#at[place] = sample.at;
    this.#values[place] = 'value' in sample ? sample.value : NaN;
    if ('unknown' in sample) this.#unknown.set(place, sample.unknown);
    else this.#unknown.delete(place);
  }

  /** Forgets what is not older than `at`. */
  dropFrom(at: number): void {
    while (this.#count > 0 && this.newestAt >= at) this.#count -= 1;
  }

  since(at: number): readonly RecentSample[] {
    const points: RecentSample[] = [];
    for (let index = 0; index < this.#count; index += 1) {
      if (this.#atOf(index) >= at) points.push(this.#pointOf(index));
    }
    return points;
  }

  #pointOf(index: number): RecentSample {
    const place = (this.#first + index) % this.#at.length;
    const [at, value] = [this.#at[place] ?? NaN, this.#values[place] ?? NaN];
    return Number.isNaN(value) ? { at, unknown: this.#unknown.get(place) ?? 'nan' } : { at, value };
  }

  #atOf(index: number): number {
    return this.#at[(this.#first + index) % this.#at.length] ?? NaN;
  }

  /** Only before anything was overwritten, so that the places stay. */
  #grow(): void {
    const size = Math.min(MAX_POINTS, this.#at.length * 2);
    const [at, values] = [this.#at, this.#values];
    this.#at = new Float64Array(size);
    this.#values = new Float64Array(size);
    this.#at.set(at);
    this.#values.set(values);
  }
}

/**
 * What each alert's series gave lately, for plots: an hour at most, in bounded memory.
 */
export class SeriesMemory {
  readonly #rings = new Map<string, Map<string, Ring>>();
  #size = 0;

  /** Takes the newest samples of all alerts of a trigger; alerts that are gone are forgotten. */
  note(trigger: string, alerts: readonly Alert[]): void {
    const rings = this.#rings.get(trigger) ?? new Map<string, Ring>();
    this.#rings.set(trigger, rings);
    const present = new Set(alerts.map(({ fingerprint }) => fingerprint));
    for (const fingerprint of rings.keys()) {
      if (!present.has(fingerprint) && rings.delete(fingerprint)) this.#size -= 1;
    }
    for (const { fingerprint, recent = [] } of alerts) {
      const ring = rings.get(fingerprint) ?? this.#newRing(rings, fingerprint);
      if (ring !== undefined) take(ring, recent);
    }
  }

  /** Forgets every other trigger. */
  keepOnly(triggers: ReadonlySet<string>): void {
    for (const [trigger, rings] of this.#rings) {
      if (triggers.has(trigger)) continue;
      this.#size -= rings.size;
      this.#rings.delete(trigger);
    }
  }

  /** Oldest first. */
  pointsOf(trigger: string, fingerprint: string, sinceAt: number): readonly RecentSample[] {
    const ring = this.#rings.get(trigger)?.get(fingerprint);
    return ring === undefined ? [] : ring.since(Math.max(sinceAt, ring.newestAt - MAX_AGE_MS));
  }

  #newRing(rings: Map<string, Ring>, fingerprint: string): Ring | undefined {
    if (this.#size >= MAX_SERIES) return undefined;
    const ring = new Ring();
    rings.set(fingerprint, ring);
    this.#size += 1;
    return ring;
  }
}

/** Of two stories about one time the newer holds: what a source's history has told of a gap, and a clock that was set back. */
function take(ring: Ring, recent: readonly RecentSample[]): void {
  const [oldest] = recent;
  if (oldest === undefined || recent.at(-1)?.at === ring.newestAt) return;
  ring.dropFrom(oldest.at);
  for (const sample of recent) ring.add(sample);
}
