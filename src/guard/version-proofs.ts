import { z } from 'zod';
import type { Clock } from '../time/clock.js';
import { slotAfter } from '../time/slots.js';
import type { ChangeMarker } from './change-marker.js';
import type { GuardStore } from './guard-store.js';
import { advanceProof, type HealthLook, type ProofRule, unprovenVersion, type VersionProof } from './version-proof.js';

export interface VersionProofPorts {
  readonly clock: Clock;
  readonly store: Pick<GuardStore, 'saveValue' | 'loadValue'>;
  readonly targets: () => readonly string[];
  readonly markers: () => readonly ChangeMarker[];
  /** How long it takes; `undefined` where versions are called good by people only. */
  readonly goodAfterMs: () => number | undefined;
  /** Rejects only when `signal` aborts. */
  readonly look: (target: string, signal: AbortSignal) => Promise<HealthLook>;
  /** The version has proved good; durable once resolved. */
  readonly onProven: (target: string, version: string) => Promise<void>;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
}

const LONGEST_INTERVAL_MS = 15_000;
const SHORTEST_INTERVAL_MS = 1_000;
/** What is kept of a proof is renewed this many times; a crash loses no more than one of these parts. */
const SAVED_PARTS = 10;

const savedSchema = z.object({ version: z.string(), since: z.number(), healthyForMs: z.number().min(0), savedAt: z.number() });

/**
 * Watches versions that run until they have proved good: every target whose running version nobody has called good is
 * looked at from time to time. How far a proof has come outlives a restart; the time in between counts for nothing.
 */
export class VersionProofs {
  readonly #ports: VersionProofPorts;
  readonly #stopping = new AbortController();
  readonly #proofs = new Map<string, VersionProof>();
  /** What the store has of each target's proof. */
  readonly #saved = new Map<string, Pick<VersionProof, 'since' | 'healthyForMs'>>();
  #started = false;
  #isLooking = false;
  #running: Promise<void> = Promise.resolve();

  constructor(ports: VersionProofPorts) {
    this.#ports = ports;
  }

  /** Begins to look, once the markers of before a restart are known. */
  start(): void {
    this.#started = true;
    this.wake();
  }

  /** There may be something to prove now: the markers or the configuration have changed. */
  wake(): void {
    if (!this.#started || this.#isLooking || this.#stopping.signal.aborted) return;
    this.#isLooking = true;
    this.#running = this.#run().catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) this.#ports.report(error, {});
    });
  }

  /** Looks no more, and keeps how far each proof has come. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    for (const [target, proof] of this.#proofs) await this.#trying(target, () => this.#save(target, proof));
  }

  async #run(): Promise<void> {
    const { clock } = this.#ports;
    try {
      for (let rule = this.#rule(); rule !== undefined && this.#candidates().length > 0; rule = this.#rule()) {
        const current = rule;
        await clock.sleepUntil(slotAfter(clock.now(), current.everyMs), this.#stopping.signal);
        await Promise.all(this.#candidates().map((candidate) => this.#trying(candidate.target, () => this.#look(candidate, current))));
      }
    } finally {
      this.#isLooking = false;
    }
  }

  #rule(): ProofRule | undefined {
    const goodAfterMs = this.#ports.goodAfterMs();
    return goodAfterMs === undefined ? undefined : { goodAfterMs, everyMs: Math.max(SHORTEST_INTERVAL_MS, Math.min(LONGEST_INTERVAL_MS, goodAfterMs / 4)) };
  }

  #candidates(): readonly ({ readonly target: string } & Pick<VersionProof, 'version' | 'since'>)[] {
    const markers = this.#ports.markers();
    return this.#ports.targets().flatMap((target) => {
      const unproven = unprovenVersion(markers, target);
      if (unproven === undefined) this.#proofs.delete(target);
      return unproven === undefined ? [] : [{ target, ...unproven }];
    });
  }

  async #look({ target, version, since }: { readonly target: string } & Pick<VersionProof, 'version' | 'since'>, rule: ProofRule): Promise<void> {
    const { clock, look, onProven } = this.#ports;
    const known = this.#proofs.get(target) ?? (await this.#load(target));
    const before = known?.version === version && known.since === since ? known : { version, since, healthyForMs: 0 };
    const seen = await look(target, this.#stopping.signal);
    const proof = advanceProof(before, seen, clock.now(), rule);
    this.#proofs.set(target, proof);
    if (proof.healthyForMs >= rule.goodAfterMs) return onProven(target, version);
    const saved = this.#saved.get(target) ?? { since: NaN, healthyForMs: 0 };
    const hasBegunAnew = proof.since === saved.since && proof.healthyForMs < saved.healthyForMs;
    const gainedMs = proof.healthyForMs - (proof.since === saved.since ? saved.healthyForMs : 0);
    if (hasBegunAnew || gainedMs >= rule.goodAfterMs / SAVED_PARTS) await this.#save(target, proof);
  }

  /** A proof of before a restart: since it was kept, nothing is known. */
  async #load(target: string): Promise<VersionProof | undefined> {
    const text = await this.#ports.store.loadValue(valueName(target));
    if (text === undefined) return undefined;
    const { savedAt, ...proof } = savedSchema.parse(JSON.parse(text));
    this.#saved.set(target, proof);
    return { ...proof, unknownSince: savedAt };
  }

  async #save(target: string, { version, since, healthyForMs }: VersionProof): Promise<void> {
    await this.#ports.store.saveValue(valueName(target), JSON.stringify({ version, since, healthyForMs, savedAt: this.#ports.clock.now() }));
    this.#saved.set(target, { since, healthyForMs });
  }

  async #trying(target: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#ports.report(error, { target });
    }
  }
}

function valueName(target: string): string {
  return `proof of ${target}`;
}
