import type { Mode } from '../trigger/trigger.js';

const strictness: Record<Mode, number> = { enforce: 0, 'dry-run': 1, observe: 2 };

/** The strictest of several modes; `enforce` when none is given. */
export function strictestMode(...modes: readonly (Mode | undefined)[]): Mode {
  return modes.reduce<Mode>((strictest, mode) => (mode !== undefined && strictness[mode] > strictness[strictest] ? mode : strictest), 'enforce');
}
