import type { Target } from '../decision/target.js';
import type { Source } from '../source/source.js';
import type { VersionLook } from './seen-versions.js';
import { WatchedVersion, type WatchedVersionPorts } from './watched-version.js';

/** The versions of every target that says where they can be read, over one set of sources. */
export class VersionWatch {
  readonly #watched: ReadonlyMap<string, WatchedVersion>;

  constructor(targets: readonly Target[], sources: ReadonlyMap<string, Source>, ports: WatchedVersionPorts) {
    this.#watched = new Map(
      targets.flatMap(({ name, version }) => {
        const source = version === undefined ? undefined : sources.get(version.source);
        return version === undefined || source === undefined ? [] : [[name, new WatchedVersion(name, version, source, ports)] as const];
      }),
    );
  }

  start(): void {
    for (const watched of this.#watched.values()) watched.start();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#watched.values()].map((watched) => watched.stop()));
  }

  /** What the last answer about a target said; `undefined` where nobody is asked about it. */
  lookOf(target: string): VersionLook | undefined {
    return this.#watched.get(target)?.look;
  }
}
