import { join } from 'node:path';

/** Where the shop's outside state lives: everything that a change or a rollback touches. Absolute paths. */
export interface ShopLayout {
  readonly home: string;
  /** One directory per release, each with a `release.mjs`. */
  readonly releases: string;
  /** The symlink that says which release should run. */
  readonly current: string;
  /** Feature flags in flagd's JSON format. */
  readonly flags: string;
  /** The git repository of the configuration; `config-v1` and `config-v2` are its tags. */
  readonly configuration: string;
  readonly settings: string;
}

export function shopLayout(home: string): ShopLayout {
  const configuration = join(home, 'config');
  return {
    home,
    releases: join(home, 'releases'),
    current: join(home, 'current'),
    flags: join(home, 'flags.json'),
    configuration,
    settings: join(configuration, 'shop.yaml'),
  };
}
