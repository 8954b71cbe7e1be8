import type { JournalEvent } from '../incident/incident-event.js';
import type { Source } from '../source/source.js';
import type { Clock } from '../time/clock.js';
import type { Changes } from './changes.js';
import type { GuardDeclaration } from './guard-declaration.js';
import type { GuardStore } from './guard-store.js';
import type { HealthLook } from './version-proof.js';
import { VersionProofs } from './version-proofs.js';
import { VersionWatch } from './version-watch.js';

export interface RunningVersionsPorts {
  readonly clock: Clock;
  readonly store: Pick<GuardStore, 'saveValue' | 'loadValue'>;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
  readonly declaration: () => GuardDeclaration;
  readonly changes: Changes;
  /** Durable, and in `changes`, once resolved. */
  readonly note: (event: JournalEvent) => Promise<void>;
  /** How a target is now. Rejects only when `signal` aborts. */
  readonly lookAtHealth: (target: string, signal: AbortSignal) => Promise<HealthLook>;
}

/** What is known of the versions that run on a target; `versionUnknown`: why its metric tells none now. */
export interface VersionsView {
  readonly running?: string | undefined;
  readonly lastGood?: string | undefined;
  readonly versionUnknown?: string | undefined;
}

/** Under this name stands what nobody but Belay has said. */
const BELAY = 'belay';

/** Finds out by itself which versions run, and which of them are good, and marks both. */
export class RunningVersions {
  readonly #ports: RunningVersionsPorts;
  readonly #proofs: VersionProofs;
  #watch: VersionWatch | undefined;

  constructor(ports: RunningVersionsPorts) {
    this.#ports = ports;
    const { clock, declaration, changes, note } = ports;
    this.#proofs = new VersionProofs({
      ...ports,
      targets: () => declaration().targets.map(({ name }) => name),
      markers: () => changes.markers,
      goodAfterMs: () => declaration().policy.goodAfterMs,
      look: (target, signal) => this.#look(target, signal),
      onProven: (target, version) => note({ type: 'change-marked', target, kind: 'good', version, by: BELAY, at: clock.now() }),
    });
  }

  /** Watches the declared targets over a set of sources, in place of what was watched before. */
  async watch(sources: ReadonlyMap<string, Source>): Promise<void> {
    await this.#watch?.stop();
    const { declaration, changes, note } = this.#ports;
    this.#watch = new VersionWatch(declaration().targets, sources, {
      ...this.#ports,
      factsOf: (target) => ({ running: changes.factsOf(target).running, isRollingBack: changes.isRollingBack(target) }),
      // What is found out late must not stand before what is known to have come after it.
      onChanged: ({ at, ...change }) => note({ type: 'change-marked', ...change, at: Math.max(at, changes.lastAt(change.target)) }),
    });
    this.#watch.start();
    this.#proofs.start();
  }

  /** There is a new marker. */
  noteMarked(): void {
    this.#proofs.wake();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#watch?.stop(), this.#proofs.stop()]);
  }

  of(target: string): VersionsView {
    const { running, rollbackPoint } = this.#ports.changes.factsOf(target);
    const look = this.#watch?.lookOf(target);
    return { running, lastGood: rollbackPoint?.version, versionUnknown: look?.kind === 'unknown' ? look.why : undefined };
  }

  /** While several versions run, or another one than is thought, nobody can say whose health it is. */
  async #look(target: string, signal: AbortSignal): Promise<HealthLook> {
    const look = this.#watch?.lookOf(target);
    const { running } = this.#ports.changes.factsOf(target);
    const isAlone = look === undefined || (look.kind === 'known' && look.versions.every((version) => version === running));
    return isAlone ? this.#ports.lookAtHealth(target, signal) : 'unknown';
  }
}
