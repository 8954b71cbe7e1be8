import type { Config } from '../config/config.js';
import type { RetentionSettings } from '../retention/retention.js';

/** How long things are kept: as the files say, and never so short that a decision would miss what its policy looks back on. */
export function keptFor({ retention, policy }: Config): RetentionSettings {
  const { cooldownMs, maxRollbacks, fleet, flap, requireChange, goodAfterMs = 0 } = policy;
  const looksBackMs = Math.max(cooldownMs, maxRollbacks.perMs, fleet.perMs, flap.perMs, requireChange?.withinMs ?? 0, goodAfterMs);
  return { ...retention, incidentsMs: Math.max(retention.incidentsMs, looksBackMs) };
}
