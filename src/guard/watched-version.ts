import { z } from 'zod';
import type { VersionQuery } from '../decision/target.js';
import type { Query, Source } from '../source/source.js';
import type { Clock } from '../time/clock.js';
import { slotAfter } from '../time/slots.js';
import type { GuardStore } from './guard-store.js';
import { advanceSeen, readVersions, type SeenFacts, type SeenVersion, type VersionLook } from './seen-versions.js';

/** A version that a metric has shown to have been deployed, or found to run. */
export interface SeenChange {
  readonly target: string;
  readonly kind: 'deploy' | 'seen';
  readonly version: string;
  /** The source that has said so. */
  readonly by: string;
  /** The last instant at which it was known not to run yet. */
  readonly at: number;
}

export interface WatchedVersionPorts {
  readonly clock: Clock;
  readonly store: Pick<GuardStore, 'saveValue' | 'loadValue'>;
  readonly factsOf: (target: string) => SeenFacts;
  /** Durable once resolved. */
  readonly onChanged: (change: SeenChange) => Promise<void>;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
}

/** How far back a gap is looked into for the instant at which a version has come. */
const LONGEST_GAP_MS = 86_400_000;

const savedSchema = z.object({ of: z.string(), seen: z.array(z.object({ version: z.string(), undecided: z.literal(true).optional() })), knownAt: z.number() });

/** Asks which versions of a target run, and tells of those that have come. What is unknown changes nothing. */
export class WatchedVersion {
  readonly #target: string;
  readonly #version: VersionQuery;
  readonly #source: Source;
  readonly #ports: WatchedVersionPorts;
  readonly #query: Query;
  readonly #stopping = new AbortController();
  #isLoaded = false;
  #seen: readonly SeenVersion[] | undefined;
  #knownAt: number | undefined;
  #saved: string | undefined;
  #look: VersionLook = { kind: 'unknown', why: 'nothing has been asked yet' };
  #running: Promise<void> = Promise.resolve();

  constructor(target: string, version: VersionQuery, source: Source, ports: WatchedVersionPorts) {
    this.#target = target;
    this.#version = version;
    this.#source = source;
    this.#ports = ports;
    this.#query = Object.freeze({ kind: 'promql', expr: version.expr });
  }

  /** What the last answer said. */
  get look(): VersionLook {
    return this.#look;
  }

  start(): void {
    this.#running = this.#run().catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) this.#ports.report(error, { target: this.#target });
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, report } = this.#ports;
    const { signal } = this.#stopping;
    for (;;) {
      await clock.sleepUntil(slotAfter(clock.now(), this.#source.intervalMs), signal);
      try {
        await this.#turn(clock.now());
      } catch (error) {
        signal.throwIfAborted();
        report(error, { target: this.#target });
      }
    }
  }

  async #turn(at: number): Promise<void> {
    const { factsOf, onChanged } = this.#ports;
    const { source, label } = this.#version;
    if (!this.#isLoaded) await this.#load();
    const look = readVersions(await this.#source.observe(this.#query, at, this.#stopping.signal), label);
    this.#look = look;
    if (look.kind === 'unknown') return;
    const { seen, deployed, found } = advanceSeen(this.#seen, look.versions, at, factsOf(this.#target));
    if (found !== undefined) await onChanged({ target: this.#target, kind: 'seen', version: found, by: source, at });
    for (const version of deployed) await onChanged({ target: this.#target, kind: 'deploy', version, by: source, at: await this.#beforeItCame(version, at) });
    // A change that could not be written down comes again with the next answer.
    this.#seen = seen;
    this.#knownAt = at;
    await this.#save();
  }

  /** The last instant at which a version that runs at `at` was known not to; after a gap, as the source's history tells. */
  async #beforeItCame(version: string, at: number): Promise<number> {
    const { intervalMs } = this.#source;
    const knownAt = this.#knownAt ?? at;
    if (at - knownAt <= 1.5 * intervalMs) return knownAt;
    const fromAt = Math.max(knownAt, at - LONGEST_GAP_MS);
    const past = (await this.#source.history?.(this.#query, fromAt, at, intervalMs, this.#stopping.signal)) ?? [];
    const first = past.find((observation) => {
      const look = readVersions(observation, this.#version.label);
      return look.kind === 'known' && look.versions.includes(version);
    });
    return first === undefined ? at : Math.max(fromAt, first.at - intervalMs);
  }

  /** What was seen of another expression says nothing about this one. */
  async #load(): Promise<void> {
    const text = await this.#ports.store.loadValue(this.#valueName);
    this.#isLoaded = true;
    if (text === undefined) return;
    const { of, seen, knownAt } = savedSchema.parse(JSON.parse(text));
    if (of !== this.#of) return;
    this.#seen = seen;
    this.#knownAt = knownAt;
    this.#saved = JSON.stringify(seen);
  }

  async #save(): Promise<void> {
    const seen = (this.#seen ?? []).map(({ version, undecided }) => ({ version, undecided }));
    const text = JSON.stringify(seen);
    if (text === this.#saved) return;
    await this.#ports.store.saveValue(this.#valueName, JSON.stringify({ of: this.#of, seen, knownAt: this.#knownAt }));
    this.#saved = text;
  }

  get #of(): string {
    const { source, expr, label } = this.#version;
    return JSON.stringify([source, expr, label]);
  }

  get #valueName(): string {
    return `versions of ${this.#target}`;
  }
}
